//! The flow from offer to copies, and every way it must not go.

use super::*;
use crate::crypto::{RustCrypto, Signer, SoftwareKey};
use crate::env::testing::Counter;
use crate::env::{Env, Timestamp};
use crate::oid4vci::{
    Attesters, ClientAuth, CredentialRequest, CredentialTarget, Grant, KeyProof, Notification,
    NotificationEvent, Proofs, RejectionCode, SecretText, TokenRequest,
};
use crate::profile::{Endpoint, Profile};
use crate::sd_jwt::{HolderSdJwt, UnverifiedSdJwt, VcCheck};
use crate::status::StatusReference;
use crate::trust::TrustAnchors;

const NOW: Timestamp = Timestamp(1_790_000_123);
const PROFILE: Profile = Profile::BASELINE;

struct World {
    settings: IssuerSettings,
    rng: Counter,
    now: Timestamp,
    /// Wallet providers that are trusted.
    anchors: TrustAnchors,
}

impl World {
    fn new() -> Self {
        let identifier = Endpoint::parse("https://issuer.example/issuer", &PROFILE).unwrap();
        Self {
            settings: sandbox::settings(identifier),
            rng: Counter(0),
            now: NOW,
            anchors: TrustAnchors::new(),
        }
    }

    fn offer(&mut self, tx_code: bool) -> NewOffer {
        let mut env = Env {
            now: self.now,
            rng: &mut self.rng,
        };
        let options = NewOfferOptions {
            tx_code,
            ..NewOfferOptions::default()
        };
        Issuance::offer(&self.settings, &[sandbox::RESIDENCE], options, &mut env).unwrap()
    }

    fn redeem(&mut self, issuance: Issuance, code: &SecretText, tx_code: Option<&str>) -> Redeemed {
        let request = TokenRequest {
            grant: Grant::PreAuthorized {
                code: code.clone(),
                tx_code: tx_code.map(SecretText::new),
            },
            client: ClientAuth::default(),
            configuration_ids: Vec::new(),
        };
        let mut env = Env {
            now: self.now,
            rng: &mut self.rng,
        };
        // At rest and back: what the server does between two requests.
        let stored = serde_json::to_string(&issuance).unwrap();
        let issuance: Issuance = serde_json::from_str(&stored).unwrap();
        issuance
            .redeem(&request, &Asking::default(), &self.settings, &mut env)
            .unwrap()
    }

    fn nonce(&mut self) -> (String, NonceRecord) {
        let mut env = Env {
            now: self.now,
            rng: &mut self.rng,
        };
        let (response, record) = NonceRecord::issue(&self.settings, &mut env).unwrap();
        (response.c_nonce, record)
    }

    /// An issuance with its token.
    fn authorized(&mut self) -> (Issuance, SecretText) {
        let new = self.offer(false);
        let code = code_of(&new);
        let redeemed = self.redeem(new.issuance, &code, None);
        (redeemed.issuance, redeemed.answer.unwrap().access_token)
    }

    fn request(&self, keys: &[u8], nonce: &str) -> CredentialRequest {
        let proofs = keys.iter().map(|seed| {
            KeyProof {
                issuer: &self.settings.identifier,
                c_nonce: Some(nonce),
                client_id: None,
                issued_at: self.now,
                key_attestation: None,
            }
            .sign(&key(*seed))
            .unwrap()
        });
        CredentialRequest {
            target: CredentialTarget::Configuration(sandbox::RESIDENCE.into()),
            proofs: Proofs::Jwt(proofs.collect()),
        }
    }

