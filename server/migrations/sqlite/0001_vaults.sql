-- Vaults: ciphertext and public counters only. The server holds no key that opens a header, manifest or record.
CREATE TABLE vaults (
    id TEXT NOT NULL PRIMARY KEY,
    access_token_sha256 BLOB NOT NULL,
    version INTEGER NOT NULL,
    header BLOB NOT NULL,
    manifest BLOB NOT NULL,
    record_count INTEGER NOT NULL,
    byte_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- `box` is NULL for a record that was deleted at `version`: other devices must learn that it is gone.
CREATE TABLE vault_records (
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    handle TEXT NOT NULL,
    version INTEGER NOT NULL,
    box BLOB,
    PRIMARY KEY (vault_id, handle)
) STRICT, WITHOUT ROWID;

CREATE INDEX vault_records_by_version ON vault_records (vault_id, version);
