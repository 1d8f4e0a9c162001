//! Cards asked for by name, key proofs of a named client, cards put off, and what holds for every order of steps.

use proptest::prelude::*;

use super::sign_in_tests::{BACK, GOOD, NOW, Redeeming, World, at_rest, why};
use super::*;
use crate::crypto::{RustCrypto, Signer as _, SoftwareKey};
use crate::oid4vci::{
    Attesters, ClientAuth, CredentialAnswer, CredentialRequest, CredentialTarget, DeferredRequest, Grant,
    KeyProof, Proofs, RejectionCode, SecretText, TokenRequest,
};
use crate::profile::Profile;
use crate::trust::TrustAnchors;

impl World {
    /// Asks for `target` with a proof that says `client`.
    fn check(
        &self,
        issuance: &Issuance,
        token: &SecretText,
        target: CredentialTarget,
        client: Option<&str>,
    ) -> Result<(), RejectionCode> {
        let key = SoftwareKey::from_bytes(&[5; 32]).unwrap();
        let proof = KeyProof {
            issuer: &self.settings.identifier,
            c_nonce: Some("n"),
            client_id: client,
            key_attestation: None,
            issued_at: self.now,
        };
        let request = CredentialRequest {
            target,
            proofs: Proofs::Jwt(vec![proof.sign(&key).unwrap()]),
        };
        let attesters = Attesters {
            anchors: &TrustAnchors::new(),
            now: self.now,
            profile: &Profile::BASELINE,
            crypto: &RustCrypto,
        };
        let presented = Presented {
            token,
            dpop_jkt: None,
        };
        issuance
            .check_request(&presented, &request, &self.settings, &attesters)
            .map(drop)
            .map_err(|rejection| rejection.code)
    }

    /// An offer of both cards, redeemed.
    fn pre_authorized(&mut self, client: ClientAuth, details: &[&str]) -> Redeemed {
        let (mut env, settings) = self.env();
        let ids = [sandbox::RESIDENCE, sandbox::IDENTITY];
        let new = Issuance::offer(settings, &ids, NewOfferOptions::default(), &mut env).unwrap();
        let code = new.offer.pre_authorized_code.unwrap().pre_authorized_code;
        let request = TokenRequest {
            grant: Grant::PreAuthorized { code, tx_code: None },
            client,
            configuration_ids: details.iter().map(|id| (*id).to_owned()).collect(),
        };
        at_rest(new.issuance)
            .redeem(&request, &Asking::default(), settings, &mut env)
            .unwrap()
    }
}

fn by_id(id: &str) -> CredentialTarget {
    CredentialTarget::Identifier(id.into())
}

fn by_configuration(id: &str) -> CredentialTarget {
    CredentialTarget::Configuration(id.into())
}

/// CI-13, OpenID4VCI 1.0 §6.2 and §8.2: what was asked for by details has a name in the token answer, and no other way leads
/// to it. What was asked for by scope has none.
#[test]
fn cards_asked_for_by_details_are_requested_by_identifier() {
    let mut world = World::new();
    let (by_details, by_scope) = (sandbox::IDENTITY, sandbox::RESIDENCE);
    let mut request = world.request();
    request.configuration_ids = vec![by_details.into()];
    let pushed = world.push(None, &request).unwrap();
    let approving = world.approve(pushed.issuance).unwrap();
    let redeemed = world.redeem(&approving.issuance, &approving.code, GOOD);
    let answer = redeemed.answer.unwrap();
    assert_eq!(answer.authorization_details.len(), 1);
    let name = answer.credential_identifier(by_details).unwrap();
    assert_eq!(answer.credential_identifier(by_scope), None);
    let issuance = at_rest(redeemed.issuance);
    for (target, expected) in [
        (by_id(name), Ok(())),
        (by_configuration(by_scope), Ok(())),
        (
            by_configuration(by_details),
            Err(RejectionCode::InvalidCredentialRequest),
        ),
        (by_id(by_scope), Err(RejectionCode::UnknownCredentialIdentifier)),
        (by_id("other"), Err(RejectionCode::UnknownCredentialIdentifier)),
        (
            by_configuration("other"),
            Err(RejectionCode::UnknownCredentialConfiguration),
        ),
    ] {
        let shown = format!("{target:?}");
        let checked = world.check(&issuance, &answer.access_token, target, Some("wallet"));
        assert_eq!(checked, expected, "{shown}");
    }
    // A card that was not agreed to stays out, by either way.
    let Approving { issuance, code } = world.approved(None);
    let redeemed = world.redeem(&issuance, &code, GOOD);
    let token = redeemed.answer.unwrap().access_token;
    for (target, code) in [
        (by_id(by_details), RejectionCode::UnknownCredentialIdentifier),
        (
            by_configuration(by_details),
            RejectionCode::CredentialRequestDenied,
        ),
    ] {
        let checked = world.check(&redeemed.issuance, &token, target, None);
        assert_eq!(checked, Err(code));
    }
}

