//! The commands around an offer of cards.

mod awaited;
mod exchange;
mod issue;
mod sign_in;
mod store;

use std::sync::Arc;

use assent_core::env::Env;
use assent_core::http::HttpResponse;
use assent_core::oid4vci::attestation::AttestationChallenge;
use assent_core::oid4vci::metadata::Display;
use assent_core::oid4vci::{AnswerError, InputMode};
use assent_core::profile::Profile;
use zeroize::Zeroizing;

use super::session::Core;
use super::view::{AwaitedCard, OfferView, OfferedCard, ServiceTrust, TxCodeView, Warning};
use super::wallet::Next;
use super::{NetworkFailure, Reply, WalletError, sync};
use crate::holdings::Card;
use crate::labels;
use crate::receive::{
    Applicant, AtServer, Authorised, Client, Described, InstanceKey, Offered, Offering, OpenOffer, Opening,
    Origin, ReceiveError, Tokens, Way, mark,
};
use exchange::got;

/// Reads an offer: fetches what it refers to and describes it.
pub(super) fn open(core: &mut Core, link: &str, env: &mut Env<'_>) -> Result<Next, WalletError> {
    core.open()?;
    core.offer = None;
    let profile = core.profile();
    let mark = mark(link);
    if let Some(offer) = awaited::rest_of(core, &mark, env)? {
        return sync::with_anchors(core, env, false, move |core, _| show_open(core, offer));
    }
    match Opening::from_link(link, &profile).map_err(failed)? {
        Opening::Here(offered) => describe(offered, &profile),
        Opening::Fetch(request) => Ok(Next::Send(
            request,
            Box::new(move |_, answer, _| {
                let offered = got(answer).and_then(|answer| Offered::receive(&answer, mark, &profile));
                describe(offered.map_err(failed)?, &profile)
            }),
        )),
    }
}

