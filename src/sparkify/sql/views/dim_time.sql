CREATE VIEW dim_time AS
SELECT * FROM time;
