-- one node at a time: two that create the same table at once fail
SELECT pg_advisory_lock(1);
CREATE TABLE IF NOT EXISTS measurement (
	-- given when the line was received; makes storing it a second time harmless
	id VARCHAR(100) PRIMARY KEY,
	name VARCHAR(200) NOT NULL,
	-- 'value' is a keyword of H2
	amount NUMERIC NOT NULL,
	unit VARCHAR(40),
	received_at TIMESTAMP(6) WITH TIME ZONE NOT NULL
);
CREATE INDEX IF NOT EXISTS measurement_name ON measurement (name, received_at);
CREATE INDEX IF NOT EXISTS measurement_age ON measurement (received_at);
-- the locks of JdbcLockRegistry
CREATE TABLE IF NOT EXISTS int_lock (
	lock_key CHAR(36) NOT NULL,
	region VARCHAR(100) NOT NULL,
	client_id CHAR(36),
	created_date TIMESTAMP NOT NULL,
	expired_after TIMESTAMP NOT NULL,
	PRIMARY KEY (lock_key, region)
);
SELECT pg_advisory_unlock(1);
