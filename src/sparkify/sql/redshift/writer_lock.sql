-- writer_lock: no rows. Whoever changes the warehouse locks it, so that there is one writer at a time; readers never
-- touch it, and so never wait for it.
CREATE TABLE IF NOT EXISTS writer_lock (
    nothing SMALLINT
);
