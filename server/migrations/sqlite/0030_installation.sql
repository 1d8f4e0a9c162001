-- Which key store belongs to this database: both carry the same random name. One without the other destroys what it finds.
CREATE TABLE installation (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL
) STRICT;
