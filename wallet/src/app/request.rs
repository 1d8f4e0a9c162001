//! The commands around a request: fetching and checking it, sharing, declining.

use std::sync::Arc;

use assent_core::consent::ConsentTerms;
use assent_core::encoding::json::{self, Limits};
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vp::did::MAX_DID_DOCUMENT;
use assent_core::oid4vp::{
    AuthorizationRequestLink, CheckedRequest, RequestCheck, RequestError, RequestRejection, UnverifiedRequest,
};

use super::session::Core;
use super::view::{Outcome, RequestView, ResultView, SharingState, Warning};
use super::wallet::Next;
use super::{NetworkFailure, Reply, Shared, WalletError, request_view, sync};
use crate::history::{DetailRef, Entry, EntryKind};
use crate::holdings::{self, BurntCopy, Card, burn};
use crate::present::{
    Answer, DisclosurePlan, DisclosureSelection, HeldCard, KeptReceipt, OpenRequest, PresentError, Reaction,
    Uses, present, read_reaction, receipt_key, refuse,
};
use crate::records::Records;
use crate::rights::{SharedPurpose, Sharing};
use assent_core::sorted::Sorted;

/// Reads a link, fetches the request and checks it.
pub(super) fn open(
    core: &mut Core,
    link: &str,
    same_device: bool,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    core.open()?;
    core.request = None;
    let profile = core.profile();
    let link = AuthorizationRequestLink::parse(link.trim(), &profile).map_err(refused)?;
    // VP-13: the service must send this back inside its signed request.
    let wallet_nonce = env.random_token().map_err(|_| sync::no_randomness())?;
    match link.fetch(&wallet_nonce, &profile) {
        None => {
            let request = UnverifiedRequest::from_link(&link).map_err(refused)?;
            with_did_document(core, request, same_device, env)
        }
        Some(fetch) => Ok(Next::Send(
            fetch,
            Box::new(move |core, answer, env| {
                let request =
                    UnverifiedRequest::from_response(&link, &wallet_nonce, &got(answer)?).map_err(refused)?;
                with_did_document(core, request, same_device, env)
            }),
        )),
    }
}

fn with_did_document(
    core: &mut Core,
    request: UnverifiedRequest,
    same_device: bool,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    match request.did_document(&core.profile()).map_err(refused)? {
        None => check(core, request, None, same_device, env),
        Some(fetch) => Ok(Next::Send(
            fetch,
            Box::new(move |core, answer, env| {
                let response = got(answer)?;
                check(core, request, Some(response), same_device, env)
            }),
        )),
    }
}

fn check(
    core: &mut Core,
    request: UnverifiedRequest,
    did_document: Option<HttpResponse>,
    same_device: bool,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    sync::with_anchors(core, env, false, move |core, env| {
        let profile = core.profile();
        // A document that cannot be read is like none: then no key is found.
        let document = did_document
            .filter(HttpResponse::is_success)
            .and_then(|response| {
                json::parse_object(
                    response.body.as_bytes(),
                    Limits {
                        bytes: MAX_DID_DOCUMENT,
                        depth: 16,
                    },
                )
                .ok()
            });
        let checked: Result<CheckedRequest, RequestRejection> = request.check(&RequestCheck {
            anchors: &core.open()?.anchors,
            now: env.now,
            profile: &profile,
            crypto: core.crypto(),
            did_document: document.as_ref(),
        });
        // A refused request is not answered: the service learns nothing before the person decided (DQ-16).
        let checked = checked.map_err(|rejection| WalletError::from_code(&rejection))?;
        let open = OpenRequest::new(checked, same_device, env.now, &profile, core.crypto());
        let view = view(core, &open, env)?;
        core.request = Some(Arc::new(open));
        Ok(Next::Done(Reply::Request {
            request: Box::new(view),
        }))
    })
}

fn view(core: &Core, open: &OpenRequest, env: &Env<'_>) -> Result<RequestView, WalletError> {
    let plan = plan(core, open, env)?;
    Ok(request_view::view(open, &plan, &core.settings()?.language))
}

