package dev.rungroup.sample;

import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Shows what was measured.
 */
@RestController
class MeasurementController {

	private static final Logger log = LoggerFactory.getLogger(MeasurementController.class);

	private static final int MAX_LIMIT = 1000;

	private final MeasurementStore store;

	MeasurementController(MeasurementStore store) {
		this.store = store;
	}

	/**
	 * The latest measurements of this name, the newest first.
	 */
	@GetMapping("/measurements/{name}")
	List<MeasurementStore.Stored> latest(@PathVariable String name, @RequestParam(defaultValue = "100") int limit) {
		if (!LineProtocol.isName(name)) {
			throw new ResponseStatusException(HttpStatus.BAD_REQUEST,
					"The name must be 1 to 100 letters, digits or _.:()-");
		}
		if (limit < 1 || limit > MAX_LIMIT) {
			throw new ResponseStatusException(HttpStatus.BAD_REQUEST,
					"The limit must be between 1 and " + MAX_LIMIT + " but is " + limit);
		}
		List<MeasurementStore.Stored> latest = this.store.latest(name, limit);
		if (latest.isEmpty()) {
			throw new ResponseStatusException(HttpStatus.NOT_FOUND, "Nothing was measured under the name " + name);
		}
		return latest;
	}

	@ExceptionHandler
	ProblemDetail databaseGone(DataAccessException ex) {
		log.warn("Answering 503: {}", NestedExceptionUtils.getMostSpecificCause(ex).getMessage());
		return ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE, "The database does not answer");
	}

}
