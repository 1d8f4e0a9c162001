-- The epoch of a vault's root key. Only a commit that brings every key anew may change it.
ALTER TABLE vaults ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;

-- The sealed attribute key beside the record, so that a new epoch rewrites keys and leaves the records alone.
-- `version` is the version that last changed the row, `box_version` the one that wrote the box.
ALTER TABLE vault_records ADD COLUMN wrapped_key BLOB;
ALTER TABLE vault_records ADD COLUMN box_version INTEGER NOT NULL DEFAULT 0;
UPDATE vault_records SET box_version = version;
