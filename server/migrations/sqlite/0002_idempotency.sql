-- Answers to writes that carried an Idempotency-Key. `answer` is sealed; NULL while the first request runs.
CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL,
    key_sha256 BLOB NOT NULL,
    body_sha256 BLOB NOT NULL,
    answer BLOB,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key_sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
