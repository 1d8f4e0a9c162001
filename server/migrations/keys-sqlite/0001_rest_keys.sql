-- The key store. Kept apart from the ciphertext: a backup of one without the other opens nothing, and what is destroyed
-- here is gone from every backup of the ciphertext.
CREATE TABLE epochs (
    epoch INTEGER NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rest_keys (
    vault_id TEXT NOT NULL,
    rest_key TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (vault_id, rest_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX rest_keys_by_epoch ON rest_keys (epoch);