/// §6.1.1: a wallet chooses from an offer, and gets what it chose by name. Nothing that was not offered, and the code stays
/// good for who asks rightly.
#[test]
fn a_wallet_chooses_from_an_offer_by_details() {
    let mut world = World::new();
    let (chosen, left) = (sandbox::IDENTITY, sandbox::RESIDENCE);
    let redeemed = world.pre_authorized(ClientAuth::default(), &[chosen]);
    let answer = redeemed.answer.unwrap();
    let name = answer.credential_identifier(chosen).unwrap();
    for (target, expected) in [
        (by_id(name), Ok(())),
        (
            by_configuration(chosen),
            Err(RejectionCode::InvalidCredentialRequest),
        ),
        (
            by_configuration(left),
            Err(RejectionCode::CredentialRequestDenied),
        ),
    ] {
        let checked = world.check(&redeemed.issuance, &answer.access_token, target, None);
        assert_eq!(checked, expected);
    }
    let refused = world.pre_authorized(ClientAuth::default(), &[chosen, "passport"]);
    assert_eq!(why(&refused.answer), RejectionCode::InvalidAuthorizationDetails);
    assert!(matches!(refused.issuance, Issuance::Offered(_)));
}

#[test]
fn a_refreshed_token_names_the_same_cards() {
    let mut world = World::new();
    let mut request = world.request();
    request.configuration_ids = vec![sandbox::RESIDENCE.into()];
    let pushed = world.push(None, &request).unwrap();
    let approving = world.approve(pushed.issuance).unwrap();
    let jkt = Some("key");
    let first = world.redeem(&approving.issuance, &approving.code, Redeeming { jkt, ..GOOD });
    let answer = first.answer.unwrap();
    let refresh = answer.refresh_token.unwrap();
    let second = world.refresh(&first.issuance, &refresh, Some("wallet"), jkt);
    assert_eq!(
        second.answer.unwrap().authorization_details,
        answer.authorization_details
    );
}

/// CI-23: the client of the sign-in; for a pre-authorised code the one that named itself; else nobody.
#[test]
fn key_proofs_come_from_the_client_of_the_token() {
    let mut world = World::new();
    let Approving { issuance, code } = world.approved(None);
    let signed_in = world.redeem(&issuance, &code, GOOD);
    let anonymous = world.pre_authorized(ClientAuth::default(), &[]);
    let named = world.pre_authorized(ClientAuth::public("app"), &[]);
    for (redeemed, iss, good) in [
        (&signed_in, Some("wallet"), true),
        (&signed_in, None, true),
        (&signed_in, Some("app"), false),
        (&anonymous, None, true),
        (&anonymous, Some("app"), false),
        (&named, Some("app"), true),
        (&named, None, true),
        (&named, Some("wallet"), false),
    ] {
        let token = &redeemed.answer.as_ref().unwrap().access_token;
        let issuance = at_rest(redeemed.issuance.clone());
        let checked = world.check(&issuance, token, by_configuration(sandbox::RESIDENCE), iss);
        let expected = if good {
            Ok(())
        } else {
            Err(RejectionCode::InvalidProof)
        };
        assert_eq!(checked, expected, "{iss:?}");
    }
}

/// CI-27: nobody is told to come back when there is no token left to come back with.
#[test]
fn cards_are_put_off_only_as_long_as_the_wallet_can_come_back() {
    for (jkt, asked, expected) in [
        (None, 5, 5),
        (None, 86_400, 240),
        (Some("key"), 86_400, 86_400),
        (Some("key"), u32::MAX, 90 * 86_400 - 60),
        (None, 0, 1),
    ] {
        let mut world = World::new();
        let Approving { issuance, code } = world.approved(Some(asked));
        let redeemed = world.redeem(&issuance, &code, Redeeming { jkt, ..GOOD });
        let answer = redeemed.answer.unwrap();
        let ready = ReadyRequest {
            configuration_id: sandbox::RESIDENCE.into(),
            keys: vec![SoftwareKey::from_bytes(&[5; 32]).unwrap().public_key()],
            transaction: None,
            given: None,
        };
        let (mut env, _) = world.env();
        let put_off = ready.defer(redeemed.issuance, asked, &mut env).unwrap();
        let CredentialAnswer::Later {
            transaction_id,
            interval,
        } = put_off.answer
        else {
            panic!("issued")
        };
        assert_eq!(interval, expected, "{jkt:?} {asked}");
        // In time it is there, with the first token where there is no other.
        if jkt.is_none() {
            let presented = Presented {
                token: &answer.access_token,
                dpop_jkt: None,
            };
            let at = NOW.plus(i64::try_from(interval).unwrap());
            let picked = put_off
                .issuance
                .pick_up(&presented, &DeferredRequest { transaction_id }, at);
            assert!(matches!(picked, Ok(PickUp::Ready(_))));
        }
    }
}

