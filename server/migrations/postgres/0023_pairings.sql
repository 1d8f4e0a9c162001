-- Mailboxes for adding a device to a vault: a few opaque messages between two devices, each written once, gone after ten
-- minutes. A closed one keeps its row until then, so that the other device hears of it.
CREATE TABLE pairings (
    session TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    closed BIGINT NOT NULL
);

CREATE INDEX pairings_by_time ON pairings (expires_at);

CREATE TABLE pairing_messages (
    session TEXT NOT NULL REFERENCES pairings (session) ON DELETE CASCADE,
    slot BIGINT NOT NULL,
    message BYTEA NOT NULL,
    PRIMARY KEY (session, slot)
);
