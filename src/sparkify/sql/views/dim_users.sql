CREATE VIEW dim_users AS
SELECT * FROM users;
