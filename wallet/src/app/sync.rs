//! Talking to the vault service: compare-and-swap commits, and fetching what others committed, page by page.
//!
//! A commit is a function from records to records. When the service says that another device was faster (409),
//! the newest state is fetched and the function runs again on it, so a decision is never taken on old data.

use std::sync::{Arc, Mutex, PoisonError};

use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::ToJson as _;
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::trust::TrustAnchors;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::reading::{ReadOutcome, Reading, pull};
use super::session::{Core, Open};
use super::view::SecretText;
use super::wallet::Next;
use super::{NetworkFailure, Reply, WalletError};
use crate::documents;
use crate::holdings::{Card, CopyRecord, CopyState, read_status, status_lists, status_request};
use crate::records::{Record as _, Records, read, to_stage};
use crate::vault::{Handle, Staged, StoredRecord};

/// Of the service: more than any answer that is no page and no piece.
pub(super) const MAX_SMALL: usize = 64 << 10;
const MAX_ANCHORS: usize = 1 << 20;
const TRIES: u32 = 5;

/// Commits what `apply` changes and everything that waits; `then` gets the outcome.
pub(super) fn commit(
    core: &mut Core,
    env: &mut Env<'_>,
    apply: impl Fn(&mut Records<'_>) -> Result<(), WalletError> + Send + 'static,
    then: impl FnOnce(&mut Core, Result<(), WalletError>, &mut Env<'_>) -> Result<Next, WalletError>
    + Send
    + 'static,
) -> Result<Next, WalletError> {
    commit_boxed(core, env, Box::new(apply), Box::new(then))
}

/// Commits what `apply` changes; what cannot be sent now waits on this device.
pub(super) fn commit_or_keep(
    core: &mut Core,
    env: &mut Env<'_>,
    apply: impl Fn(&mut Records<'_>) -> Result<(), WalletError> + Send + Sync + 'static,
    then: impl FnOnce(&mut Core, &mut Env<'_>) -> Result<Next, WalletError> + Send + 'static,
) -> Result<Next, WalletError> {
    commit_or_keep_boxed(core, env, Arc::new(apply), Box::new(then))
}

type SharedApply = dyn Fn(&mut Records<'_>) -> Result<(), WalletError> + Send + Sync;

fn commit_or_keep_boxed(
    core: &mut Core,
    env: &mut Env<'_>,
    apply: Arc<SharedApply>,
    then: AndThen,
) -> Result<Next, WalletError> {
    let later = Arc::clone(&apply);
    commit(
        core,
        env,
        move |records| apply(records),
        move |core, outcome, env| {
            if outcome.is_err() {
                keep_for_later(core, |records| later(records))?;
            }
            then(core, env)
        },
    )
}

/// As [`commit`]; `then` gets what `apply` found.
pub(super) fn commit_finding<T: Send + 'static>(
    core: &mut Core,
    env: &mut Env<'_>,
    apply: impl Fn(&mut Records<'_>) -> Result<T, WalletError> + Send + 'static,
    then: impl FnOnce(&mut Core, Result<T, WalletError>, &mut Env<'_>) -> Result<Next, WalletError>
    + Send
    + 'static,
) -> Result<Next, WalletError> {
    // One copy of the protocol for all commands: what `apply` found travels beside it, behind a type-free seam. The
    // browser downloads every copy the compiler makes.
    let found = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&found);
    let apply: Apply = Box::new(move |records| {
        let outcome = apply(records)?;
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        Ok(())
    });
    let then: AfterCommit = Box::new(move |core, committed, env| {
        let outcome = committed.and_then(|()| {
            let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
            found.ok_or_else(busy)
        });
        then(core, outcome, env)
    });
    commit_boxed(core, env, apply, then)
}

fn commit_boxed(
    core: &mut Core,
    env: &mut Env<'_>,
    apply: Apply,
    then: AfterCommit,
) -> Result<Next, WalletError> {
    let stage: Stage = Box::new(move |core, env| stage_records(core, env, &apply));
    try_commit(core, env, stage, then, TRIES)
}

/// A change to the records. May be applied again when another device was faster.
type Apply = Box<dyn Fn(&mut Records<'_>) -> Result<(), WalletError> + Send>;
/// What follows something that cannot fail.
type AndThen = Box<dyn FnOnce(&mut Core, &mut Env<'_>) -> Result<Next, WalletError> + Send>;
/// What follows a commit or a fetch.
pub(super) type AfterCommit =
    Box<dyn FnOnce(&mut Core, Result<(), WalletError>, &mut Env<'_>) -> Result<Next, WalletError> + Send>;

/// Applies a change here and now; the vault service gets it with the next commit.
pub(super) fn keep_for_later<T>(
    core: &mut Core,
    apply: impl FnOnce(&mut Records<'_>) -> Result<T, WalletError>,
) -> Result<T, WalletError> {
    let open = core.open_mut()?;
    let mut records = Records::new(&open.vault, &open.device.waiting);
    let outcome = apply(&mut records)?;
    let changes = records.into_changes();
    open.device.waiting.extend(changes);
    Ok(outcome)
}

/// Fetches what other devices committed.
pub(super) fn fetch(
    core: &Core,
    then: impl FnOnce(&mut Core, Result<(), WalletError>, &mut Env<'_>) -> Result<Next, WalletError>
    + Send
    + 'static,
) -> Result<Next, WalletError> {
    fetch_boxed(core, Box::new(then))
}

fn fetch_boxed(core: &Core, then: AfterCommit) -> Result<Next, WalletError> {
    let open = core.open()?;
    let reading = Reading::new(
        open.address.as_str(),
        open.vault.access_token(),
        Some((open.vault.version(), open.vault.manifest_hash())),
    );
    let then = Box::new(move |core: &mut Core, read: ReadOutcome, env: &mut Env<'_>| {
        let read = match read {
            Err(error) if error.view().code == "vault-access-refused" => {
                return super::reopen::after_refusal(core, error, then);
            }
            read => read,
        };
        let outcome = read.and_then(|remote| {
            let crypto = core.crypto();
            let open = core.open_mut()?;
            if let Some(remote) = remote {
                open.vault
                    .receive(remote, crypto)
                    .map_err(|error| WalletError::from_code(&error))?;
                // The vault went on without the new root key that was sent; that commit comes too late now.
                open.device.forget_new_root();
            }
            forget_stored_cards(open);
            Ok(())
        });
        then(core, outcome, env)
    });
    Ok(pull(reading, then))
}

/// A commit whose answer was lost may have stored new cards all the same, and another device may have used copies of
/// them since. Sending the cards once more would bring those copies back to be used twice: of a card that is stored, only
/// copies that are not go on waiting.
pub(super) fn forget_stored_cards(open: &mut Open) {
    let Open { vault, device, .. } = open;
    let mut stored: Vec<(String, Card)> = Vec::new();
    for name in device.waiting.keys() {
        if let Some((Card::KIND, id)) = name.split_once('/')
            && let Some(card) = vault.get(name).and_then(|content| read(content).ok())
        {
            stored.push((id.to_owned(), card));
        }
    }
    for (id, card) in &stored {
        let name = format!("{}/{id}", Card::KIND);
        let waiting = device.waiting.get(&name).and_then(Option::as_ref);
        let Some(mut renewed) = waiting.and_then(|content| read::<Card>(content.as_bytes()).ok()) else {
            continue;
        };
        let is_stored = |copy: &CopyState| card.copies.iter().find(|stored| stored.id == copy.id).cloned();
        if renewed.copies.iter().all(|copy| is_stored(copy).is_some()) {
            device.waiting.retain(|waiting, _| !belongs(waiting, id));
            continue;
        }
        for copy in &mut renewed.copies {
            if let Some(stored) = is_stored(copy) {
                copy.used_at = stored.used_at.or(copy.used_at);
            }
        }
        // What another device added meanwhile.
        for copy in &card.copies {
            let name = format!("{}/{id}/{}", CopyRecord::KIND, copy.id);
            let known = renewed.copies.iter().any(|renewed| renewed.id == copy.id);
            if !known && !device.waiting.contains_key(&name) && vault.get(&name).is_some() {
                renewed.copies.push(copy.clone());
            }
        }
        device.waiting.retain(|waiting, content| {
            let copy = waiting.rsplit('/').next().unwrap_or_default();
            let sent = content.is_some() && card.copies.iter().any(|stored| stored.id == copy);
            !(sent && belongs(waiting, id))
        });
        let content = renewed.write_json().to_string();
        device.waiting.insert(name, Some(Zeroizing::new(content)));
    }
}

/// True for the record of a card and those of its copies.
fn belongs(name: &str, card: &str) -> bool {
    let (kind, id) = name.split_once('/').unwrap_or_default();
    match kind {
        Card::KIND => id == card,
        CopyRecord::KIND => id.split('/').next() == Some(card),
        _ => false,
    }
}

/// Fetches the trust anchors when the ones here are older than a day, or `always`. Going on with old anchors is
/// better than not going on: they can only be too few, or trust what was trusted yesterday.
pub(super) fn with_anchors(
    core: &mut Core,
    env: &mut Env<'_>,
    always: bool,
    then: impl FnOnce(&mut Core, &mut Env<'_>) -> Result<Next, WalletError> + Send + 'static,
) -> Result<Next, WalletError> {
    with_anchors_boxed(core, env, always, Box::new(then))
}

fn with_anchors_boxed(
    core: &mut Core,
    env: &mut Env<'_>,
    always: bool,
    then: AndThen,
) -> Result<Next, WalletError> {
    if !always && !core.open()?.anchors_are_old(env.now) {
        return then(core, env);
    }
    let url = format!(
        "{}/v1/registry/anchors",
        core.surroundings.operator.trim_end_matches('/')
    );
    Ok(Next::Send(
        HttpRequest::get(url, "application/json", MAX_ANCHORS),
        Box::new(move |core, answer, env| {
            let fetched = answer.ok().filter(HttpResponse::is_success).and_then(|response| {
                let limits = Limits {
                    bytes: MAX_ANCHORS,
                    depth: 8,
                };
                let value = json::parse(response.body.as_bytes(), limits).ok()?;
                Some((TrustAnchors::from_json(&value).ok()?, value))
            });
            if let (Some((anchors, value)), Ok(open)) = (fetched, core.open_mut()) {
                open.anchors = anchors;
                open.device.anchors = Some(value);
                open.device.anchors_at = env.now.0;
            }
            then(core, env)
        }),
    ))
}

/// Fetches from the vault service, sends what waits here, renews the anchors and asks after the cards.
pub(super) fn everything(core: &Core) -> Result<Next, WalletError> {
    exchange(core, |core, env| {
        with_anchors(core, env, true, |core, _| {
            let lists = status_lists(&core.records()?.list::<Card>());
            ask_after_cards(core, lists)
        })
    })
}

/// Fetches from the vault service and sends what waits here. What a device does when it hears of a change.
pub(super) fn refresh(core: &Core) -> Result<Next, WalletError> {
    exchange(core, |core, _| super::vault::status(core))
}

fn exchange(
    core: &Core,
    then: fn(&mut Core, &mut Env<'_>) -> Result<Next, WalletError>,
) -> Result<Next, WalletError> {
    fetch(core, move |core, outcome, env| {
        outcome?;
        let now = env.now;
        core.open_mut()?.device.forget_old(now);
        let nothing_new = move |records: &mut Records<'_>| {
            documents::purge(records, now);
            Ok(())
        };
        commit(core, env, nothing_new, move |core, outcome, env| {
            outcome?;
            then(core, env)
        })
    })
}

/// Where the shell listens for news, and with what.
pub(super) fn listen(core: &Core) -> Result<Next, WalletError> {
    let open = core.open()?;
    Ok(Next::Done(Reply::Listen {
        url: format!("{}/events", open.address.as_str()),
        token: SecretText(open.vault.access_token().as_str().to_owned()),
        version: open.vault.version(),
    }))
}

/// Fetches status lists one by one; records only what changed.
fn ask_after_cards(core: &Core, mut lists: Vec<String>) -> Result<Next, WalletError> {
    let Some(list) = lists.pop() else {
        return super::vault::status(core);
    };
    Ok(Next::Send(
        status_request(&list),
        Box::new(move |core, answer, env| {
            let mut changed = Vec::new();
            if let Ok(response) = answer {
                let (now, crypto) = (env.now, core.crypto());
                let anchors = &core.open()?.anchors;
                for card in core.records()?.list::<Card>() {
                    let status = read_status(&card, &list, &response, anchors, now, crypto);
                    if let Some(status) = status.filter(|status| *status != card.status) {
                        changed.push((card.id, status));
                    }
                }
            }
            let record = move |records: &mut Records<'_>| {
                for (id, status) in &changed {
                    if let Some(mut card) = records.get::<Card>(id)? {
                        card.status = *status;
                        records.put(&card)?;
                    }
                }
                Ok(())
            };
            commit(core, env, record, move |core, outcome, _| {
                outcome?;
                ask_after_cards(core, lists)
            })
        }),
    ))
}

/// Prepares a commit on the vault as it is now; `None` when there is nothing to send.
type Stage = Box<dyn Fn(&Core, &mut Env<'_>) -> Result<Option<Staged>, WalletError> + Send>;

/// Commits what `stage` prepares, as often as it takes when other devices are faster; `then` gets the outcome.
pub(super) fn commit_staged(
    core: &mut Core,
    env: &mut Env<'_>,
    stage: Stage,
    then: AfterCommit,
) -> Result<Next, WalletError> {
    try_commit(core, env, stage, then, TRIES)
}

fn try_commit(
    core: &mut Core,
    env: &mut Env<'_>,
    stage: Stage,
    then: AfterCommit,
    tries: u32,
) -> Result<Next, WalletError> {
    let prepared = stage(core, env).and_then(|staged| {
        let Some(staged) = staged else { return Ok(None) };
        let request = commit_request(core, &staged, env)?;
        if let Some(epoch) = &staged.epoch {
            // Kept before it is sent: should the answer get lost, this tells whether it was stored.
            core.open_mut()?.device.keep_new_root(epoch.root());
        }
        Ok(Some((staged, request)))
    });
    let (staged, request) = match prepared {
        Ok(Some(prepared)) => prepared,
        // Nothing changed: nothing to send.
        Ok(None) => return then(core, Ok(()), env),
        Err(error) => return then(core, Err(error), env),
    };
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            // Another device was faster, or changed the root key: on the newest state again.
            if matches!(&answer, Ok(response) if [401, 403, 409].contains(&response.status)) {
                if tries <= 1 {
                    return then(core, Err(busy()), env);
                }
                return fetch(core, move |core, fetched, env| match fetched {
                    Ok(()) => try_commit(core, env, stage, then, tries - 1),
                    Err(error) => then(core, Err(error), env),
                });
            }
            let expected = staged.base_version + 1;
            let stored = received(answer).and_then(|response| read_version(&response, expected));
            let outcome = stored.and_then(|version| {
                let open = core.open_mut()?;
                let records = staged.header.is_none();
                open.vault.adopt(staged, version);
                open.device.forget_new_root();
                if records {
                    open.device.waiting.clear();
                }
                Ok(())
            });
            then(core, outcome, env)
        }),
    ))
}

/// What is waiting and what `apply` changes, sealed; nothing when nothing changed.
fn stage_records(core: &Core, env: &mut Env<'_>, apply: &Apply) -> Result<Option<Staged>, WalletError> {
    let open = core.open()?;
    let mut records = Records::new(&open.vault, &open.device.waiting);
    apply(&mut records)?;
    let changes = to_stage(&open.device.waiting, &records.into_changes(), &open.vault);
    if changes.is_empty() {
        return Ok(None);
    }
    let staged = open.vault.stage(changes, env.rng);
    staged.map(Some).map_err(|error| WalletError::from_code(&error))
}

fn commit_request(core: &Core, staged: &Staged, env: &mut Env<'_>) -> Result<HttpRequest, WalletError> {
    let mut body = json!({
        "base_version": staged.base_version,
        "manifest": base64url::encode(&staged.manifest),
        "put": write_records(&staged.put),
        "delete": staged.delete.iter().map(Handle::to_string).collect::<Vec<_>>(),
    });
    if let Some(header) = &staged.header {
        body["header"] = base64url::encode(&header.to_bytes()).into();
        body["passkeys"] = super::passkey::listed(core, header);
    }
    if let Some(epoch) = &staged.epoch {
        body["epoch"] = epoch.number.into();
        body["access_token_sha256"] = base64url::encode(&epoch.access_token_hash).into();
        let keys = epoch.keys.iter();
        body["keys"] = keys
            .map(|(handle, key)| json!({ "handle": handle.to_string(), "key": base64url::encode(key) }))
            .collect();
    }
    let (link, unlink) = super::documents::blobs(core, staged)?;
    if !link.is_empty() || !unlink.is_empty() {
        (body["link"], body["unlink"]) = (link.write_json(), unlink.write_json());
    }
    let key = env.random_token().map_err(|_| no_randomness())?;
    let url = format!("{}/commits", core.open()?.address.as_str());
    let request = HttpRequest::post(url, "application/json", body.to_string(), MAX_SMALL);
    Ok(authorised(core, request)?.header("idempotency-key", key))
}

pub(super) fn write_records(records: &[StoredRecord]) -> Value {
    records
        .iter()
        .map(
            |record| json!({ "handle": record.handle.to_string(), "key": base64url::encode(&record.key), "box": base64url::encode(&record.sealed) }),
        )
        .collect()
}

/// Reads `{version}`, which can only be the one after the version that was built on. With another, what is read next would
/// be asked from where this device never was.
pub(super) fn read_version(response: &HttpResponse, expected: u64) -> Result<u64, WalletError> {
    json::parse(response.body.as_bytes(), Limits::MESSAGE)
        .ok()
        .and_then(|value| value.get("version")?.as_u64())
        .filter(|version| *version == expected)
        .ok_or_else(nonsense)
}

/// A successful answer of the vault service, or the error it stands for.
pub(super) fn received(answer: Result<HttpResponse, NetworkFailure>) -> Result<HttpResponse, WalletError> {
    let response = answer.map_err(|NetworkFailure| unreachable())?;
    accepted(Ok(response.status)).map(|()| response)
}

/// What the status of an answer of the vault service stands for.
pub(super) fn accepted(status: Result<u16, NetworkFailure>) -> Result<(), WalletError> {
    Err(match status {
        Ok(200..=299) => return Ok(()),
        Ok(404 | 410) => WalletError::new(
            "vault-not-found",
            "the vault service does not know this vault",
            "Check the vault address.",
            Blame::Peer,
        ),
        Ok(401 | 403) => WalletError::new(
            "vault-access-refused",
            "the vault service refused access",
            "Check the vault address.",
            Blame::Peer,
        ),
        Ok(422) => WalletError::new(
            "vault-change-refused",
            "the vault service refused a change",
            "Try again.",
            Blame::Peer,
        ),
        Ok(429) => WalletError::new(
            "vault-service-busy",
            "the vault service was asked too often",
            "Wait a minute, then try again.",
            Blame::Network,
        ),
        Ok(507) => WalletError::new(
            "vault-quota-exceeded",
            "the vault service has no more room for this vault",
            "Delete what you no longer need.",
            Blame::Caller,
        ),
        _ => unreachable(),
    })
}

pub(super) fn authorised(core: &Core, request: HttpRequest) -> Result<HttpRequest, WalletError> {
    let token = core.open()?.vault.access_token();
    Ok(request.header("authorization", format!("Bearer {}", token.as_str())))
}

pub(crate) fn no_randomness() -> WalletError {
    WalletError::new(
        "random-unavailable",
        "the platform gave no randomness",
        "Use another browser.",
        Blame::Us,
    )
}

pub(super) fn nonsense() -> WalletError {
    WalletError::new(
        "vault-service-nonsense",
        "the vault service answered with something that is not a vault",
        "Try again later.",
        Blame::Peer,
    )
}

fn unreachable() -> WalletError {
    WalletError::new(
        "vault-service-unreachable",
        "the vault service could not be reached",
        "Check your connection and try again.",
        Blame::Network,
    )
}

fn busy() -> WalletError {
    WalletError::new(
        "vault-busy",
        "another device keeps changing the vault",
        "Try again in a moment.",
        Blame::Network,
    )
}
