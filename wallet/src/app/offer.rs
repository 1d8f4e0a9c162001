//! The commands around an offer of cards.

use std::sync::Arc;

use assent_core::encoding::json::{self, Limits};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::InputMode;
use assent_core::oid4vci::metadata::Display;
use assent_core::profile::Profile;
use zeroize::Zeroizing;

use super::session::Core;
use super::view::{AwaitedCard, OfferView, OfferedCard, ServiceTrust, TxCodeView, Warning};
use super::wallet::Next;
use super::{NetworkFailure, Reply, WalletError, sync};
use crate::history::Entry;
use crate::holdings::{self, Card, Renewal};
use crate::labels;
use crate::receive::{Authorised, Described, Offered, OpenOffer, Opening, ReceiveError, ReceivedCard};
use crate::records::Records;

/// Reads an offer: fetches what it refers to and describes it.
pub(super) fn open(core: &mut Core, link: &str, env: &mut Env<'_>) -> Result<Next, WalletError> {
    core.open()?;
    core.offer = None;
    let profile = core.profile();
    match Opening::from_link(link, &profile).map_err(failed)? {
        Opening::Here(offered) => describe(offered, &profile),
        Opening::Fetch(request) => {
            let _ = env;
            Ok(Next::Send(
                request,
                Box::new(move |_, answer, _| {
                    describe(
                        Offered::receive(&got(answer)?, &profile).map_err(failed)?,
                        &profile,
                    )
                }),
            ))
        }
    }
}

fn describe(offered: Offered, profile: &Profile) -> Result<Next, WalletError> {
    let request = offered.request(profile);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, _| {
            let profile = core.profile();
            let described = offered.described(&got(answer)?, &profile).map_err(failed)?;
            let request = described.request(&profile).map_err(failed)?;
            Ok(Next::Send(
                request,
                Box::new(move |core, answer, env| show(core, described, &got(answer)?, env)),
            ))
        }),
    ))
}

fn show(
    core: &mut Core,
    described: Described,
    response: &HttpResponse,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let profile = core.profile();
    let offer = described.receive(response, &profile).map_err(failed)?;
    sync::with_anchors(core, env, false, move |core, _| {
        let view = view(core, &offer)?;
        core.offer = Some(Arc::new(offer));
        Ok(Next::Done(Reply::Offer { offer: view }))
    })
}

fn view(core: &Core, offer: &OpenOffer) -> Result<OfferView, WalletError> {
    let language = core.settings()?.language;
    let here: Vec<Card> = core.records()?.list();
    let issuer_id = offer.metadata.credential_issuer.as_str().to_owned();
    let cards = offer.cards.iter().map(|(id, vct, configuration)| OfferedCard {
        id: id.clone(),
        name: Display::best(&configuration.display, &language)
            .and_then(|display| display.name.clone())
            .unwrap_or_else(|| labels::card_name(vct, &language)),
        vct: vct.clone(),
        details: configuration
            .claims
            .iter()
            .map(|claim| labels::label(&claim.path, &configuration.claims, &language))
            .collect(),
        already_here: here
            .iter()
            .any(|card| card.vct == *vct && card.issuer_id == issuer_id),
    });
    let known = here.iter().find(|card| card.issuer_id == issuer_id);
    let mut warnings = Vec::new();
    if offer.offered > offer.cards.len() {
        warnings.push(Warning::new(
            "offer-partly-supported",
            "Some of the offered cards are of a kind this wallet cannot hold.",
            false,
        ));
    }
    Ok(OfferView {
        // The name in the metadata is the issuer's own word: shown is what the certificate of an earlier card says,
        // or where the offer comes from.
        issuer: known.map_or_else(
            || offer.metadata.credential_issuer.host().to_owned(),
            |card| card.issuer_name.clone(),
        ),
        trust: known.map_or(ServiceTrust::Unverified, |_| ServiceTrust::Verified),
        issuer_id: issuer_id.clone(),
        cards: cards.collect(),
        tx_code: offer.grant.tx_code.as_ref().map(|code| TxCodeView {
            numeric: matches!(code.input_mode, InputMode::Numeric),
            length: code.length.map(usize::from),
            description: code.description.clone(),
        }),
        sign_in: None,
        warnings,
    })
}

/// Receives the cards of the open offer.
pub(super) fn accept(
    core: &mut Core,
    tx_code: Option<Zeroizing<String>>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let _ = env;
    let offer = core.offer.as_ref().map(Arc::clone).ok_or_else(no_offer)?;
    let request = offer
        .token_request(tx_code.as_ref().map(|code| code.as_str()), &core.profile())
        .map_err(failed)?;
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            // The offer stays open until here: a mistyped code may be typed again.
            let authorised = Authorised::new(offer, &got(answer)?, &core.profile()).map_err(failed)?;
            core.offer = None;
            next_card(core, authorised, env)
        }),
    ))
}

fn next_card(core: &mut Core, authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    if authorised.is_done() {
        return name_details(core, authorised, env);
    }
    match authorised.nonce_request(&core.profile()) {
        None => ask(core, authorised, None, env),
        Some(request) => Ok(Next::Send(
            request,
            Box::new(move |core, answer, env| {
                let nonce = Authorised::nonce(&got(answer)?, &core.profile()).map_err(failed)?;
                ask(core, authorised, Some(&nonce), env)
            }),
        )),
    }
}

