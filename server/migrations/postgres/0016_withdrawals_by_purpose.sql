-- A consent may be withdrawn purpose by purpose: each withdrawal is kept with its acknowledgement.
CREATE TABLE consent_withdrawals (
    consent_id TEXT NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    withdrawal TEXT NOT NULL,
    acknowledgement TEXT NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    PRIMARY KEY (consent_id, number)
);

INSERT INTO consent_withdrawals (consent_id, number, withdrawal, acknowledgement, withdrawn_at)
SELECT id, 1, withdrawal, acknowledgement, withdrawn_at FROM consents WHERE withdrawal IS NOT NULL;

ALTER TABLE consents DROP COLUMN withdrawal;
ALTER TABLE consents DROP COLUMN acknowledgement;
-- Names of the purposes withdrawn one by one, with spaces between. When all are, the state says so.
ALTER TABLE consents ADD COLUMN withdrawn_purposes TEXT NOT NULL DEFAULT '';
