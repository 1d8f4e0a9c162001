-- What must become unreadable in every backup when it is erased is sealed under a key of its own, which lives in the
-- key store and nowhere else. These columns name the keys; NULL means stored before there were any.
ALTER TABLE vault_records ADD COLUMN box_rest TEXT;
ALTER TABLE vault_records ADD COLUMN key_rest TEXT;

-- Keys whose content was replaced or deleted, until the key store has destroyed them: at once for what was deleted,
-- after a week for what was replaced, so that a backup can be restored that long.
CREATE TABLE dead_rest_keys (
    vault_id TEXT NOT NULL,
    rest_key TEXT NOT NULL,
    handle TEXT NOT NULL,
    destroy_at BIGINT NOT NULL,
    PRIMARY KEY (vault_id, rest_key)
);

CREATE INDEX dead_rest_keys_by_time ON dead_rest_keys (destroy_at);
