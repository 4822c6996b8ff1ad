CREATE VIEW fact_songplays AS
SELECT * FROM songplays;
