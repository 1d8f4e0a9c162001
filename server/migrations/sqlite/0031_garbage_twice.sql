-- What is deleted in the store of blobs is deleted a second time later: a part may have been on its way.
ALTER TABLE blob_garbage ADD COLUMN deleted_at INTEGER;
