-- Proofs of possession (DPoP) that were used, until they are too old to be accepted again.
CREATE TABLE dpop_proofs (
    proof_mac BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dpop_proofs_by_expiry ON dpop_proofs (expires_at);
