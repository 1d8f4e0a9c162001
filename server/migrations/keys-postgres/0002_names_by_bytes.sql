-- Ranges of names are asked for by their bytes. In the cluster's own order other names could lie between, or these not.
ALTER TABLE rest_keys
    ALTER COLUMN vault_id TYPE TEXT COLLATE "C",
    ALTER COLUMN rest_key TYPE TEXT COLLATE "C";
