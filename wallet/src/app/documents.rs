//! The commands around documents. Their content goes past the commands, piece by piece ([`super::Wallet::send_piece`]).
//!
//! Documents change only at the vault service, in one commit with what it keeps for them: there is nothing to merge, and no
//! document that says it has content which is not there.

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::Env;
use assent_core::error::ErrorCode as _;
use assent_core::http::HttpRequest;
use serde_json::json;

use super::session::Core;
use super::view::{DocumentView, FileView, UploadView};
use super::wallet::Next;
use super::{Reply, WalletError, sync};
use crate::documents::{self, Document, StoredFile, UNDO, Upload};
use crate::records::Records;
use crate::vault::{PIECE, SEALED_PIECE, Staged};

pub(super) fn list(core: &mut Core) -> Result<Next, WalletError> {
    let documents = core.records()?.list::<Document>();
    // One that was finished while the answer got lost is no upload any more.
    let stored = |blob: &str| documents.iter().any(|document| document.file(blob).is_some());
    let uploads = &mut core.open_mut()?.device.uploads;
    uploads.retain(|upload| !upload.attachment().is_ok_and(|made| stored(&made.blob())));
    // What comes out of a file goes on by bringing the file in again.
    let uploads = core.open()?.device.uploads.iter();
    let uploads = uploads.filter(|upload| upload.from.is_empty()).map(upload_view);
    Ok(Next::Done(Reply::Documents {
        uploads: uploads.collect::<Result<_, _>>()?,
        documents: documents.iter().map(|document| view(core, document)).collect(),
    }))
}

pub(super) fn begin(
    core: &mut Core,
    what: (&str, &str, u64),
    about: String,
    replaces: String,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    if !replaces.is_empty() {
        core.records()?.need::<Document>(&replaces)?;
    }
    let upload = Upload::new(what, about, replaces, env)?;
    let view = upload_view(&upload)?;
    core.open_mut()?.device.uploads.push(upload);
    Ok(Next::Done(Reply::Upload { upload: view }))
}

/// Asks what is missing. The service knows an upload by the hashes of its pieces, so it is told all of them again.
pub(super) fn declare(core: &Core, upload: &str) -> Result<Next, WalletError> {
    let attachment = find(core, upload)?.attachment()?;
    let pieces = attachment.pieces().iter().map(|hash| base64url::encode(hash));
    let body = json!({ "size": attachment.sealed_size(), "parts": pieces.collect::<Vec<_>>() });
    let url = format!("{}/blobs", core.open()?.address.as_str());
    let request = HttpRequest::post(url, "application/json", body.to_string(), sync::MAX_SMALL);
    let (blob, count) = (attachment.blob(), attachment.pieces().len());
    Ok(Next::Send(
        sync::authorised(core, request)?,
        Box::new(move |_, answer, _| {
            let response = super::pieces::answered(answer)?;
            let missing = json::parse(response.body.as_bytes(), Limits::MESSAGE)
                .ok()
                .and_then(|value| {
                    let same = value.get("blob")?.as_str()? == blob
                        && value.get("part_bytes")?.as_u64()? == SEALED_PIECE as u64;
                    let numbers = value.get("missing")?.as_array()?.iter();
                    let numbers = numbers.map(|number| usize::try_from(number.as_u64()?).ok());
                    let missing = numbers.collect::<Option<Vec<_>>>()?;
                    (same && missing.len() <= count && missing.iter().all(|number| *number < count))
                        .then_some(missing)
                });
            let missing = missing.ok_or_else(sync::nonsense)?;
            Ok(Next::Done(Reply::Missing { missing }))
        }),
    ))
}