fn ask(
    core: &mut Core,
    mut authorised: Authorised,
    c_nonce: Option<&str>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let (asking, request) = authorised
        .credential_request(c_nonce, &core.profile(), env)
        .map_err(failed)?;
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let (profile, crypto) = (core.profile(), core.crypto());
            let anchors = &core.open()?.anchors;
            match authorised.receive(asking, &got(answer)?, anchors, crypto, &profile, env) {
                Ok(()) => next_card(core, authorised, env),
                Err(error) => {
                    let requests = authorised.notifications(false, &profile, env);
                    notify(requests, Err(failed(error)))
                }
            }
        }),
    ))
}

/// Asks our own registry for all the types it knows, where a card's details have no names. All, so that nobody learns
/// which card it is about; an answer that does not come changes nothing but names.
fn name_details(core: &mut Core, mut authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    if !authorised.wants_names() {
        return keep(core, authorised, env);
    }
    let operator = core.surroundings.operator.trim_end_matches('/');
    let url = [operator, "/v1/registry/types"].concat();
    Ok(Next::Send(
        HttpRequest::get(url, "application/json", Limits::MESSAGE.bytes),
        Box::new(move |core, answer, env| {
            let types = answer.ok().filter(HttpResponse::is_success);
            if let Some(types) =
                types.and_then(|types| json::parse(types.body.as_bytes(), Limits::MESSAGE).ok())
            {
                authorised.name_details(&types);
            }
            keep(core, authorised, env)
        }),
    ))
}

/// Keeps cards; gives their ids.
type Store = dyn Fn(&mut Records<'_>) -> Result<Vec<(String, Option<Renewal>)>, WalletError> + Send + Sync;

/// Keeps the cards in the vault; when its service does not answer, on this device until it does.
fn keep(core: &mut Core, authorised: Authorised, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let entry_id = env.random_token().map_err(|_| sync::no_randomness())?;
    let now = env.now;
    let authorised = Arc::new(authorised);
    let received = Arc::clone(&authorised);
    let store: Arc<Store> = Arc::new(move |records| {
        let cards = received.received();
        let mut kept = Vec::new();
        for ReceivedCard { card, copies, .. } in cards {
            kept.push(holdings::add(records, card, copies)?);
        }
        if let Some(ReceivedCard { card, .. }) = cards.first() {
            let types = cards.iter().map(|received| received.card.vct.clone()).collect();
            let mut entry = Entry::issuance(entry_id.clone(), now, card, types);
            entry.cards = kept.iter().map(|(id, _)| id.clone()).collect();
            records.put(&entry)?;
        }
        Ok(kept)
    });
    let later = Arc::clone(&store);
    let store = move |records: &mut Records<'_>| store(records);
    sync::commit_finding(core, env, store, move |core, outcome, env| {
        let kept = match outcome {
            Ok(kept) => kept,
            Err(_) => sync::keep_for_later(core, |records| later(records))?,
        };
        let language = core.settings()?.language;
        let records = core.records()?;
        let mut cards = Vec::with_capacity(kept.len());
        for (id, renewal) in kept {
            let mut summary = records.need::<Card>(&id)?.summary(env.now, &language);
            summary.renewal = renewal.map(Renewal::name);
            cards.push(summary);
        }
        notify(
            authorised.notifications(true, &core.profile(), env),
            Ok(Reply::Cards {
                cards,
                awaited: Vec::new(),
            }),
        )
    })
}

/// Sends notifications one after the other; their answers change nothing.
fn notify(mut requests: Vec<HttpRequest>, outcome: Result<Reply, WalletError>) -> Result<Next, WalletError> {
    match requests.pop() {
        Some(request) => Ok(Next::Send(
            request,
            Box::new(move |_, _, _| notify(requests, outcome)),
        )),
        None => outcome.map(Next::Done),
    }
}

fn got(answer: Result<HttpResponse, NetworkFailure>) -> Result<HttpResponse, WalletError> {
    answer.map_err(|NetworkFailure| failed(ReceiveError::Unreachable))
}

fn failed(error: ReceiveError) -> WalletError {
    WalletError::from_code(&error)
}

/// Goes on with an offer after the sign-in at the issuer.
pub(super) fn come_back(core: &Core, answer: &str) -> Result<Next, WalletError> {
    core.open()?;
    let _ = answer;
    Err(WalletError::new(
        "sign-in-not-expected",
        "this device does not wait for a sign-in",
        "Open the offer again.",
        assent_core::error::Blame::Caller,
    ))
}

/// Asks for cards that come later.
pub(super) fn fetch_awaited(core: &Core, id: Option<&str>) -> Result<Next, WalletError> {
    let records = core.records()?;
    if let Some(id) = id {
        records.need::<AwaitedCard>(id)?;
    }
    Ok(Next::Done(Reply::Cards {
        cards: Vec::new(),
        awaited: super::cards::awaited(&records),
    }))
}

/// Gives up a card that would come later.
pub(super) fn forget_awaited(core: &mut Core, id: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    sync::commit(
        core,
        env,
        move |records| {
            records.need::<AwaitedCard>(&id)?;
            records.delete::<AwaitedCard>(&id);
            Ok(())
        },
        |_, outcome, _| outcome.map(|()| Next::Done(Reply::Done)),
    )
}

fn no_offer() -> WalletError {
    WalletError::new(
        "offer-not-open",
        "there is no open offer",
        "Open the offer again.",
        assent_core::error::Blame::Caller,
    )
}
