-- The key store. Kept apart from the ciphertext: a backup of one without the other opens nothing, and what is destroyed
-- here is gone from every backup of the ciphertext.
CREATE TABLE epochs (
    epoch BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE rest_keys (
    vault_id TEXT NOT NULL,
    rest_key TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (vault_id, rest_key)
);

CREATE INDEX rest_keys_by_epoch ON rest_keys (epoch);
