package dev.rungroup.sample;

import javax.sql.DataSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.integration.jdbc.lock.LockRepository;

/**
 * The locks that all nodes share, in their database. They decide which node runs the
 * {@code @ClusterSingleton} of {@link Housekeeping}.
 */
@Configuration(proxyBeanMethods = false)
@Profile("postgres")
class ClusterConfiguration {

	/**
	 * Not closed: that would delete the lock of an actor, too, that did not end in time
	 * and still runs.
	 */
	@Bean(destroyMethod = "")
	DefaultLockRepository lockRepository(DataSource dataSource) {
		DefaultLockRepository repository = new DefaultLockRepository(dataSource);
		repository.setCheckDatabaseOnStart(false);
		// PostgreSQL would log an error each time that another node has the lock
		repository.setInsertQuery(repository.getInsertQuery() + " ON CONFLICT DO NOTHING");
		return repository;
	}

	@Bean
	JdbcLockRegistry lockRegistry(LockRepository repository) {
		return new JdbcLockRegistry(repository);
	}

}
