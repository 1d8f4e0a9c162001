-- Which request holds a key: one that was given up and comes back late must not finish or release the key of another.
ALTER TABLE idempotency_keys ADD COLUMN owner BLOB;
