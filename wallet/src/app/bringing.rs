//! Documents that come out of a file of another vault: under new keys, each whole or not at all.
//!
//! Each of their versions is an upload like others ([`super::documents`]); the file that it is of is noted with it, so that
//! bringing in again goes on where it was.

use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::Value;
use assent_core::env::Env;
use assent_core::error::{Blame, ErrorCode as _};
use assent_core::http::HttpRequest;

use super::documents::{one, upload_view};
use super::session::Core;
use super::wallet::Next;
use super::{Reply, WalletError, sync};
use crate::documents::{Document, Upload};

/// Seconds after which an upload that nobody goes on with is forgotten. The service forgets it much sooner.
const FORGOTTEN: i64 = 7 * 86_400;

/// Asks how much room there is for documents. A service that does not say so is no failure.
pub(super) fn room(core: &Core) -> Result<Next, WalletError> {
    let url = format!("{}/blobs", core.open()?.address.as_str());
    let request = HttpRequest::get(url, "application/json", sync::MAX_SMALL);
    Ok(Next::Send(
        sync::authorised(core, request)?,
        Box::new(|_, answer, _| {
            let answer = answer.map_err(|error| match sync::accepted(Err(error)) {
                Err(error) => error,
                Ok(()) => sync::nonsense(),
            })?;
            let told = answer.is_success().then(|| {
                let told = json::parse(answer.body.as_bytes(), Limits::MESSAGE).ok()?;
                let number = |name: &str| told.get(name).and_then(Value::as_u64);
                let (used, most) = (number("bytes")?, number("most_bytes")?);
                let (blobs, most_blobs) = (number("blobs")?, number("most_blobs")?);
                Some((
                    most.saturating_sub(used),
                    most_blobs.saturating_sub(blobs),
                    number("most_blob_bytes")?,
                ))
            });
            let told = told.flatten();
            Ok(Next::Done(Reply::Room {
                bytes: told.map(|(bytes, ..)| bytes),
                files: told.map(|(_, files, _)| files),
                file_bytes: told.map(|(.., file_bytes)| file_bytes),
            }))
        }),
    ))
}

/// Begins with a version of a document, or goes on with it.
pub(super) fn begin(
    core: &mut Core,
    record: &str,
    file: &str,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let document = Document::from_outside(record).ok_or_else(unreadable)?;
    if core.records()?.get::<Document>(&document.id)?.is_some() {
        return Ok(Next::Done(Reply::Done));
    }
    let version = document.file(file).ok_or_else(WalletError::not_found)?;
    let from = from(&document, file);
    let now = env.now.0;
    let uploads = &mut core.open_mut()?.device.uploads;
    uploads.retain(|known| known.from.is_empty() || now - known.begun_at < FORGOTTEN);
    if let Some(known) = uploads.iter().find(|known| known.from == from) {
        return Ok(Next::Done(Reply::Upload {
            upload: upload_view(known)?,
        }));
    }
    let what = (document.name.as_str(), version.media_type.as_str(), version.size);
    let mut upload = Upload::new(what, String::new(), String::new(), env)?;
    upload.from = from;
    let view = upload_view(&upload)?;
    core.open_mut()?.device.uploads.push(upload);
    Ok(Next::Done(Reply::Upload { upload: view }))
}

/// Makes the document, in one commit, of the versions that were sent whole: the present one among them.
pub(super) fn finish(
    core: &mut Core,
    record: &str,
    files: &[String],
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let mut document = Document::from_outside(record).ok_or_else(unreadable)?;
    let present = document.files.first().map(|present| present.blob.clone());
    if present.is_none_or(|present| !files.contains(&present)) {
        return Err(unreadable());
    }
    let mut brought = Vec::new();
    for version in document
        .files
        .iter()
        .filter(|version| files.contains(&version.blob))
    {
        let from = from(&document, &version.blob);
        let uploads = &core.open()?.device.uploads;
        let Some(upload) = uploads.iter().find(|upload| upload.from == from) else {
            // Finished before, when the answer was lost.
            return match core.records()?.get::<Document>(&document.id)? {
                Some(_) => one(core, &document.id),
                None => Err(WalletError::not_found()),
            };
        };
        brought.push(version.brought(&upload.attachment()?));
    }
    document.files = brought;
    document.deleted_at = None;
    let id = document.id.clone();
    sync::commit(
        core,
        env,
        move |records| {
            // Stored before, or brought in by another device meanwhile.
            if records.get::<Document>(&document.id)?.is_some() {
                return Ok(());
            }
            records.put(&document)
        },
        move |core, outcome, _| {
            outcome.map_err(|error| match error.code() {
                // What was sent is not there whole any more: the service forgot it after a day.
                "vault-change-refused" => super::pieces::not_at_service(),
                _ => error,
            })?;
            let of = [&id, "/"].concat();
            let uploads = &mut core.open_mut()?.device.uploads;
            uploads.retain(|upload| !upload.from.starts_with(&of));
            one(core, &id)
        },
    )
}

fn from(document: &Document, file: &str) -> String {
    [&document.id, "/", file].concat()
}

fn unreadable() -> WalletError {
    WalletError::new(
        "document-record-unreadable",
        "what the file says of this document cannot be read",
        "Use another copy of the file.",
        Blame::Caller,
    )
}
