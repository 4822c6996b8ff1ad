-- judged_days: one row per day that audits look at, which is all of them.
-- The audits of a run see only the days that it has touched under this name.
CREATE VIEW judged_days AS
SELECT day FROM event_days;