fn plan<'r>(core: &Core, open: &'r OpenRequest, env: &Env<'_>) -> Result<DisclosurePlan<'r>, WalletError> {
    let records = core.records()?;
    let entries: Vec<Entry> = records.list();
    let mut held = Vec::new();
    for (card, credential) in holdings::held(&records) {
        let Some(credential) = credential.filter(|_| card.is_usable(env.now)) else {
            continue;
        };
        let uses = if card.copies_left() > 0 {
            Uses::default()
        } else {
            uses(&entries, &card, &open.service.id)
        };
        held.push(HeldCard {
            card,
            credential,
            uses,
        });
    }
    // Where the operator of the vault also runs the verifier, it sees who is answered.
    let response_uri = &open.request.reply_to().response_uri;
    let operator_sees = core.surroundings.operator.trim_end_matches('/') == response_uri.origin();
    DisclosurePlan::new(open, held, operator_sees)
}

/// How often the last copy of a card was shown: at least once, and where the log says.
fn uses(entries: &[Entry], card: &Card, service: &str) -> Uses {
    let last = card
        .copies
        .iter()
        .filter_map(|copy| copy.used_at)
        .max()
        .unwrap_or_default();
    let of_card = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Presentation)
        .filter(|entry| entry.cards.contains(&card.id) && entry.at >= last);
    let (mut here, mut elsewhere) = (0, 0);
    for entry in of_card {
        if entry.party_id == service {
            here += 1
        } else {
            elsewhere += 1
        }
    }
    // The entry may have been deleted; the use was real.
    if here + elsewhere == 0 {
        elsewhere = 1;
    }
    Uses { here, elsewhere }
}

/// How recognisable a choice would make the person: from what would really be sent.
pub(super) fn weigh(
    core: &Core,
    optional: &[String],
    cards: &Sorted<String, String>,
    env: &Env<'_>,
) -> Result<Next, WalletError> {
    let open = core.request.as_ref().ok_or_else(no_request)?;
    let report = plan(core, open, env)?
        .recognisability_of(optional, cards)
        .map_err(failed)?;
    Ok(Next::Done(Reply::Recognisability {
        recognisability: request_view::recognised(&report),
    }))
}

/// Shares: burns the copies and records what is about to be sent, then sends, then records what came back. The vault may
/// have changed since the person looked, or another request been opened: only what was `shown` is shared.
pub(super) fn share(
    core: &mut Core,
    shown: &str,
    optional: Vec<String>,
    cards: Sorted<String, String>,
    understood: Vec<String>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let open = core.request.clone().ok_or_else(no_request)?;
    if open.is_expired(env.now) {
        core.request = None;
        return Err(failed(PresentError::Expired));
    }
    if view(core, &open, env)?.shown != shown {
        return Err(failed(PresentError::Changed));
    }
    let selection = plan(core, &open, env)?
        .select(&optional, &cards, &understood)
        .map_err(failed)?;
    let language = core.settings()?.language;
    let receipt = KeptReceipt::mint(&open, &selection, &language, &core.open()?.vault, env)?;
    let entry = entry(&open, &selection, receipt.as_ref(), &language, env)?;
    let sharing = receipt
        .as_ref()
        .and_then(|receipt| sharing(&open, &selection, &entry, receipt, &language, env));
    let mut entry = entry;
    entry.sharing_id = sharing.as_ref().map(|sharing| sharing.id.clone());
    let sending = Sending {
        open,
        selection: Arc::new(selection),
        entry,
        receipt,
        sharing,
    };
    let now = env.now;
    let record = sending.clone();
    sync::commit_finding(
        core,
        env,
        move |records| record.burn_and_record(records, now),
        move |core, burnt, env| match burnt {
            Ok(copies) => send(core, sending, &copies, env),
            // Burn before send: without the burning on record nothing leaves.
            Err(error) => not_sent(core, sending, error),
        },
    )
}

/// Records that nothing left. The commit may have been stored although its answer was lost, so what it said of a
/// receipt and a sharing is taken back as well.
fn not_sent(core: &mut Core, sending: Sending, error: WalletError) -> Result<Next, WalletError> {
    let mut entry = sending.entry;
    entry.outcome = Some(Outcome::FailedBeforeSending);
    entry.reason = Some(error.view().code);
    entry.presented.clear();
    entry.cards.clear();
    (entry.receipt_id, entry.sharing_id) = (None, None);
    sync::keep_for_later(core, |records| {
        if let Some(receipt) = &sending.receipt {
            records.delete::<KeptReceipt>(&receipt.id);
        }
        if let Some(sharing) = &sending.sharing {
            records.delete::<Sharing>(&sharing.id);
        }
        records.put(&entry)
    })?;
    Err(error.shared(Shared::No))
}