/// One commit: the document, and that its content is needed. Done again after a lost answer, it changes nothing.
pub(super) fn finish(core: &mut Core, upload: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let made = find(core, &upload)?.clone();
    let file = made.file(core.open()?.vault.unlocked_by(), env)?;
    let id = if made.replaces.is_empty() {
        made.id.clone()
    } else {
        made.replaces.clone()
    };
    let (at, of) = (env.now, id.clone());
    sync::commit(
        core,
        env,
        move |records| {
            let document = if made.replaces.is_empty() {
                // Stored before, when the answer was lost.
                if records.get::<Document>(&of)?.is_some() {
                    return Ok(());
                }
                Document::new(&made, file.clone())
            } else {
                let mut document = records.need::<Document>(&of)?;
                document.replace(file.clone(), at);
                document
            };
            records.put(&document)
        },
        move |core, outcome, _| {
            outcome.map_err(|error| match error.code() {
                // What was sent is not there whole any more: the service forgot it after a day.
                "vault-change-refused" => super::pieces::not_at_service(),
                _ => error,
            })?;
            core.open_mut()?.device.uploads.retain(|other| other.id != upload);
            one(core, &id)
        },
    )
}

/// Forgets an upload, and has the service forget it. What the service does not hear now it forgets by itself in time.
pub(super) fn cancel(core: &mut Core, upload: &str) -> Result<Next, WalletError> {
    let blob = find(core, upload)?.attachment().ok().map(|made| made.blob());
    core.open_mut()?.device.uploads.retain(|other| other.id != upload);
    drop_blobs(core, blob.into_iter().collect(), Reply::Done)
}

pub(super) fn change(
    core: &mut Core,
    id: String,
    name: &str,
    note: &str,
    about: String,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let (name, note, now) = (documents::name(name)?, documents::note(note)?, env.now.0);
    edit(core, id, env, move |document| {
        document.name.clone_from(&name);
        document.note.clone_from(&note);
        document.about.clone_from(&about);
        document.changed_at = now;
        Ok(())
    })
}

pub(super) fn restore(core: &mut Core, id: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    edit(core, id, env, |document| {
        document.deleted_at = None;
        Ok(())
    })
}

pub(super) fn version(
    core: &mut Core,
    id: String,
    file: String,
    remove: bool,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let now = env.now;
    let gone = if remove { vec![file.clone()] } else { Vec::new() };
    edit_and_drop(core, id, env, gone, move |document| {
        let known = document.file(&file).ok_or_else(WalletError::not_found)?.clone();
        if !remove {
            document.replace(known, now);
        } else if document.files.len() > 1 {
            document.files.retain(|kept| kept.blob != file);
        } else {
            return Err(WalletError::not_possible(
                "document-only-version",
                "the only version of a document goes with the document",
            ));
        }
        Ok(())
    })
}

pub(super) fn delete(core: &mut Core, id: String, now: bool, env: &mut Env<'_>) -> Result<Next, WalletError> {
    if !now {
        let at = env.now.0;
        return edit(core, id, env, move |document| {
            document.deleted_at = Some(at);
            Ok(())
        });
    }
    sync::commit_finding(
        core,
        env,
        move |records| {
            let document = records.need::<Document>(&id)?;
            records.delete::<Document>(&id);
            Ok(document
                .files
                .into_iter()
                .map(|file| file.blob)
                .collect::<Vec<_>>())
        },
        |core, blobs, _| drop_blobs(core, blobs?, Reply::Done),
    )
}

/// The blobs that records need after a commit and did not before, and the other way round.
pub(super) fn blobs(core: &Core, staged: &Staged) -> Result<(Vec<String>, Vec<String>), WalletError> {
    let vault = &core.open()?.vault;
    let (mut link, mut unlink) = (Vec::new(), Vec::new());
    for (name, content) in staged.changes() {
        let (before, after) = (
            documents::blobs(name, vault.get(name)),
            documents::blobs(name, content),
        );
        unlink.extend(before.iter().filter(|blob| !after.contains(blob)).cloned());
        link.extend(after.into_iter().filter(|blob| !before.contains(blob)));
    }
    Ok((link, unlink))
}

pub(super) fn find<'c>(core: &'c Core, upload: &str) -> Result<&'c Upload, WalletError> {
    let uploads = &core.open()?.device.uploads;
    uploads
        .iter()
        .find(|known| known.id == upload)
        .ok_or_else(WalletError::not_found)
}

