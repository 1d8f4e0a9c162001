//! The flow from an authorization request to tokens and cards, now and later, and every way it must not go.

use super::*;
use crate::env::testing::Counter;
use crate::env::{Env, Timestamp};
use crate::oid4vci::{
    AuthorizationRequest, ClientAuth, CredentialAnswer, DeferredRequest, Grant, Notification,
    NotificationEvent, PkceVerifier, Rejection, RejectionCode, SecretText, TokenRequest, TokenType,
};
use crate::profile::{Endpoint, Profile};

pub(super) const NOW: Timestamp = Timestamp(1_790_000_123);
pub(super) const BACK: &str = "https://wallet.example/";
const DAY: i64 = 86_400;

pub(super) struct World {
    pub(super) settings: IssuerSettings,
    rng: Counter,
    pub(super) now: Timestamp,
    pub(super) verifier: PkceVerifier,
}

/// What a token request differs in from a good one.
#[derive(Clone, Copy)]
pub(super) struct Redeeming<'a> {
    pub(super) client: Option<&'a str>,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: Option<&'a str>,
    pub(super) jkt: Option<&'a str>,
}

pub(super) const GOOD: Redeeming<'_> = Redeeming {
    client: Some("wallet"),
    redirect_uri: BACK,
    verifier: None,
    jkt: None,
};

impl World {
    pub(super) fn new() -> Self {
        let identifier = Endpoint::parse("https://issuer.example/issuer", &Profile::BASELINE).unwrap();
        let mut rng = Counter(0);
        let mut env = Env {
            now: NOW,
            rng: &mut rng,
        };
        let verifier = PkceVerifier::generate(&mut env).unwrap();
        Self {
            settings: sandbox::settings(identifier),
            rng,
            now: NOW,
            verifier,
        }
    }

    pub(super) fn env(&mut self) -> (Env<'_>, &IssuerSettings) {
        let env = Env {
            now: self.now,
            rng: &mut self.rng,
        };
        (env, &self.settings)
    }

    pub(super) fn request(&self) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: "wallet".into(),
            redirect_uri: BACK.into(),
            state: Some("st".into()),
            code_challenge: self.verifier.challenge(),
            scope: vec![sandbox::RESIDENCE.into()],
            configuration_ids: Vec::new(),
            issuer_state: None,
            dpop_jkt: None,
            resource: None,
        }
    }

    pub(super) fn invite(&mut self, later: Option<u32>) -> NewOffer {
        let (mut env, settings) = self.env();
        let options = NewOfferOptions {
            sign_in: true,
            later,
            tx_code: false,
        };
        Issuance::offer(settings, &[sandbox::RESIDENCE], options, &mut env).unwrap()
    }

    pub(super) fn push(
        &mut self,
        offered: Option<Issuance>,
        request: &AuthorizationRequest,
    ) -> Result<Pushing, RejectionCode> {
        let (mut env, settings) = self.env();
        let client = ClientId::checked("wallet");
        Issuance::push(
            offered.map(at_rest),
            request,
            &client,
            &PushedKeys::default(),
            settings,
            &mut env,
        )
        .unwrap()
        .map_err(|rejection| rejection.code)
    }

    pub(super) fn approve(&mut self, issuance: Issuance) -> Option<Approving> {
        let (mut env, settings) = self.env();
        at_rest(issuance).approve(settings, &mut env).unwrap()
    }

    /// An approved request and its code.
    pub(super) fn approved(&mut self, later: Option<u32>) -> Approving {
        let invited = self.invite(later).issuance;
        let pushed = self.push(Some(invited), &self.request()).unwrap();
        self.approve(pushed.issuance).unwrap()
    }

    pub(super) fn token(
        &mut self,
        issuance: &Issuance,
        grant: Grant,
        client: Option<&str>,
        jkt: Option<&str>,
    ) -> Redeemed {
        let request = TokenRequest {
            grant,
            client: ClientAuth::default(),
            configuration_ids: Vec::new(),
        };
        let client = client.map(ClientId::checked);
        let asking = Asking {
            instance_jkt: None,
            client: client.as_ref(),
            dpop_jkt: jkt,
        };
        let (mut env, settings) = self.env();
        at_rest(issuance.clone())
            .redeem(&request, &asking, settings, &mut env)
            .unwrap()
    }

    pub(super) fn redeem(&mut self, issuance: &Issuance, code: &SecretText, with: Redeeming<'_>) -> Redeemed {
        let verifier = with
            .verifier
            .unwrap_or(self.verifier.secret().expose())
            .to_owned();
        let grant = Grant::AuthorizationCode {
            code: code.clone(),
            redirect_uri: with.redirect_uri.to_owned(),
            code_verifier: SecretText::new(verifier),
        };
        self.token(issuance, grant, with.client, with.jkt)
    }

    pub(super) fn refresh(
        &mut self,
        issuance: &Issuance,
        token: &SecretText,
        client: Option<&str>,
        jkt: Option<&str>,
    ) -> Redeemed {
        let grant = Grant::Refresh {
            refresh_token: token.clone(),
        };
        self.token(issuance, grant, client, jkt)
    }
}

