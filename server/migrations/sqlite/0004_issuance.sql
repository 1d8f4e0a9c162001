-- Offers and what became of them; `sealed` holds the state machine of the issuer.
CREATE TABLE issuances (
    id TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX issuances_by_expiry ON issuances (expires_at);

-- Hashes of the codes, tokens and notification ids by which wallets come back to an issuance.
CREATE TABLE issuance_handles (
    kind TEXT NOT NULL,
    handle_sha256 BLOB NOT NULL,
    issuance_id TEXT NOT NULL REFERENCES issuances (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, handle_sha256)
) STRICT, WITHOUT ROWID;

-- Nonces that were given out and not yet used.
CREATE TABLE nonces (
    nonce_sha256 BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX nonces_by_expiry ON nonces (expires_at);

-- One row for each index of a status list that was given to a credential.
CREATE TABLE status_entries (
    list_id INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    issuance_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (list_id, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX status_entries_by_issuance ON status_entries (issuance_id);