/// One step of somebody, right or wrong.
#[derive(Debug, Clone)]
enum Move {
    Push,
    Approve,
    Decline,
    Redeem {
        right_code: bool,
        right_client: bool,
        right_address: bool,
        right_verifier: bool,
        key: Option<bool>,
    },
    Refresh {
        right_client: bool,
        key: Option<bool>,
    },
    Wait(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    // Mostly right, so that the walk gets somewhere.
    let right = || prop::bool::weighted(0.85);
    let key = || prop_oneof![3 => Just(Some(true)), 1 => Just(Some(false)), 2 => Just(None)];
    let one = prop_oneof![
        2 => Just(Move::Push),
        4 => Just(Move::Approve),
        1 => Just(Move::Decline),
        6 => (right(), right(), right(), right(), key()).prop_map(
            |(right_code, right_client, right_address, right_verifier, key)| Move::Redeem {
                right_code, right_client, right_address, right_verifier, key,
            }
        ),
        4 => (right(), key()).prop_map(|(right_client, key)| Move::Refresh { right_client, key }),
        3 => prop_oneof![1..30_i64, 30..700_i64, Just(91 * 86_400_i64)].prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 1..25)
}

proptest! {
    /// Whatever comes in whatever order: tokens come only of the right code, once, for the right client, address, verifier and
    /// key, in time; what is over stays over; and a token without its key is nothing.
    #[test]
    fn no_order_of_steps_gives_a_token_it_should_not(moves in moves(), bound in any::<bool>()) {
        let mut world = World::new();
        let mut request = world.request();
        request.dpop_jkt = bound.then(|| "key".to_owned());
        let mut issuance = world.invite(None).issuance;
        let id = issuance.id().to_owned();
        let (mut code, mut refresh, mut redeemed_once) = (None::<SecretText>, None::<SecretText>, false);
        let mut void = Vec::<SecretText>::new();
        for step in moves {
            let before = issuance.clone();
            let over = matches!(before, Issuance::Closed(_));
            let mut tokens = None;
            match step {
                Move::Wait(seconds) => world.now = world.now.plus(seconds),
                Move::Push => {
                    let waits = matches!(
                        before,
                        Issuance::Invited(_) | Issuance::Pushed(_) | Issuance::Approved(_)
                    );
                    if let Ok(pushing) = world.push(Some(before.clone()), &request) {
                        prop_assert!(waits);
                        issuance = pushing.issuance;
                    }
                }
                Move::Approve => {
                    let waits = matches!(before, Issuance::Pushed(_));
                    if let Some(approving) = world.approve(before.clone()) {
                        prop_assert!(waits && !redeemed_once);
                        // A code before this one was given up.
                        void.extend(code.replace(approving.code));
                        issuance = approving.issuance;
                    }
                }
                Move::Decline if matches!(before, Issuance::Pushed(_)) => {
                    issuance = before.clone().decline(world.now);
                }
                Move::Decline => {}
                Move::Redeem { right_code, right_client, right_address, right_verifier, key } => {
                    let guess = void.last().cloned().unwrap_or_else(|| SecretText::new("guess"));
                    let with = Redeeming {
                        client: Some(if right_client { "wallet" } else { "other" }),
                        redirect_uri: if right_address { BACK } else { "https://other.example/" },
                        verifier: (!right_verifier).then_some("01234567890123456789012345678901234567890123"),
                        jkt: key.map(|right| if right { "key" } else { "other" }),
                    };
                    let given = code.clone().filter(|_| right_code);
                    let result = world.redeem(&before, given.as_ref().unwrap_or(&guess), with);
                    issuance = result.issuance;
                    match result.answer {
                        Ok(answer) => {
                            prop_assert!(given.is_some() && right_client && right_address && right_verifier);
                            prop_assert!(!bound || key == Some(true));
                            prop_assert!(!redeemed_once, "twice");
                            let Issuance::Approved(approved) = &before else { panic!("{before:?}") };
                            prop_assert!(world.now < approved.expires_at);
                            prop_assert_eq!(answer.refresh_token.is_some(), key.is_some());
                            redeemed_once = true;
                            refresh.clone_from(&answer.refresh_token);
                            tokens = Some((answer, with.jkt));
                        }
                        Err(_) => {
                            // The right code a second time, by anybody, ends it (RFC 6749 §4.1.2); a wrong one changes nothing.
                            let second = given.is_some() && matches!(before, Issuance::Authorized(_));
                            prop_assert_eq!(second, matches!(
                                &issuance,
                                Issuance::Closed(closed)
                                    if closed.because == ClosedBecause::CodeReused && !over
                            ));
                            prop_assert!(given.is_some() || issuance == before);
                        }
                    }
                }
                Move::Refresh { right_client, key } => {
                    let token = refresh.clone().unwrap_or_else(|| SecretText::new("guess"));
                    let jkt = key.map(|right| if right { "key" } else { "other" });
                    let client = if right_client { "wallet" } else { "other" };
                    let result = world.refresh(&before, &token, Some(client), jkt);
                    match result.answer {
                        Ok(answer) => {
                            let Issuance::Authorized(authorized) = &before else { panic!("{before:?}") };
                            prop_assert!(refresh.is_some() && right_client && jkt.is_some());
                            prop_assert_eq!(authorized.dpop_jkt.as_deref(), jkt);
                            prop_assert!(world.now < authorized.refresh.as_ref().unwrap().expires_at);
                            tokens = Some((answer, jkt));
                        }
                        Err(rejection) => {
                            prop_assert_eq!(rejection.code, RejectionCode::InvalidGrant);
                            prop_assert_eq!(&result.issuance, &before);
                        }
                    }
                    issuance = result.issuance;
                }
            }
            issuance = at_rest(issuance);
            prop_assert_eq!(issuance.id(), id.as_str());
            prop_assert!(!over || issuance == before, "what is over stays over");
            if let Some((answer, jkt)) = tokens {
                let uses = |dpop_jkt, now| {
                    let token = &answer.access_token;
                    issuance.with_token(&Presented { token, dpop_jkt }, now).is_ok()
                };
                prop_assert!(uses(jkt, world.now));
                prop_assert!(!uses(jkt.map_or(Some("key"), |_| None), world.now));
                let life = if jkt.is_some() { 3600 } else { 300 };
                prop_assert!(!uses(jkt, world.now.plus(life)));
            }
        }
    }
}

/// The refusals of the token endpoint for a code of the wrong flow.
/// A server reads what the one before it stored: each state is an object without parts of its own.
#[test]
fn states_are_flat_at_rest() {
    let mut world = World::new();
    let request = world.request();
    let pushed = world.push(None, &request).unwrap().issuance;
    let approving = world.approve(pushed.clone()).unwrap();
    let authorized = world.redeem(&approving.issuance, &approving.code, GOOD).issuance;
    for (issuance, own) in [
        (pushed, "request_fingerprint"),
        (approving.issuance, "code_challenge"),
        (authorized, "token_fingerprint"),
    ] {
        let stored = serde_json::to_value(&issuance).unwrap();
        for name in ["state", "id", "configuration_ids", "by_details", "scope", own] {
            assert!(stored.get(name).is_some(), "{name} of {stored}");
        }
        assert!(
            !stored
                .as_object()
                .unwrap()
                .values()
                .any(serde_json::Value::is_object)
        );
    }
}

#[test]
fn codes_of_one_flow_are_nothing_in_the_other() {
    let mut world = World::new();
    let (mut env, settings) = world.env();
    let options = NewOfferOptions::default();
    let new = Issuance::offer(settings, &[sandbox::RESIDENCE], options, &mut env).unwrap();
    let code = new.offer.pre_authorized_code.unwrap().pre_authorized_code;
    let redeemed = world.redeem(&new.issuance, &code, GOOD);
    assert_eq!(why(&redeemed.answer), RejectionCode::InvalidGrant);
    assert_eq!(redeemed.issuance, new.issuance);
    let refreshed = world.refresh(&new.issuance, &code, None, Some("key"));
    assert_eq!(why(&refreshed.answer), RejectionCode::InvalidGrant);
    assert_eq!(refreshed.issuance, new.issuance);
}
