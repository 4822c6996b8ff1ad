-- oldest_allowed: one row: how old the newest event may be; NULL = of any age.
-- With [WAREHOUSE] MAX_AGE_HOURS audits see that many hours before now under this name.
CREATE VIEW oldest_allowed AS
SELECT CAST(NULL AS TIMESTAMP) AS moment;
