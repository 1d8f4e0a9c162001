-- Presentation transactions. `sealed` holds the protocol's state with its one-time keys and, for a limited time, the
-- released claims; it is encrypted under the server's sealing key and bound to its row.
CREATE TABLE presentations (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    service_id TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    consent_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX presentations_by_expiry ON presentations (expires_at);
CREATE INDEX presentations_by_consent ON presentations (consent_id);

-- Consents: receipt, countersignature, withdrawal. Paths and categories only, never values.
CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY,
    service_id TEXT NOT NULL,
    state TEXT NOT NULL,
    receipt TEXT NOT NULL,
    receipt_sha256 BYTEA NOT NULL UNIQUE,
    consent_request TEXT NOT NULL,
    countersignature TEXT NOT NULL,
    webhook_url TEXT,
    withdrawal TEXT,
    acknowledgement TEXT,
    given_at BIGINT NOT NULL,
    valid_until BIGINT,
    withdrawn_at BIGINT
);

CREATE INDEX consents_by_service ON consents (service_id, given_at, id);

-- Webhooks still to be delivered, written in the same transaction as what they tell.
CREATE TABLE webhook_outbox (
    id TEXT NOT NULL PRIMARY KEY,
    service_id TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX webhook_outbox_by_time ON webhook_outbox (next_attempt_at);
