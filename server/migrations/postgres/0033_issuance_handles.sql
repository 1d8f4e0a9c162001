-- A new handle of a kind takes the place of the one before (refresh tokens and access tokens change), so an issuance has at most one
-- of each. It also finds the handles of an issuance that is deleted.
CREATE UNIQUE INDEX issuance_handles_by_issuance ON issuance_handles (issuance_id, kind);
