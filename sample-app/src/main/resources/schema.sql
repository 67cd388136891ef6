CREATE TABLE IF NOT EXISTS measurement (
	-- given when the line was received; makes storing it a second time harmless
	id VARCHAR(100) PRIMARY KEY,
	name VARCHAR(200) NOT NULL,
	-- 'value' is a keyword
	amount DECFLOAT(34) NOT NULL,
	unit VARCHAR(40),
	received_at TIMESTAMP(6) WITH TIME ZONE NOT NULL
);
CREATE INDEX IF NOT EXISTS measurement_name ON measurement (name, received_at);
CREATE INDEX IF NOT EXISTS measurement_age ON measurement (received_at);