    fn attesters(&self) -> Attesters<'_> {
        Attesters {
            anchors: &self.anchors,
            now: self.now,
            profile: &PROFILE,
            crypto: &RustCrypto,
        }
    }

    fn check(
        &self,
        issuance: &Issuance,
        token: &SecretText,
        request: &CredentialRequest,
    ) -> Result<CheckedRequest, RejectionCode> {
        issuance
            .check_request(&bearer(token), request, &self.settings, &self.attesters())
            .map_err(|rejection| rejection.code)
    }

    fn mint(
        &mut self,
        ready: ReadyRequest,
        issuance: Issuance,
        indexes: &[u64],
    ) -> Result<Minted, IssuanceError> {
        let subject =
            sandbox::subject(sandbox::RESIDENCE, "https://issuer.example/anchors", self.now).unwrap();
        let issuer_key = key(99);
        let signer = CredentialSigner {
            key: &issuer_key,
            x5c: vec![vec![1, 2, 3]],
        };
        let statuses = indexes
            .iter()
            .map(|idx| StatusReference {
                idx: *idx,
                uri: "https://issuer.example/issuer/status-lists/1".into(),
            })
            .collect();
        let mut env = Env {
            now: self.now,
            rng: &mut self.rng,
        };
        ready.mint(issuance, &subject, statuses, &signer, &self.settings, &mut env)
    }
}

fn bearer(token: &SecretText) -> Presented<'_> {
    Presented {
        token,
        dpop_jkt: None,
    }
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[seed; 32]).unwrap()
}

fn code_of(new: &NewOffer) -> SecretText {
    new.offer
        .pre_authorized_code
        .as_ref()
        .unwrap()
        .pre_authorized_code
        .clone()
}

fn refused(redeemed: &Redeemed) -> RejectionCode {
    redeemed.answer.as_ref().unwrap_err().code.clone()
}

#[test]
fn an_offer_becomes_a_batch_of_unlinkable_copies() {
    let mut world = World::new();
    let (issuance, token) = world.authorized();
    let (nonce, record) = world.nonce();
    let request = world.request(&[1, 2, 3], &nonce);
    let checked = world.check(&issuance, &token, &request).unwrap();
    assert_eq!(
        checked.nonce_fingerprints(),
        std::slice::from_ref(&record.fingerprint)
    );
    let ready = checked.nonces_used_up(&[record], &[], world.now).unwrap();
    assert_eq!(
        (ready.indexes(), ready.configuration_id()),
        (3, sandbox::RESIDENCE)
    );
    let minted = world.mint(ready, issuance, &[5, 900, 77]).unwrap();
    assert_eq!(minted.response.credentials.len(), 3);

    let mut seen = Vec::new();
    for (copy, seed) in minted.response.credentials.iter().zip([1, 2, 3]) {
        let parsed = UnverifiedSdJwt::parse(copy).unwrap();
        let verified = parsed.verify_issuer(&key(99).public_key(), &RustCrypto).unwrap();
        let vc = verified
            .into_vc(&VcCheck::issuance(world.now), &RustCrypto)
            .unwrap();
        assert_eq!(vc.vct, sandbox::RESIDENCE_VCT);
        assert_eq!(vc.holder_key, Some(key(seed).public_key()));
        // ISSU_36: no exact time, and the same for all copies.
        assert_eq!(vc.issued_at, Some(Timestamp(NOW.0 - NOW.0 % 86_400)));
        assert_eq!(
            vc.expires_at,
            Some(Timestamp(NOW.0 - NOW.0 % 86_400 + 90 * 86_400))
        );
        let holder = HolderSdJwt::from_vc(&vc).unwrap();
        let over_16 = crate::claims::ClaimsPath::keys(&["age_equal_or_over", "16"]).unwrap();
        assert_eq!(
            holder.disclosed_paths(std::slice::from_ref(&over_16)).unwrap(),
            [over_16]
        );
        seen.push((vc.status.unwrap().idx, copy.split('~').nth(1).unwrap().to_owned()));
    }
    assert_eq!(seen.iter().map(|(idx, _)| *idx).collect::<Vec<_>>(), [5, 900, 77]);
    assert!(
        seen[0].1 != seen[1].1 && seen[1].1 != seen[2].1,
        "salts must differ"
    );

    // CI-28: what became of them; only with an id of this issuance.
    let notification = Notification {
        notification_id: minted.response.notification_id.unwrap(),
        event: NotificationEvent::CredentialAccepted,
        event_description: None,
    };
    let issuance = minted.issuance.notify(&bearer(&token), &notification).unwrap();
    assert!(matches!(&issuance, Issuance::Authorized(a) if a.pickups[0].event.is_some()));
    let other = Notification {
        notification_id: "x".into(),
        ..notification
    };
    assert_eq!(
        issuance.notify(&bearer(&token), &other).unwrap_err().code,
        RejectionCode::InvalidNotificationId
    );
}

