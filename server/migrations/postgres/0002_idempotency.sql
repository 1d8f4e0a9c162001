-- Answers to writes that carried an Idempotency-Key. `answer` is sealed; NULL while the first request runs.
CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL,
    key_sha256 BYTEA NOT NULL,
    body_sha256 BYTEA NOT NULL,
    answer BYTEA,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key_sha256)
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
