-- Mailboxes for adding a device to a vault: a few opaque messages between two devices, each written once, gone after ten
-- minutes. A closed one keeps its row until then, so that the other device hears of it.
CREATE TABLE pairings (
    session TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    closed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pairings_by_time ON pairings (expires_at);

CREATE TABLE pairing_messages (
    session TEXT NOT NULL REFERENCES pairings (session) ON DELETE CASCADE,
    slot INTEGER NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (session, slot)
) STRICT, WITHOUT ROWID;