/// CI-4: a code is good once; and only before it expires.
#[test]
fn a_code_is_good_once_and_in_time() {
    let mut world = World::new();
    let new = world.offer(false);
    let code = code_of(&new);
    let first = world.redeem(new.issuance.clone(), &code, None);
    assert!(first.answer.is_ok());
    let second = world.redeem(first.issuance.clone(), &code, None);
    assert_eq!(refused(&second), RejectionCode::InvalidGrant);
    assert_eq!(
        second.issuance, first.issuance,
        "a replay must not disturb the first use"
    );

    let wrong = world.redeem(new.issuance.clone(), &SecretText::new("guess"), None);
    assert_eq!(refused(&wrong), RejectionCode::InvalidGrant);
    world.now = world.now.plus(world.settings.offer_life);
    let late = world.redeem(new.issuance, &code, None);
    assert_eq!(refused(&late), RejectionCode::InvalidGrant);
    assert!(matches!(
        late.issuance,
        Issuance::Closed(Closed {
            because: ClosedBecause::Expired,
            ..
        })
    ));
}

/// CI-6: limited guesses, then the code is void, also for the right transaction code.
#[test]
fn guessing_the_transaction_code_ends_the_offer() {
    let mut world = World::new();
    let new = world.offer(true);
    let (code, typed) = (code_of(&new), new.tx_code.clone().unwrap());
    assert_eq!(typed.expose().len(), 6);
    let described = new
        .offer
        .pre_authorized_code
        .as_ref()
        .unwrap()
        .tx_code
        .clone()
        .unwrap();
    assert_eq!(described.length, Some(6));
    // §6.3: missing is not a guess.
    let missing = world.redeem(new.issuance.clone(), &code, None);
    assert_eq!(
        (refused(&missing), &missing.issuance),
        (RejectionCode::InvalidRequest, &new.issuance)
    );

    let wrong = if typed.expose() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let mut issuance = new.issuance.clone();
    for _ in 1..world.settings.tx_code_attempts {
        let redeemed = world.redeem(issuance, &code, Some(wrong));
        assert_eq!(refused(&redeemed), RejectionCode::InvalidGrant);
        issuance = redeemed.issuance;
    }
    // One attempt is left: the right code still works…
    assert!(
        world
            .redeem(issuance.clone(), &code, Some(typed.expose()))
            .answer
            .is_ok()
    );
    // …and one more wrong one ends it.
    let last = world.redeem(issuance, &code, Some(wrong));
    assert!(matches!(
        last.issuance,
        Issuance::Closed(Closed {
            because: ClosedBecause::TooManyAttempts,
            ..
        })
    ));
    let right = world.redeem(last.issuance, &code, Some(typed.expose()));
    assert_eq!(refused(&right), RejectionCode::InvalidGrant);
}

#[test]
fn a_transaction_code_nobody_asked_for_is_refused() {
    let mut world = World::new();
    let new = world.offer(false);
    let redeemed = world.redeem(new.issuance.clone(), &code_of(&new), Some("123456"));
    assert_eq!(refused(&redeemed), RejectionCode::InvalidRequest);
    assert_eq!(redeemed.issuance, new.issuance);
}

