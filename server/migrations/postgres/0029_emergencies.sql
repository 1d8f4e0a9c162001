-- The server's half of what opens a vault for somebody its owner trusts. `share` is sealed under the server's own key and gone
-- once it was stopped or handed out. Alone it opens nothing.
CREATE TABLE vault_emergencies (
    vault_id TEXT NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE,
    share BYTEA,
    ask_sha256 BYTEA NOT NULL,
    wait_seconds BIGINT NOT NULL,
    set_at BIGINT NOT NULL,
    asked_at BIGINT,
    release_at BIGINT,
    stopped_at BIGINT,
    released_at BIGINT
);

-- What happened, for the owner to read.
CREATE TABLE vault_emergency_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);

CREATE INDEX vault_emergency_events_by_vault ON vault_emergency_events (vault_id, id);
