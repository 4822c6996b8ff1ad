CREATE VIEW dim_songs AS
SELECT * FROM songs;