/// Neither codes nor tokens are in what is stored.
#[test]
fn secrets_are_not_at_rest() {
    let mut world = World::new();
    let new = world.offer(true);
    let (code, typed) = (code_of(&new), new.tx_code.clone().unwrap());
    let redeemed = world.redeem(new.issuance.clone(), &code, Some(typed.expose()));
    let token = redeemed.answer.as_ref().unwrap().access_token.clone();
    let offered = serde_json::to_string(&new.issuance).unwrap();
    let authorized = serde_json::to_string(&redeemed.issuance).unwrap();
    assert!(!offered.contains(code.expose()) && !offered.contains(typed.expose()));
    assert!(!authorized.contains(token.expose()) && !authorized.contains(code.expose()));
    assert!(authorized.contains(&token.fingerprint()));
    assert!(!format!("{new:?}").contains(code.expose()));
}

/// CI-21…CI-23, CI-26: what a credential request is refused for.
#[test]
fn refused_credential_requests() {
    let mut world = World::new();
    let (issuance, token) = world.authorized();
    let (nonce, _) = world.nonce();
    let good = world.request(&[1], &nonce);
    assert!(world.check(&issuance, &token, &good).is_ok());

    let with_target = |target| CredentialRequest {
        target,
        ..good.clone()
    };
    let by_id = with_target(CredentialTarget::Identifier("a".into()));
    assert_eq!(
        world.check(&issuance, &token, &by_id),
        Err(RejectionCode::UnknownCredentialIdentifier)
    );
    let unknown = with_target(CredentialTarget::Configuration("passport".into()));
    assert_eq!(
        world.check(&issuance, &token, &unknown),
        Err(RejectionCode::UnknownCredentialConfiguration)
    );
    let not_offered = with_target(CredentialTarget::Configuration(sandbox::IDENTITY.into()));
    assert_eq!(
        world.check(&issuance, &token, &not_offered),
        Err(RejectionCode::CredentialRequestDenied)
    );

    let none = world.request(&[], &nonce);
    assert_eq!(
        world.check(&issuance, &token, &none),
        Err(RejectionCode::InvalidProof)
    );
    let eleven = world.request(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], &nonce);
    assert_eq!(
        world.check(&issuance, &token, &eleven),
        Err(RejectionCode::InvalidProof)
    );
    let twice = world.request(&[1, 2, 1], &nonce);
    assert_eq!(
        world.check(&issuance, &token, &twice),
        Err(RejectionCode::InvalidProof)
    );
    let mut one_bad = world.request(&[1, 2], &nonce);
    let Proofs::Jwt(proofs) = &mut one_bad.proofs else {
        panic!()
    };
    proofs[1].push('A');
    assert_eq!(
        world.check(&issuance, &token, &one_bad),
        Err(RejectionCode::InvalidProof)
    );

    let other = SecretText::new("other");
    assert_eq!(
        world.check(&issuance, &other, &good),
        Err(RejectionCode::InvalidToken)
    );
    let unredeemed = world.offer(false).issuance;
    assert_eq!(
        world.check(&unredeemed, &token, &good),
        Err(RejectionCode::InvalidToken)
    );
    world.now = world.now.plus(world.settings.token_life);
    assert_eq!(
        world.check(&issuance, &token, &good),
        Err(RejectionCode::InvalidToken)
    );
}

/// CI-20, CI-26: a nonce must be one of ours, not yet used, not too old.
#[test]
fn nonces_are_used_up() {
    let mut world = World::new();
    let (issuance, token) = world.authorized();
    let (nonce, record) = world.nonce();
    let checked = world
        .check(&issuance, &token, &world.request(&[1, 2], &nonce))
        .unwrap();
    let code = |result: Result<ReadyRequest, crate::oid4vci::Rejection>| result.unwrap_err().code;
    // Not found: foreign, or used before.
    assert_eq!(
        code(checked.clone().nonces_used_up(&[], &[], world.now)),
        RejectionCode::InvalidNonce
    );
    let (_, other) = world.nonce();
    assert_eq!(
        code(checked.clone().nonces_used_up(&[other], &[], world.now)),
        RejectionCode::InvalidNonce
    );
    let late = world.now.plus(world.settings.nonce_life);
    assert_eq!(
        code(
            checked
                .clone()
                .nonces_used_up(std::slice::from_ref(&record), &[], late)
        ),
        RejectionCode::InvalidNonce
    );
    assert!(checked.nonces_used_up(&[record], &[], world.now).is_ok());
}