/// What the server does between two requests.
pub(super) fn at_rest(issuance: Issuance) -> Issuance {
    let stored = serde_json::to_string(&issuance).unwrap();
    serde_json::from_str(&stored).unwrap()
}

pub(super) fn why(answer: &Result<crate::oid4vci::TokenResponse, Rejection>) -> RejectionCode {
    answer.as_ref().unwrap_err().code.clone()
}

#[test]
fn a_sign_in_becomes_a_token() {
    let mut world = World::new();
    let invited = world.invite(None);
    let grant = invited.offer.authorization_code.unwrap();
    assert!(invited.offer.pre_authorized_code.is_none() && grant.authorization_server.is_none());
    let id = invited.issuance.id().to_owned();
    let pushing = world.push(Some(invited.issuance), &world.request()).unwrap();
    // FAPI 2.0 Security Profile §5.3.2.2.
    assert_eq!(pushing.answer.expires_in, 540);
    let uri = &pushing.answer.request_uri;
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() >= 56);
    let pushed = pushing.issuance.pushed(uri, "wallet", world.now).unwrap();
    assert_eq!(
        (
            pushed.request.redirect_uri.as_str(),
            pushed.client_state.as_deref(),
            pushed.request.wanted.configuration_ids.as_slice()
        ),
        (BACK, Some("st"), &[sandbox::RESIDENCE.to_owned()][..])
    );
    // RFC 9126 §4: for the client that pushed it, in time.
    let late = world.now.plus(540);
    for (uri, client, now) in [
        (uri.as_str(), "other", world.now),
        ("urn:ietf:params:oauth:request_uri:guess", "wallet", world.now),
        (uri, "wallet", late),
    ] {
        assert!(pushing.issuance.pushed(uri, client, now).is_none());
    }
    let approving = world.approve(pushing.issuance.clone()).unwrap();
    assert!(
        approving.issuance.pushed(uri, "wallet", world.now).is_none(),
        "good once"
    );
    assert!(world.approve(approving.issuance.clone()).is_none());
    let redeemed = world.redeem(&approving.issuance, &approving.code, GOOD);
    let answer = redeemed.answer.unwrap();
    assert_eq!(
        (answer.token_type, answer.expires_in),
        (TokenType::Bearer, Some(300))
    );
    assert!(answer.refresh_token.is_none(), "only for who proves a key");
    assert_eq!(redeemed.issuance.id(), id);

    world.now = late;
    assert!(world.approve(pushing.issuance).is_none());
}