/// Everything about one answer on its way.
#[derive(Clone)]
struct Sending {
    open: Arc<OpenRequest>,
    selection: Arc<DisclosureSelection>,
    entry: Entry,
    receipt: Option<KeptReceipt>,
    sharing: Option<Sharing>,
}

impl Sending {
    /// What must be on record before anything leaves: the copies burnt, and that their being received is unknown.
    fn burn_and_record(
        &self,
        records: &mut Records<'_>,
        now: assent_core::env::Timestamp,
    ) -> Result<Sorted<String, BurntCopy>, WalletError> {
        let mut copies = Sorted::new();
        for answer in &self.selection.answers {
            if !copies.contains_key(&answer.card) {
                let copy = burn(records, &answer.card, self.selection.allow_reuse, now)?;
                copies.insert(answer.card.clone(), copy);
            }
        }
        self.record(records)?;
        Ok(copies)
    }

    fn record(&self, records: &mut Records<'_>) -> Result<(), WalletError> {
        records.put(&self.entry)?;
        if let Some(receipt) = &self.receipt {
            records.put(receipt)?;
        }
        if let Some(sharing) = &self.sharing {
            records.put(sharing)?;
        }
        Ok(())
    }
}

fn send(
    core: &mut Core,
    sending: Sending,
    copies: &Sorted<String, BurntCopy>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let key = match &sending.receipt {
        Some(receipt) => Some(receipt_key(
            &core.open()?.vault,
            &receipt.service_id,
            &receipt.id,
        )?),
        None => None,
    };
    let receipt = sending.receipt.as_ref().zip(key.as_ref());
    let request = match present(&sending.open, &sending.selection, copies, receipt, env) {
        Ok(request) => request,
        Err(error) => return not_sent(core, sending, failed(error)),
    };
    core.request = None;
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let reaction = read_reaction(answer, &core.profile());
            finish(core, sending, reaction, env)
        }),
    ))
}

fn finish(
    core: &mut Core,
    mut sending: Sending,
    reaction: Reaction,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let mut result = ResultView {
        outcome: Outcome::UnknownWhetherReceived,
        service: sending.open.service.name.clone(),
        count: sending.entry.presented.len(),
        entry_id: sending.entry.id.clone(),
        receipt_id: sending.receipt.as_ref().map(|receipt| receipt.id.clone()),
        sharing_id: sending.sharing.as_ref().map(|sharing| sharing.id.clone()),
        countersigned: false,
        redirect_uri: None,
        warnings: Vec::new(),
    };
    match reaction {
        Reaction::Unknown => {}
        Reaction::Refused => {
            result.outcome = Outcome::Refused;
            sending.entry.reason = Some("service-refused-answer".to_owned());
        }
        Reaction::Taken {
            redirect_uri,
            countersignature,
        } => {
            result.outcome = Outcome::Shared;
            result.redirect_uri = redirect_uri;
            if let Some(receipt) = &mut sending.receipt {
                let judge = core.judge(env.now, true)?;
                let right = countersignature.filter(|jwt| receipt.is_countersigned_by(jwt, &judge));
                result.countersigned = right.is_some();
                receipt.countersignature = right;
                if !result.countersigned {
                    result.warnings.push(Warning::new(
                        "receipt-not-countersigned",
                        "The service has not signed the receipt.",
                        false,
                    ));
                }
            }
        }
    }
    sending.entry.outcome = Some(result.outcome);
    record_result(core, sending, result, env)
}

fn record_result(
    core: &mut Core,
    sending: Sending,
    result: ResultView,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    sync::commit_or_keep(
        core,
        env,
        move |records| sending.record(records),
        move |_, _| Ok(Next::Done(Reply::Result { result })),
    )
}

/// Refuses. What the service gets is the same whether the person does not want to or cannot.
pub(super) fn decline(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let open = core.request.take().ok_or_else(no_request)?;
    let request: HttpRequest = refuse(&open, env).map_err(failed)?;
    let id = env.random_token().map_err(|_| sync::no_randomness())?;
    let mut entry = base_entry(id, &open, &core.settings()?.language, env);
    entry.outcome = Some(Outcome::Declined);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let redirect_uri = match read_reaction(answer, &core.profile()) {
                Reaction::Taken { redirect_uri, .. } => redirect_uri,
                Reaction::Refused | Reaction::Unknown => None,
            };
            let result = ResultView {
                outcome: Outcome::Declined,
                service: open.service.name.clone(),
                count: 0,
                entry_id: entry.id.clone(),
                receipt_id: None,
                sharing_id: None,
                countersigned: false,
                redirect_uri,
                warnings: Vec::new(),
            };
            let selection = Arc::new(DisclosureSelection::nothing());
            record_result(
                core,
                Sending {
                    open,
                    selection,
                    entry,
                    receipt: None,
                    sharing: None,
                },
                result,
                env,
            )
        }),
    ))
}

