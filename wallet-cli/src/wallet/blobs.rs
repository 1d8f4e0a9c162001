//! The blobs of a local wallet: what a server would keep for its documents, as files beside the wallet file. Ciphertext,
//! each part under its number, with the declaration of all parts.

use std::fs;
use std::path::{Path, PathBuf};

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::http::{HttpRequest, Method};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::CliError;
use crate::files;

const PART: u64 = 1 << 20;
const LABEL: &[u8] = b"assent/blob/1";
const MAX_PARTS: u64 = 128;

/// The folder.
#[derive(Debug)]
pub struct LocalBlobs(PathBuf);

#[derive(Serialize, Deserialize)]
struct Declared {
    size: u64,
    /// SHA-256 of each part.
    parts: Vec<String>,
}

impl LocalBlobs {
    /// Beside the wallet file.
    pub fn beside(wallet: &Path) -> Self {
        let mut folder = wallet.as_os_str().to_owned();
        folder.push(".blobs");
        Self(folder.into())
    }

    /// Answers what is asked below `blobs`: status and body. Access was checked.
    pub fn answer(
        &self,
        request: &HttpRequest,
        path: &[&str],
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), CliError> {
        match (request.method, path) {
            (Method::Post, []) => self.declare(request.body.as_deref().unwrap_or_default()),
            // On one's own disk there is no other limit.
            (Method::Get, []) => {
                let room = json!({ "blobs": 0, "bytes": 0, "most_blobs": u32::MAX, "most_bytes": u64::MAX >> 1,
                    "most_blob_bytes": MAX_PARTS * PART });
                Ok((200, room.to_string().into_bytes()))
            }
            (Method::Put, [blob, "parts", number]) => self.part(blob, number, body),
            (Method::Get, [blob, "content"]) => {
                let range = request.headers.iter().find(|(name, _)| name == "range");
                self.content(blob, range.map_or("", |(_, range)| range))
            }
            (Method::Delete, [blob]) => self.delete(blob).map(|()| (204, Vec::new())),
            _ => Ok((404, Vec::new())),
        }
    }

    /// True when every part is here.
    pub fn is_whole(&self, blob: &str) -> bool {
        self.declared(blob)
            .is_some_and(|declared| self.missing(blob, &declared).is_empty())
    }

    /// Deletes a blob.
    pub fn delete(&self, blob: &str) -> Result<(), CliError> {
        match self.folder(blob) {
            Some(folder) if folder.exists() => {
                fs::remove_dir_all(&folder).map_err(|error| files::unwritable(&folder, &error))
            }
            _ => Ok(()),
        }
    }

    fn declare(&self, body: &str) -> Result<(u16, Vec<u8>), CliError> {
        let declared: Option<Declared> = serde_json::from_str(body).ok();
        let Some((declared, blob)) = declared.and_then(|declared| {
            let blob = declared.id()?;
            Some((declared, blob))
        }) else {
            return Ok((422, Vec::new()));
        };
        let Some(folder) = self.folder(&blob) else {
            return Ok((422, Vec::new()));
        };
        let text = serde_json::to_vec(&declared).unwrap_or_default();
        files::write_private(&folder.join("declared"), &text)?;
        let missing = self.missing(&blob, &declared);
        let answer = json!({ "blob": blob, "part_bytes": PART, "missing": missing });
        Ok((200, answer.to_string().into_bytes()))
    }

    fn part(&self, blob: &str, number: &str, body: &[u8]) -> Result<(u16, Vec<u8>), CliError> {
        let found = self
            .declared(blob)
            .zip(self.folder(blob))
            .zip(number.parse::<usize>().ok());
        let Some(((declared, folder), number)) = found else {
            return Ok((404, Vec::new()));
        };
        if declared.parts.get(number) != Some(&base64url::encode(&sha256(body))) {
            return Ok((422, Vec::new()));
        }
        files::write_private(&folder.join(number.to_string()), body)?;
        Ok((204, Vec::new()))
    }

    /// One range within one part, which is all the engine asks for.
    fn content(&self, blob: &str, range: &str) -> Result<(u16, Vec<u8>), CliError> {
        let ends = range
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'));
        let part = ends.and_then(|(from, to)| {
            let (from, to) = (from.parse::<u64>().ok()?, to.parse::<u64>().ok()?);
            (from % PART == 0 && from <= to && to - from < PART).then_some(from / PART)
        });
        let Some((number, folder)) = part.zip(self.folder(blob)) else {
            return Ok((416, Vec::new()));
        };
        let path = folder.join(number.to_string());
        if !path.exists() {
            return Ok((404, Vec::new()));
        }
        let most = usize::try_from(PART).unwrap_or(usize::MAX);
        Ok((206, files::read_bytes(&path, most)?.to_vec()))
    }

    fn declared(&self, blob: &str) -> Option<Declared> {
        let text = files::read_text(&self.folder(blob)?.join("declared")).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn missing(&self, blob: &str, declared: &Declared) -> Vec<usize> {
        let folder = self.folder(blob).unwrap_or_default();
        (0..declared.parts.len())
            .filter(|number| !folder.join(number.to_string()).exists())
            .collect()
    }

    /// Only an id becomes part of a path.
    fn folder(&self, blob: &str) -> Option<PathBuf> {
        let is_id = base64url::decode(blob).is_ok_and(|bytes| bytes.len() == 32);
        is_id.then(|| self.0.join(blob))
    }
}

impl Declared {
    /// The id of the blob; `None` when the parts do not fit the size.
    fn id(&self) -> Option<String> {
        if self.size == 0
            || self.size.div_ceil(PART) != self.parts.len() as u64
            || self.parts.len() as u64 > MAX_PARTS
        {
            return None;
        }
        let mut bytes = LABEL.to_vec();
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for part in &self.parts {
            let hash = base64url::decode(part).ok().filter(|hash| hash.len() == 32)?;
            bytes.extend_from_slice(&hash);
        }
        Some(base64url::encode(&sha256(&bytes)))
    }
}
