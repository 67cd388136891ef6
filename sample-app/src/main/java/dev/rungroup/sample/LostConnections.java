package dev.rungroup.sample;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;

import com.zaxxer.hikari.SQLExceptionOverride;

/**
 * Makes the connection pool throw away connections that have lost their database. By
 * itself it does not know what H2 calls that, and hands out a dead connection again and
 * again if it is used more often than twice a second. Named in {@code application.yml}.
 */
public final class LostConnections implements SQLExceptionOverride {

	@java.lang.Override
	public Override adjudicate(SQLException ex) {
		return (ex instanceof SQLNonTransientConnectionException) ? Override.MUST_EVICT : Override.CONTINUE_EVICT;
	}

}