#[test]
fn what_is_asked_for_is_known_and_within_the_offer() {
    let mut world = World::new();
    let base = world.request();
    let with = |change: &dyn Fn(&mut AuthorizationRequest)| {
        let mut request = base.clone();
        change(&mut request);
        request
    };
    // Without an offer, by scope, by id, or both: each card once.
    let both = with(&|r| {
        r.configuration_ids = vec![sandbox::RESIDENCE.into(), sandbox::IDENTITY.into()];
        r.resource = Some("https://issuer.example/issuer".into());
    });
    let Issuance::Pushed(pushed) = world.push(None, &both).unwrap().issuance else {
        panic!()
    };
    assert_eq!(
        pushed.request.wanted.configuration_ids,
        [sandbox::IDENTITY, sandbox::RESIDENCE]
    );
    assert!(pushed.request.offer.is_none());
    for (request, code) in [
        (
            with(&|r| r.scope = vec!["passport".into()]),
            RejectionCode::InvalidScope,
        ),
        (with(&|r| r.scope.clear()), RejectionCode::InvalidScope),
        (
            with(&|r| r.configuration_ids = vec!["passport".into()]),
            RejectionCode::InvalidAuthorizationDetails,
        ),
        (
            with(&|r| r.resource = Some("https://issuer.example/".into())),
            RejectionCode::InvalidTarget,
        ),
    ] {
        assert_eq!(world.push(None, &request).unwrap_err(), code, "{request:?}");
    }
    // OpenID4VCI 1.0 §5.1.2: unknown values of `scope` are ignored; RFC 6749 §5.1: and the token answer says what is left.
    for (scope, told) in [
        (vec![sandbox::RESIDENCE], None),
        (
            vec!["openid", sandbox::RESIDENCE, "offline_access"],
            Some(sandbox::RESIDENCE),
        ),
    ] {
        let request = with(&|r| r.scope = scope.iter().map(|one| (*one).to_owned()).collect());
        let pushing = world.push(None, &request).unwrap();
        let approving = world.approve(pushing.issuance).unwrap();
        let answer = world
            .redeem(&approving.issuance, &approving.code, GOOD)
            .answer
            .unwrap();
        assert_eq!(answer.scope.as_deref(), told);
    }
    // CI-3: an offer opens no more than what it offers.
    let invited = world.invite(None).issuance;
    assert_eq!(
        world.push(Some(invited), &both).unwrap_err(),
        RejectionCode::InvalidScope
    );
}

#[test]
fn an_offer_is_begun_again_until_a_code_was_redeemed_and_no_longer() {
    let mut world = World::new();
    let request = world.request();
    let invited = world.invite(Some(5)).issuance;
    let first = world.push(Some(invited.clone()), &request).unwrap();
    let second = world.push(Some(first.issuance.clone()), &request).unwrap();
    assert_eq!(second.issuance.id(), invited.id());
    assert!(
        second
            .issuance
            .pushed(&first.answer.request_uri, "wallet", world.now)
            .is_none()
    );
    // Whoever said no may think again; a code that got lost is replaced, and then worth nothing.
    assert_eq!(second.issuance.clone().decline(world.now), invited);
    let lost = world.approve(second.issuance.clone()).unwrap();
    let third = world.push(Some(lost.issuance), &request).unwrap();
    let approving = world.approve(third.issuance.clone()).unwrap();
    let void = world.redeem(&approving.issuance, &lost.code, GOOD);
    assert_eq!(why(&void.answer), RejectionCode::InvalidGrant);
    assert_eq!(void.issuance, approving.issuance);
    world.now = NOW.plus(60);
    let late = world.redeem(&approving.issuance, &approving.code, GOOD);
    assert_eq!(why(&late.answer), RejectionCode::InvalidGrant);
    assert_eq!(late.issuance, invited);
    world.now = NOW;
    let redeemed = world.redeem(&approving.issuance, &approving.code, GOOD);
    let declined = third.issuance.decline(NOW.plus(world.settings.offer_life));
    let unoffered = world.push(None, &request).unwrap().issuance;
    for over in [redeemed.issuance, declined, unoffered] {
        assert_eq!(
            world.push(Some(over), &request).unwrap_err(),
            RejectionCode::InvalidRequest
        );
    }
    // The offer's own end counts, also for a second try.
    world.now = NOW.plus(world.settings.offer_life);
    for late in [invited, second.issuance] {
        assert_eq!(
            world.push(Some(late), &request).unwrap_err(),
            RejectionCode::InvalidRequest
        );
    }
}

/// RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9449 §10: a code in other hands is worth nothing, and stays good for its owner.
#[test]
fn codes_belong_to_who_asked() {
    let mut world = World::new();
    let Approving { issuance, code } = world.approved(None);
    let other = SecretText::new("guess");
    let verifier = "x".repeat(43);
    for (code, with) in [
        (&other, GOOD),
        (&code, Redeeming { client: None, ..GOOD }),
        (
            &code,
            Redeeming {
                client: Some("other"),
                ..GOOD
            },
        ),
        (
            &code,
            Redeeming {
                redirect_uri: "https://wallet.example/x",
                ..GOOD
            },
        ),
        (
            &code,
            Redeeming {
                verifier: Some(&verifier),
                ..GOOD
            },
        ),
        (
            &code,
            Redeeming {
                verifier: Some(""),
                ..GOOD
            },
        ),
    ] {
        let redeemed = world.redeem(&issuance, code, with);
        assert_eq!(why(&redeemed.answer), RejectionCode::InvalidGrant);
        assert_eq!(redeemed.issuance, issuance);
    }
    let as_offer = Grant::PreAuthorized {
        code: code.clone(),
        tx_code: None,
    };
    let redeemed = world.token(&issuance, as_offer, Some("wallet"), None);
    assert_eq!(why(&redeemed.answer), RejectionCode::InvalidGrant);
    assert!(world.redeem(&issuance, &code, GOOD).answer.is_ok());

    // Bound to a key from the beginning.
    let mut request = world.request();
    request.dpop_jkt = Some("key".into());
    let pushing = world.push(None, &request).unwrap();
    let bound = world.approve(pushing.issuance).unwrap();
    for jkt in [None, Some("other")] {
        let redeemed = world.redeem(&bound.issuance, &bound.code, Redeeming { jkt, ..GOOD });
        assert_eq!(why(&redeemed.answer), RejectionCode::InvalidGrant);
    }
    let good = Redeeming {
        jkt: Some("key"),
        ..GOOD
    };
    assert!(world.redeem(&bound.issuance, &bound.code, good).answer.is_ok());
    // The proof at the pushed request and the parameter name one key.
    let (mut env, settings) = world.env();
    let client = ClientId::checked("wallet");
    let keys = PushedKeys {
        dpop_jkt: Some("other"),
        instance_jkt: None,
    };
    let refused = Issuance::push(None, &request, &client, &keys, settings, &mut env).unwrap();
    assert_eq!(refused.unwrap_err().code, RejectionCode::InvalidDpopProof);

    // Late: what is left is the offer, where there is one.
    world.now = NOW.plus(60);
    let late = world.redeem(&issuance, &code, GOOD);
    assert_eq!(why(&late.answer), RejectionCode::InvalidGrant);
    assert!(matches!(late.issuance, Issuance::Invited(_)));
    let late = world.redeem(&bound.issuance, &bound.code, good);
    assert_eq!(why(&late.answer), RejectionCode::InvalidGrant);
    assert!(matches!(
        late.issuance,
        Issuance::Closed(Closed {
            because: ClosedBecause::Expired,
            ..
        })
    ));
}