fn describe(offered: Offered, profile: &Profile) -> Result<Next, WalletError> {
    let request = offered.request(profile);
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, _| {
            let profile = core.profile();
            let described = offered
                .described(&got(answer).map_err(failed)?, &profile)
                .map_err(failed)?;
            let request = described.request(&profile).map_err(failed)?;
            Ok(Next::Send(
                request,
                Box::new(move |core, answer, env| show(core, described, &got(answer).map_err(failed)?, env)),
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
    sync::with_anchors(core, env, false, move |core, _| show_open(core, offer))
}

fn show_open(core: &mut Core, offer: OpenOffer) -> Result<Next, WalletError> {
    let view = view(core, &offer)?;
    core.offer = Some(Arc::new(offer));
    Ok(Next::Done(Reply::Offer { offer: view }))
}

fn view(core: &Core, offer: &OpenOffer) -> Result<OfferView, WalletError> {
    let language = core.settings()?.language;
    let here: Vec<Card> = core.records()?.list();
    let issuer_id = offer.origin.metadata.credential_issuer.as_str().to_owned();
    let cards = offer.cards.iter().map(
        |card @ Offering {
             id,
             vct,
             configuration,
         }| OfferedCard {
            id: id.clone(),
            name: card_name(card, &language),
            vct: vct.clone(),
            details: configuration
                .claims
                .iter()
                .map(|claim| labels::label(&claim.path, &configuration.claims, &language))
                .collect(),
            already_here: here
                .iter()
                .any(|card| card.vct == *vct && card.issuer_id == issuer_id),
        },
    );
    let trust = known(core, &offer.origin)?.map_or(ServiceTrust::Unverified, |_| ServiceTrust::Verified);
    let mut warnings = Vec::new();
    if offer.offered > offer.cards.len() {
        warnings.push(Warning::new(
            "offer-partly-supported",
            "Some of the offered cards are of a kind this wallet cannot hold.",
            false,
        ));
    }
    if let Way::Given(_) = offer.way {
        warnings.push(Warning::new(
            "offer-rest",
            "You accepted this offer before. These are the cards that did not come then.",
            false,
        ));
    }
    Ok(OfferView {
        issuer: issuer_name(core, &offer.origin)?,
        trust,
        issuer_id: issuer_id.clone(),
        cards: cards.collect(),
        tx_code: offer.tx_code().map(|code| TxCodeView {
            numeric: matches!(code.input_mode, InputMode::Numeric),
            length: code.length.map(usize::from),
            description: code.description.clone(),
        }),
        sign_in: offer.sign_in().map(str::to_owned),
        warnings,
    })
}

/// What a card on offer is called.
fn card_name(card: &Offering, language: &str) -> String {
    Display::best(&card.configuration.display, language)
        .and_then(|display| display.name.clone())
        .unwrap_or_else(|| labels::card_name(&card.vct, language))
}

/// A card that is here from this issuer.
fn known(core: &Core, origin: &Origin) -> Result<Option<Card>, WalletError> {
    let issuer = origin.metadata.credential_issuer.as_str();
    let mut here: Vec<Card> = core.records()?.list();
    here.retain(|card| card.issuer_id == issuer);
    Ok(here.into_iter().next())
}

/// What an issuer is called. The name in its metadata is its own word: shown is what the certificate of an earlier card
/// says, or where the offer comes from.
fn issuer_name(core: &Core, origin: &Origin) -> Result<String, WalletError> {
    let host = origin.metadata.credential_issuer.host();
    Ok(known(core, origin)?.map_or_else(|| host.to_owned(), |card| card.issuer_name))
}

/// What follows once it is known who the wallet is.
type AsClient = Box<
    dyn FnOnce(&mut Core, Result<Client, ReceiveError>, &mut Env<'_>) -> Result<Next, WalletError> + Send,
>;

/// Who the wallet says it is at this server; `None` is nobody. Where the server demands it, the operator is asked to vouch for
/// a key that stands for the wallet there: `known`, or a fresh one.
fn with_client(
    core: &mut Core,
    origin: &Origin,
    id: Option<&str>,
    known: Option<&InstanceKey>,
    env: &mut Env<'_>,
    then: AsClient,
) -> Result<Next, WalletError> {
    let Some(id) = id else {
        return then(core, Ok(Client::Anonymous), env);
    };
    match origin.wants_attestation(&core.profile()) {
        Ok(false) => return then(core, Ok(Client::Public(id.to_owned())), env),
        Ok(true) => {}
        Err(error) => return then(core, Err(error), env),
    }
    let applicant = Applicant::new(id, known, env)
        .and_then(|applicant| Ok((applicant.request(operator(core), env.now)?, applicant)));
    let (request, applicant) = match applicant {
        Ok(applicant) => applicant,
        Err(error) => return then(core, Err(error), env),
    };
    let server = origin.server.clone();
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let profile = core.profile();
            let attested = answer
                .map_err(|NetworkFailure| ReceiveError::OperatorUnreachable)
                .and_then(|answer| applicant.attested(&answer, server.issuer.clone(), &profile));
            let mut attested = match attested {
                Ok(attested) => Box::new(attested),
                Err(error) => return then(core, Err(error), env),
            };
            let Some(endpoint) = &server.challenge_endpoint else {
                return then(core, Ok(Client::Attested(attested)), env);
            };
            Ok(Next::Send(
                AttestationChallenge::request(endpoint, &profile),
                Box::new(move |core, answer, env| {
                    let challenged =
                        got(answer).and_then(|answer| attested.challenged(&answer, &core.profile()));
                    then(core, challenged.map(|()| Client::Attested(attested)), env)
                }),
            ))
        }),
    ))
}

/// The address of the operator, as proofs for it name it.
fn operator(core: &Core) -> &str {
    core.surroundings.operator.trim_end_matches('/')
}

