//! Parts as files. A file appears under its name only when its bytes are on disk: temporary name, fsync, rename, fsync
//! of the folder.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::store::stop_now;

/// A folder of blobs: `<first two letters>/<object>/<number>-<content hash>`.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) async fn put(
        &self,
        object: &str,
        number: i64,
        sha256: &[u8; 32],
        bytes: &[u8],
    ) -> io::Result<()> {
        let (folder, name) = (self.place(object), file_name(number, sha256));
        let (bytes, root) = (bytes.to_vec(), self.folder.clone());
        blocking(move || write(&root, &folder, &name, &bytes)).await
    }

    pub(super) async fn get(&self, object: &str, number: i64, sha256: &[u8; 32]) -> io::Result<Vec<u8>> {
        let path = self.place(object).join(file_name(number, sha256));
        blocking(move || fs::read(path)).await
    }

    pub(super) async fn delete(&self, object: &str) -> io::Result<()> {
        let folder = self.place(object);
        blocking(move || {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                other => other?,
            }
            folder.parent().map_or(Ok(()), sync_folder)
        })
        .await
    }

    fn place(&self, object: &str) -> PathBuf {
        let first = object.get(..2).unwrap_or("00");
        self.folder.join(first).join(object)
    }
}

fn file_name(number: i64, sha256: &[u8; 32]) -> String {
    format!("{number}-{}", assent_core::encoding::base64url::encode(sha256))
}

fn write(root: &Path, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        // The folders' own names must be on disk, too, or the file is there and cannot be found.
        for above in folder
            .ancestors()
            .skip(1)
            .take_while(|above| above.starts_with(root))
        {
            sync_folder(above)?;
        }
    }
    let temporary = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        synced(&file)
    });
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, folder.join(name))) {
        // Best effort: what is left has a name nobody looks for, and goes with the folder.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    synced(&File::open(folder)?)
}

/// An fsync that fails ends the process, as it does for the database.
fn synced(file: &File) -> io::Result<()> {
    file.sync_all().inspect_err(|_| stop_now("a blob"))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_come_back_and_go_away_whole() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().join("blobs"));
        files.put("abcd", 0, &[1; 32], b"one").await.unwrap();
        files.put("abcd", 1, &[2; 32], b"two").await.unwrap();
        files.put("abcd", 1, &[2; 32], b"two").await.unwrap();
        files.put("abzz", 0, &[3; 32], b"other").await.unwrap();
        assert_eq!(files.get("abcd", 1, &[2; 32]).await.unwrap(), b"two");
        let names: Vec<_> = fs::read_dir(dir.path().join("blobs/ab/abcd")).unwrap().collect();
        assert_eq!(names.len(), 2, "nothing temporary stays");
        files.delete("abcd").await.unwrap();
        files.delete("abcd").await.unwrap();
        assert!(files.get("abcd", 1, &[2; 32]).await.is_err());
        assert_eq!(files.get("abzz", 0, &[3; 32]).await.unwrap(), b"other");
    }
}