/// RFC 6749 §4.1.2.
#[test]
fn a_code_that_comes_twice_ends_what_it_gave() {
    let mut world = World::new();
    let Approving { issuance, code } = world.approved(None);
    let first = world.redeem(&issuance, &code, GOOD);
    let token = first.answer.unwrap().access_token;
    // Another code does nothing.
    let other = world.redeem(&first.issuance, &SecretText::new("guess"), GOOD);
    assert_eq!(other.issuance, first.issuance);
    let second = world.redeem(&first.issuance, &code, GOOD);
    assert_eq!(why(&second.answer), RejectionCode::InvalidGrant);
    let Issuance::Closed(Closed { because, .. }) = &second.issuance else {
        panic!()
    };
    assert_eq!(*because, ClosedBecause::CodeReused);
    let presented = Presented {
        token: &token,
        dpop_jkt: None,
    };
    assert!(first.issuance.with_token(&presented, world.now).is_ok());
    assert!(second.issuance.with_token(&presented, world.now).is_err());
}

/// RFC 9449 §5, RFC 9700 §4.14.2: only with the key, and not for ever. FAPI 2.0 Security Profile §5.3.2.1: the same one each
/// time, so that an answer that is lost can be asked for again.
#[test]
fn refresh_tokens_belong_to_a_key_and_stay() {
    let mut world = World::new();
    let Approving { issuance, code } = world.approved(None);
    let jkt = Some("key");
    let first = world.redeem(&issuance, &code, Redeeming { jkt, ..GOOD });
    let answer = first.answer.unwrap();
    assert_eq!(
        (answer.token_type, answer.expires_in),
        (TokenType::Dpop, Some(3600))
    );
    let old = answer.refresh_token.unwrap();
    let until = first.issuance.useful_until().unwrap();
    assert_eq!(until, NOW.plus(90 * DAY));
    let wallet = Some("wallet");
    for (token, client, jkt) in [
        (&SecretText::new("guess"), wallet, jkt),
        (&answer.access_token, wallet, jkt),
        (&old, None, jkt),
        (&old, Some("other"), jkt),
        (&old, wallet, None),
        (&old, wallet, Some("other")),
    ] {
        let refused = world.refresh(&first.issuance, token, client, jkt);
        assert_eq!(
            why(&refused.answer),
            RejectionCode::InvalidGrant,
            "{client:?} {jkt:?}"
        );
        assert_eq!(refused.issuance, first.issuance);
    }
    world.now = NOW.plus(DAY);
    let second = world.refresh(&first.issuance, &old, wallet, jkt);
    let new = second.answer.unwrap();
    assert_eq!(new.refresh_token, None);
    let uses = |token: &SecretText, dpop_jkt: Option<&str>, now: Timestamp| {
        second
            .issuance
            .with_token(&Presented { token, dpop_jkt }, now)
            .is_ok()
    };
    assert!(uses(&new.access_token, jkt, world.now));
    // RFC 9449 §7.2: never as a bearer token; the one before is over.
    assert!(!uses(&new.access_token, None, world.now));
    assert!(!uses(&new.access_token, Some("other"), world.now));
    assert!(!uses(&new.access_token, jkt, world.now.plus(3600)));
    assert!(!uses(&answer.access_token, jkt, world.now));
    assert!(world.refresh(&second.issuance, &old, wallet, jkt).answer.is_ok());
    // Using it does not move the end.
    assert_eq!(second.issuance.useful_until(), Some(until));
    world.now = until;
    let late = world.refresh(&second.issuance, &old, wallet, jkt);
    assert_eq!(why(&late.answer), RejectionCode::InvalidGrant);
}

#[test]
fn secrets_are_not_at_rest() {
    let mut world = World::new();
    let invited = world.invite(None);
    let issuer_state = invited.offer.authorization_code.unwrap().issuer_state.unwrap();
    let pushing = world
        .push(Some(invited.issuance.clone()), &world.request())
        .unwrap();
    let approving = world.approve(pushing.issuance.clone()).unwrap();
    let good = Redeeming {
        jkt: Some("key"),
        ..GOOD
    };
    let redeemed = world.redeem(&approving.issuance, &approving.code, good);
    let answer = redeemed.answer.unwrap();
    for state in [
        &invited.issuance,
        &pushing.issuance,
        &approving.issuance,
        &redeemed.issuance,
    ] {
        let stored = serde_json::to_string(state).unwrap();
        for secret in [
            issuer_state.as_str(),
            pushing.answer.request_uri.as_str(),
            approving.code.expose(),
            world.verifier.secret().expose(),
            answer.access_token.expose(),
            answer.refresh_token.as_ref().unwrap().expose(),
        ] {
            assert!(!stored.contains(secret));
        }
    }
}

