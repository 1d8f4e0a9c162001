-- When the released details of an answered presentation are erased; NULL until they were first read.
ALTER TABLE presentations ADD COLUMN details_until INTEGER;
CREATE INDEX presentations_by_details ON presentations (details_until);
