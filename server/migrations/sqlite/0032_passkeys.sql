-- Passkeys that sign in (specs/decisions/0029-passkeys-checked-by-the-server.md). `subject` is a MAC of the credential id, as in
-- vault_sign_ins. The same id may stand in several vaults: only who has the private key is led anywhere.
CREATE TABLE vault_passkeys (
    vault_id TEXT NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    subject BLOB NOT NULL,
    algorithm INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL,
    PRIMARY KEY (vault_id, subject)
) STRICT, WITHOUT ROWID;