#[test]
fn every_copy_needs_its_own_status_index() {
    let mut world = World::new();
    let (issuance, token) = world.authorized();
    let (nonce, record) = world.nonce();
    let checked = world
        .check(&issuance, &token, &world.request(&[1, 2], &nonce))
        .unwrap();
    let ready = checked.nonces_used_up(&[record], &[], world.now).unwrap();
    for indexes in [&[1][..], &[1, 1], &[1, 2, 3]] {
        let result = world.mint(ready.clone(), issuance.clone(), indexes);
        assert_eq!(result.unwrap_err(), IssuanceError::StatusIndexes, "{indexes:?}");
    }
    let offered = world.offer(false).issuance;
    assert_eq!(
        world.mint(ready, offered, &[1, 2]).unwrap_err(),
        IssuanceError::WrongState
    );
}

#[test]
fn one_offer_gives_a_bounded_number_of_copies() {
    let mut world = World::new();
    let (mut issuance, token) = world.authorized();
    world.settings.copies_per_offer = 3;
    let (nonce, record) = world.nonce();
    let request = world.request(&[1, 2], &nonce);
    let ready = world
        .check(&issuance, &token, &request)
        .unwrap()
        .nonces_used_up(&[record], &[], world.now)
        .unwrap();
    issuance = world.mint(ready, issuance, &[1, 2]).unwrap().issuance;
    assert!(
        world
            .check(&issuance, &token, &world.request(&[3], &nonce))
            .is_ok()
    );
    assert_eq!(
        world.check(&issuance, &token, &world.request(&[3, 4], &nonce)),
        Err(RejectionCode::CredentialRequestDenied)
    );
}

#[test]
fn offers_only_what_there_is() {
    let mut world = World::new();
    let mut env = Env {
        now: NOW,
        rng: &mut world.rng,
    };
    for ids in [&[][..], &["passport"], &[sandbox::IDENTITY, sandbox::IDENTITY]] {
        let result = Issuance::offer(&world.settings, ids, NewOfferOptions::default(), &mut env);
        assert!(
            matches!(result, Err(IssuanceError::UnknownConfiguration(_))),
            "{ids:?}"
        );
    }
    assert!(
        Issuance::offer(
            &world.settings,
            &[sandbox::IDENTITY, sandbox::RESIDENCE],
            NewOfferOptions::default(),
            &mut env
        )
        .is_ok()
    );
}

/// What we publish, our own wallet side accepts, also with HAIP demanded.
#[test]
fn metadata_round_trips() {
    use crate::oid4vci::{AuthorizationServerMetadata, IssuerMetadata};
    let settings = World::new().settings;
    let metadata = settings.metadata(&PROFILE).unwrap();
    let written = metadata.to_json();
    for configuration in written["credential_configurations_supported"]
        .as_object()
        .unwrap()
        .values()
    {
        assert!(
            configuration["credential_metadata"].is_object(),
            "peers tell 1.0 from drafts by it"
        );
    }
    let read = IssuerMetadata::from_object(written.as_object().unwrap(), &Profile::HAIP).unwrap();
    assert_eq!(read, metadata);
    let server = settings.authorization_server_metadata(&PROFILE).unwrap();
    let read =
        AuthorizationServerMetadata::from_object(server.to_json().as_object().unwrap(), &PROFILE).unwrap();
    assert_eq!(read, server);
    assert_eq!(
        read.pre_authorized_token_endpoint().unwrap().as_str(),
        "https://issuer.example/issuer/token"
    );
}

#[test]
fn indexes_are_drawn_evenly_enough() {
    let mut rng = Counter(7);
    let mut env = Env {
        now: NOW,
        rng: &mut rng,
    };
    let mut counts = [0_u32; 5];
    for _ in 0..5000 {
        let index = draw_index(5, &mut env).unwrap().unwrap();
        counts[usize::try_from(index).unwrap()] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
    assert_eq!(draw_index(0, &mut env).unwrap(), None);
}
