-- The server's half of what opens a vault for somebody its owner trusts. `share` is sealed under the server's own key and gone
-- once it was stopped or handed out. Alone it opens nothing.
CREATE TABLE vault_emergencies (
    vault_id TEXT NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE,
    share BLOB,
    ask_sha256 BLOB NOT NULL,
    wait_seconds INTEGER NOT NULL,
    set_at INTEGER NOT NULL,
    asked_at INTEGER,
    release_at INTEGER,
    stopped_at INTEGER,
    released_at INTEGER
) STRICT, WITHOUT ROWID;

-- What happened, for the owner to read.
CREATE TABLE vault_emergency_events (
    id INTEGER PRIMARY KEY,
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    happened_at INTEGER NOT NULL
) STRICT;

CREATE INDEX vault_emergency_events_by_vault ON vault_emergency_events (vault_id, id);
