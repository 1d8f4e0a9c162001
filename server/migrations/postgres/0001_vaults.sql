-- Vaults: ciphertext and public counters only. The server holds no key that opens a header, manifest or record.
CREATE TABLE vaults (
    id TEXT NOT NULL PRIMARY KEY,
    access_token_sha256 BYTEA NOT NULL,
    version BIGINT NOT NULL,
    header BYTEA NOT NULL,
    manifest BYTEA NOT NULL,
    record_count BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- `box` is NULL for a record that was deleted at `version`: other devices must learn that it is gone.
CREATE TABLE vault_records (
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    handle TEXT NOT NULL,
    version BIGINT NOT NULL,
    box BYTEA,
    PRIMARY KEY (vault_id, handle)
);

CREATE INDEX vault_records_by_version ON vault_records (vault_id, version);