fn base_entry(id: String, open: &OpenRequest, language: &str, env: &Env<'_>) -> Entry {
    let mut entry = Entry::presentation(id, env.now, open.service.clone());
    entry.requested = request_view::asked(open);
    if let Some(consent) = open.consent() {
        let terms = &consent.terms;
        entry.purpose = Some(terms.purpose.best(language).1.to_owned());
        entry.policy_url = Some(terms.privacy_policy.as_str().to_owned());
        entry.authority = Some((terms.authority.name.clone(), terms.authority.url.clone()));
    }
    entry
}

fn entry(
    open: &OpenRequest,
    selection: &DisclosureSelection,
    receipt: Option<&KeptReceipt>,
    language: &str,
    env: &mut Env<'_>,
) -> Result<Entry, WalletError> {
    let id = env.random_token().map_err(|_| sync::no_randomness())?;
    let mut entry = base_entry(id, open, language, env);
    for answer in &selection.answers {
        for detail in details(answer) {
            if !entry.presented.contains(&detail) {
                entry.presented.push(detail);
            }
        }
        if !entry.cards.contains(&answer.card) {
            entry.cards.push(answer.card.clone());
            entry.types.push(answer.vct.clone());
        }
    }
    entry.recognisability = Some(selection.linkability.level.into());
    entry.receipt_id = receipt.map(|receipt| receipt.id.clone());
    Ok(entry)
}

fn sharing(
    open: &OpenRequest,
    selection: &DisclosureSelection,
    entry: &Entry,
    receipt: &KeptReceipt,
    language: &str,
    env: &mut Env<'_>,
) -> Option<Sharing> {
    let terms = &open.consent().filter(|_| open.can_withdraw())?.terms;
    Some(Sharing {
        id: env.random_token().ok()?,
        service: open.service.clone(),
        details: entry.presented.clone(),
        purpose: entry.purpose.clone(),
        purposes: purposes(terms, selection, language),
        since: env.now.0,
        until: Some(terms.validity.after(env.now).0),
        retention: Some(request_view::retention(terms)),
        recognisability: entry.recognisability?,
        state: SharingState::Active,
        stopped_at: None,
        erasure_asked: false,
        kept: None,
        attempts: 0,
        receipt_id: receipt.id.clone(),
        entry_id: entry.id.clone(),
        rights_contact: Some(terms.rights_contact.clone()),
        withdrawal_endpoint: terms.withdrawal_endpoint.as_str().to_owned(),
    })
}

/// The purposes the receipt covers, each with what is shared for it.
fn purposes(terms: &ConsentTerms, selection: &DisclosureSelection, language: &str) -> Vec<SharedPurpose> {
    let shared = terms.purposes().into_iter().filter(|one| selection.grants(one));
    shared
        .map(|purpose| {
            let answers = selection.answers.iter();
            let details = answers
                .filter(|answer| purpose.query_ids.contains(&answer.query_id))
                .flat_map(details)
                .collect();
            SharedPurpose {
                id: purpose.id,
                text: purpose.text.best(language).1.to_owned(),
                details,
            }
        })
        .collect()
}

fn details(answer: &Answer) -> impl Iterator<Item = DetailRef> {
    answer.paths.iter().map(|path| DetailRef {
        vct: answer.vct.clone(),
        path: path.clone(),
    })
}

fn got(answer: Result<HttpResponse, NetworkFailure>) -> Result<HttpResponse, WalletError> {
    answer.map_err(|NetworkFailure| failed(PresentError::Unreachable))
}

fn refused(error: RequestError) -> WalletError {
    WalletError::from_code(&error)
}

fn failed(error: PresentError) -> WalletError {
    WalletError::from_code(&error)
}

fn no_request() -> WalletError {
    WalletError::new(
        "request-not-open",
        "there is no open request",
        "Open the request again.",
        Blame::Caller,
    )
}
