-- Status lists: the newest one is being filled, full ones are served until the last card on them has expired.
CREATE TABLE status_lists (
    id INTEGER NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- Until now there was one list of this size.
INSERT INTO status_lists (id, size, taken, expires_at)
SELECT list_id, 131072, COUNT(*), MAX(expires_at) FROM status_entries GROUP BY list_id;
