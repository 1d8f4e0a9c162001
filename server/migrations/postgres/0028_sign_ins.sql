-- What a citizen may sign in with to find a vault. `subject` is a MAC, under a key of the server's own, of who signed in:
-- a copy of this table names nobody. It opens nothing: it leads to unlock slots.
CREATE TABLE vault_sign_ins (
    id TEXT NOT NULL PRIMARY KEY,
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    subject BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (vault_id, subject)
);

CREATE INDEX vault_sign_ins_by_subject ON vault_sign_ins (subject);

-- Single-use secrets of sign-ins on their way, by their hash. A `code` stands for who signed in, bound to the wallet that
-- began it by `challenge`; a `state` is only remembered as used.
CREATE TABLE sign_in_secrets (
    kind TEXT NOT NULL,
    secret_sha256 BYTEA NOT NULL,
    subject BYTEA,
    provider TEXT,
    challenge BYTEA,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, secret_sha256)
);

CREATE INDEX sign_in_secrets_by_expiry ON sign_in_secrets (expires_at);