#[test]
fn cards_that_come_later_are_picked_up_until_they_arrived() {
    let mut world = World::new();
    let Approving { issuance, code } = world.approved(Some(3600));
    let jkt = Some("key");
    let redeemed = world.redeem(&issuance, &code, Redeeming { jkt, ..GOOD });
    let answer = redeemed.answer.unwrap();
    let issuance = redeemed.issuance;
    assert_eq!(issuance.later(), Some(3600));
    let keys: Vec<_> = [1, 2]
        .map(|seed| {
            use crate::crypto::Signer as _;
            crate::crypto::SoftwareKey::from_bytes(&[seed; 32])
                .unwrap()
                .public_key()
        })
        .to_vec();
    let ready = ReadyRequest {
        configuration_id: sandbox::RESIDENCE.into(),
        keys: keys.clone(),
        transaction: None,
        given: None,
    };
    let (mut env, _) = world.env();
    let deferring = ready.defer(issuance.clone(), 3600, &mut env).unwrap();
    let issuance = at_rest(deferring.issuance);
    let CredentialAnswer::Later {
        transaction_id,
        interval: 3600,
    } = deferring.answer
    else {
        panic!()
    };
    assert!(
        !serde_json::to_string(&issuance)
            .unwrap()
            .contains(&transaction_id)
    );
    let presented = Presented {
        token: &answer.access_token,
        dpop_jkt: jkt,
    };
    let request = DeferredRequest { transaction_id };
    let PickUp::Later(CredentialAnswer::Later { interval, .. }) = issuance
        .pick_up(&presented, &request, world.now.plus(3500))
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(interval, 100);
    let why = |issuance: &Issuance, presented: &Presented<'_>, id: &str, now: Timestamp| {
        let request = DeferredRequest {
            transaction_id: id.to_owned(),
        };
        issuance.pick_up(presented, &request, now).unwrap_err().code
    };
    assert_eq!(
        why(&issuance, &presented, "guess", world.now),
        RejectionCode::InvalidTransactionId
    );
    let bearer = Presented {
        dpop_jkt: None,
        ..presented
    };
    assert_eq!(
        why(&issuance, &bearer, &request.transaction_id, world.now),
        RejectionCode::InvalidToken
    );
    // The access token is over when the card is ready: the refresh token gives another.
    world.now = NOW.plus(3600);
    assert_eq!(
        why(&issuance, &presented, &request.transaction_id, world.now),
        RejectionCode::InvalidToken
    );
    let refresh_token = answer.refresh_token.unwrap();
    let refreshed = world.refresh(&issuance, &refresh_token, Some("wallet"), jkt);
    let token = refreshed.answer.unwrap().access_token;
    let presented = Presented {
        token: &token,
        dpop_jkt: jkt,
    };
    let PickUp::Ready(ready) = refreshed
        .issuance
        .pick_up(&presented, &request, world.now)
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(ready.keys, keys);
    let minted = world.mint(ready.clone(), refreshed.issuance, 0);
    assert_eq!(minted.response.credentials.len(), 2);
    // Who had looked before and draws other places comes second.
    assert!(matches!(
        world.try_mint(ready, minted.issuance.clone(), 2..4),
        Err(IssuanceError::WrongState)
    ));
    // The answer was lost: the same copies again, also on the next day.
    let first = minted.copies.clone();
    let issuance = at_rest(minted.issuance);
    world.now = world.now.plus(86_399);
    let refreshed = world.refresh(&issuance, &refresh_token, Some("wallet"), jkt);
    let token = refreshed.answer.unwrap().access_token;
    let presented = Presented {
        token: &token,
        dpop_jkt: jkt,
    };
    let issuance = refreshed.issuance;
    let again = || match issuance.pick_up(&presented, &request, world.now) {
        Ok(PickUp::Ready(ready)) => ready,
        other => panic!("{other:?}"),
    };
    let ready = again();
    assert_eq!((&ready.keys, ready.indexes()), (&keys, 0));
    let stranger = Presented {
        dpop_jkt: Some("other"),
        ..presented
    };
    assert_eq!(
        why(&issuance, &stranger, &request.transaction_id, world.now),
        RejectionCode::InvalidToken
    );
    let (one, other) = (again(), again());
    assert!(matches!(
        world.try_mint(one, issuance.clone(), 2..4),
        Err(IssuanceError::StatusIndexes)
    ));
    let given = world.try_mint(other, issuance.clone(), 0..0).unwrap();
    assert_eq!(given.copies, first, "the same places and days");
    assert_eq!(given.response.notification_id, minted.response.notification_id);
    assert_ne!(given.response.credentials, minted.response.credentials);
    let Issuance::Authorized(authorized) = &given.issuance else {
        panic!()
    };
    assert_eq!(authorized.pickups.len(), 1, "counted once");
    // Not for ever: not too late, not too often.
    assert_eq!(
        why(&issuance, &presented, &request.transaction_id, world.now.plus(1)),
        RejectionCode::InvalidTransactionId
    );
    let mut often = issuance.clone();
    for _ in 0..30 {
        let Ok(PickUp::Ready(ready)) = often.pick_up(&presented, &request, world.now) else {
            panic!()
        };
        often = world.try_mint(ready, often, 0..0).unwrap().issuance;
    }
    assert_eq!(
        why(&often, &presented, &request.transaction_id, world.now),
        RejectionCode::InvalidTransactionId
    );
    // The wallet says what became of them. Where that was not good, it may ask again.
    let told = |issuance: &Issuance, event| {
        let notification = Notification {
            notification_id: minted.response.notification_id.clone().unwrap(),
            event,
            event_description: None,
        };
        issuance.clone().notify(&presented, &notification).unwrap()
    };
    let failed = told(&given.issuance, NotificationEvent::CredentialFailure);
    assert!(failed.pick_up(&presented, &request, world.now).is_ok());
    for event in [
        NotificationEvent::CredentialAccepted,
        NotificationEvent::CredentialDeleted,
    ] {
        let told = told(&given.issuance, event);
        assert_eq!(
            why(&told, &presented, &request.transaction_id, world.now),
            RejectionCode::InvalidTransactionId
        );
        // Also for who had looked before.
        assert!(matches!(
            world.try_mint(ready.clone(), told, 0..0),
            Err(IssuanceError::WrongState)
        ));
    }
}

impl World {
    fn mint(&mut self, ready: ReadyRequest, issuance: Issuance, first: u64) -> Minted {
        self.try_mint(ready, issuance, first..first + 2).unwrap()
    }

    fn try_mint(
        &mut self,
        ready: ReadyRequest,
        issuance: Issuance,
        indexes: std::ops::Range<u64>,
    ) -> Result<Minted, IssuanceError> {
        let key = &crate::crypto::SoftwareKey::from_bytes(&[9; 32]).unwrap();
        let statuses = indexes
            .map(|idx| crate::status::StatusReference {
                idx,
                uri: "https://issuer.example/issuer/status-lists/1".into(),
            })
            .collect();
        let subject = sandbox::subject(sandbox::RESIDENCE, "", self.now).unwrap();
        let (mut env, settings) = self.env();
        let signer = CredentialSigner {
            key,
            x5c: vec![b"leaf".to_vec()],
        };
        ready.mint(issuance, &subject, statuses, &signer, settings, &mut env)
    }
}
