-- Attachments of vaults: ciphertext in parts of one size. The id is a hash over the parts' hashes, chosen by the wallet
-- and checked here. `object` is a random name of this upload for stores outside the database: a name is never used
-- twice, so that deleting an old blob cannot hit a new one.
CREATE TABLE vault_blobs (
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    blob TEXT NOT NULL,
    object TEXT NOT NULL,
    size BIGINT NOT NULL,
    part_count BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    linked BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (vault_id, blob)
);

CREATE INDEX vault_blobs_unlinked ON vault_blobs (changed_at) WHERE linked = 0;

CREATE TABLE vault_blob_parts (
    vault_id TEXT NOT NULL,
    blob TEXT NOT NULL,
    number BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    size BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    -- The bytes, when the database itself is the store.
    data BYTEA,
    PRIMARY KEY (vault_id, blob, number),
    FOREIGN KEY (vault_id, blob) REFERENCES vault_blobs (vault_id, blob) ON DELETE CASCADE
);

-- Objects that no row names any more and that the store outside still has.
CREATE TABLE blob_garbage (
    object TEXT NOT NULL PRIMARY KEY,
    part_count BIGINT NOT NULL
);
