-- schema_version: one row: the version of these tables and views. A version of sparkify that knows an older one only
-- leaves them alone.
CREATE VIEW schema_version AS
SELECT 3 AS version;