type Edit = Box<dyn Fn(&mut Document) -> Result<(), WalletError> + Send>;

fn edit(
    core: &mut Core,
    id: String,
    env: &mut Env<'_>,
    edit: impl Fn(&mut Document) -> Result<(), WalletError> + Send + 'static,
) -> Result<Next, WalletError> {
    edit_boxed(core, id, env, Vec::new(), Box::new(edit))
}

fn edit_and_drop(
    core: &mut Core,
    id: String,
    env: &mut Env<'_>,
    gone: Vec<String>,
    edit: impl Fn(&mut Document) -> Result<(), WalletError> + Send + 'static,
) -> Result<Next, WalletError> {
    edit_boxed(core, id, env, gone, Box::new(edit))
}

fn edit_boxed(
    core: &mut Core,
    id: String,
    env: &mut Env<'_>,
    gone: Vec<String>,
    edit: Edit,
) -> Result<Next, WalletError> {
    let of = id.clone();
    sync::commit(
        core,
        env,
        move |records: &mut Records<'_>| {
            let mut document = records.need::<Document>(&of)?;
            edit(&mut document)?;
            records.put(&document)
        },
        move |core, outcome, _| {
            outcome?;
            let Next::Done(reply) = one(core, &id)? else {
                return Err(sync::nonsense());
            };
            drop_blobs(core, gone, reply)
        },
    )
}

/// Has the service delete, one by one, what no record needs any more. Its refusal or silence is no failure: it deletes
/// such blobs by itself in time.
fn drop_blobs(core: &Core, mut blobs: Vec<String>, reply: Reply) -> Result<Next, WalletError> {
    let Some(blob) = blobs.pop() else {
        return Ok(Next::Done(reply));
    };
    let url = format!("{}/blobs/{blob}", core.open()?.address.as_str());
    let request = sync::authorised(core, HttpRequest::delete(url, sync::MAX_SMALL))?;
    Ok(Next::Send(
        request,
        Box::new(move |core, _, _| drop_blobs(core, blobs, reply)),
    ))
}

pub(super) fn one(core: &Core, id: &str) -> Result<Next, WalletError> {
    let document = core.records()?.need::<Document>(id)?;
    Ok(Next::Done(Reply::Document {
        document: view(core, &document),
    }))
}

fn view(core: &Core, document: &Document) -> DocumentView {
    DocumentView {
        id: document.id.clone(),
        name: document.name.clone(),
        note: document.note.clone(),
        about: document.about.clone(),
        added_at: document.added_at,
        changed_at: document.changed_at,
        gone_at: document.deleted_at.map(|at| at + UNDO),
        files: document.files.iter().map(|file| file_view(core, file)).collect(),
    }
}

fn file_view(core: &Core, file: &StoredFile) -> FileView {
    let added_with = core.open().ok().and_then(|open| {
        let slots = open.vault.slots().iter().zip(&open.vault.header().slots);
        let by = slots
            .into_iter()
            .find(|(slot, _)| base64url::encode(&slot.id) == file.by);
        by.map(|(listed, slot)| match listed.name.as_str() {
            "" => super::methods::kind(slot.kind()).to_owned(),
            name => name.to_owned(),
        })
    });
    FileView {
        id: file.blob.clone(),
        media_type: file.media_type.clone(),
        size: file.size,
        at: file.at,
        added_with: added_with.unwrap_or_default(),
        piece_bytes: PIECE,
    }
}

pub(super) fn upload_view(upload: &Upload) -> Result<UploadView, WalletError> {
    let sealing = upload.sealing()?;
    Ok(UploadView {
        id: upload.id.clone(),
        name: upload.name.clone(),
        size: sealing.size(),
        replaces: upload.replaces.clone(),
        begun_at: upload.begun_at,
        pieces: sealing.piece_count(),
        measured: upload.measured(),
        piece_bytes: PIECE,
    })
}