/// Receives the cards of the open offer, or those of it that did not come before; or begins the sign-in that it wants.
pub(super) fn accept(
    core: &mut Core,
    tx_code: Option<Zeroizing<String>>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let offer = core.offer.as_ref().map(Arc::clone).ok_or_else(no_offer)?;
    match &offer.way {
        Way::Code(_) => {}
        Way::SignIn { .. } => return sign_in::leave(core, offer, client_id, redirect_uri, env),
        Way::Given(ids) => return awaited::go_on(core, &offer.mark, ids, env),
    }
    let origin = offer.origin.clone();
    // §6.1: a code is redeemed without a name, unless the server wants to know the wallet.
    let anonymous = matches!(
        origin.server.pre_authorized_endpoint(&core.profile()),
        Ok((_, true))
    );
    let id = client_id.filter(|_| !anonymous);
    if id.is_none() && !anonymous {
        return Err(failed(AnswerError::ClientRequired.into()));
    }
    with_client(
        core,
        &origin,
        id.clone().as_deref(),
        None,
        env,
        Box::new(move |core, client, env| {
            let profile = core.profile();
            let at = client.and_then(|client| AtServer::fresh(client, &offer.origin.server, env));
            let asked = Arc::clone(&offer);
            exchange::send(
                at.map_err(failed)?,
                Box::new(move |at, env| {
                    let tx_code = tx_code.as_ref().map(|code| code.as_str());
                    asked.token_request(tx_code, at, &profile, env)
                }),
                env,
                Box::new(move |core, at, response, env| {
                    let tokens =
                        response.and_then(|response| Tokens::first(&response, at, &core.profile(), env.now));
                    // The offer stays open: a mistyped code may be typed again.
                    let tokens =
                        tokens.map_err(|error| failed(error.of_an_offer(offer.tx_code().is_some())))?;
                    go_on(core, &offer, id.as_deref(), tokens, env)
                }),
            )
        }),
    )
}

/// From the tokens of an offer without a sign-in to its cards.
fn go_on(
    core: &mut Core,
    offer: &OpenOffer,
    id: Option<&str>,
    tokens: Tokens,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let (origin, cards) = (offer.origin.clone(), offer.cards.clone());
    let mark = Some(offer.mark.clone());
    let authorised = Authorised::new(origin, cards, id, tokens, None, mark, env);
    issue::all(core, authorised.map_err(failed)?, env)
}

/// Says no to the open offer, also to what was left of it.
pub(super) fn cancel(core: &mut Core, env: &mut Env<'_>) -> Result<Next, WalletError> {
    let offer = core.offer.take();
    let Some(Way::Given(ids)) = offer.as_ref().map(|offer| &offer.way) else {
        return Ok(Next::Done(Reply::Done));
    };
    let ids = ids.clone();
    sync::commit_or_keep(
        core,
        env,
        move |records| {
            // Not as `Awaited`: this is in the part of the engine that is always there.
            for id in &ids {
                if let Some(id) = records.present::<AwaitedCard>(id.clone()) {
                    records.delete::<AwaitedCard>(&id);
                }
            }
            Ok(())
        },
        |_, _| Ok(Next::Done(Reply::Done)),
    )
}

/// Goes on with an offer after the sign-in at the issuer.
pub(super) fn come_back(
    core: &mut Core,
    answer: Zeroizing<String>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    sign_in::come_back(core, &answer, env)
}

/// Asks for cards that come later.
pub(super) fn fetch_awaited(
    core: &mut Core,
    id: Option<String>,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    awaited::fetch(core, id, env)
}

/// Gives up a card that would come later.
pub(super) fn forget_awaited(core: &mut Core, id: String, env: &mut Env<'_>) -> Result<Next, WalletError> {
    awaited::forget(core, id, env)
}

fn failed(error: ReceiveError) -> WalletError {
    WalletError::from_code(&error)
}

fn no_offer() -> WalletError {
    WalletError::new(
        "offer-not-open",
        "there is no open offer",
        "Open the offer again.",
        assent_core::error::Blame::Caller,
    )
}
