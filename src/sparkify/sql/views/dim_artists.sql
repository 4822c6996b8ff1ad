CREATE VIEW dim_artists AS
SELECT * FROM artists;
