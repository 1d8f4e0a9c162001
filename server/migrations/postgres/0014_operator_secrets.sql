-- Sign-ins that came back and sessions of operators, by the hash of their secret: a copy of this table opens nothing.
CREATE TABLE operator_secrets (
    kind TEXT NOT NULL,
    secret_sha256 BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, secret_sha256)
);

CREATE INDEX operator_secrets_by_expiry ON operator_secrets (expires_at);
