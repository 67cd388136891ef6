package dev.rungroup.autoconfigure;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import dev.rungroup.context.RetryAttemptListener;
import dev.rungroup.core.Retry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeansException;
import org.springframework.beans.factory.BeanCurrentlyInCreationException;
import org.springframework.beans.factory.ObjectProvider;

/**
 * Tells the {@link RetryAttemptListener} beans what becomes of the attempts of the
 * injected {@link Retry}. Whatever goes wrong with them is reported by name, once, and
 * changes nothing for those who try.
 */
final class RetryAttempts implements Consumer<Retry.AttemptOutcome> {

	private static final Log logger = LogFactory.getLog(Retry.class);

	private final ObjectProvider<RetryAttemptListener> beans;

	/** Null until they could be made. No lock: two threads may both look for them. */
	private volatile @Nullable List<RetryAttemptListener> listeners;

	private final Set<String> reported = ConcurrentHashMap.newKeySet();

	RetryAttempts(ObjectProvider<RetryAttemptListener> beans) {
		this.beans = beans;
	}

	@Override
	public void accept(Retry.AttemptOutcome outcome) {
		for (RetryAttemptListener listener : listeners()) {
			try {
				listener.attemptEnded(outcome);
			}
			catch (Throwable ex) {
				report(listener.getClass().getName() + " threw when it was told of an attempt of a Retry", ex);
			}
		}
	}

	/**
	 * Asked for with the first attempt: a Retry may be injected into a bean that is made
	 * before its listeners are. One that is used while they are being made, by a bean
	 * that they need, is not heard yet.
	 */
	private List<RetryAttemptListener> listeners() {
		List<RetryAttemptListener> listeners = this.listeners;
		if (listeners == null) {
			try {
				listeners = this.beans.orderedStream().toList();
				this.listeners = listeners;
			}
			catch (Throwable ex) {
				if (!isTooEarly(ex)) {
					report("The beans of type " + RetryAttemptListener.class.getName()
							+ " could not be made: no attempt of a Retry is heard", ex);
				}
				return List.of();
			}
		}
		return listeners;
	}

	/** Whether a bean could not be made because one that it needs is being made now. */
	static boolean isTooEarly(Throwable failure) {
		return failure instanceof BeansException ex && ex.contains(BeanCurrentlyInCreationException.class);
	}

	private void report(String what, Throwable failure) {
		if (this.reported.add(what)) {
			logger.warn(what + "; everything else goes on, and this is not reported again", failure);
		}
	}

}
