//! Issuing to attested keys: both forms, and what is refused.

use super::proofs::ProvenKeys;
use super::*;
use crate::crypto::{PublicKey, RustCrypto, Signer as _};
use crate::oid4vci::attestation::tests::{NOW, Provider, key};
use crate::oid4vci::attestation::{KeyAttestation, level};
use crate::oid4vci::metadata::{KeyAttestationsRequired, ProofType};
use crate::oid4vci::{Attesters, CredentialConfiguration, KeyProof, Proofs, RejectionCode};
use crate::profile::{Endpoint, Profile};
use crate::status::StatusReference;
use crate::trust::{Role, TrustAnchors};

const PROFILE: Profile = Profile::HAIP;

struct World {
    provider: Provider,
    anchors: TrustAnchors,
    settings: IssuerSettings,
    configuration: CredentialConfiguration,
}

impl World {
    /// An issuer that demands attested keys, of either proof type.
    fn new() -> Self {
        let provider = Provider::new(40);
        let identifier = Endpoint::parse("https://issuer.example/issuer", &PROFILE).unwrap();
        let settings = sandbox::settings(identifier);
        let mut demanding = settings.clone();
        let required = KeyAttestationsRequired {
            key_storage: vec![level::BASIC.into()],
            user_authentication: Vec::new(),
        };
        demanding.demand_attested_keys(sandbox::RESIDENCE, &required);
        let configuration = demanding.configurations[sandbox::RESIDENCE].clone();
        Self {
            anchors: provider.anchors(Role::WalletProvider),
            provider,
            settings,
            configuration,
        }
    }

    fn proof(&self, seed: u8, attestation: Option<&str>) -> String {
        KeyProof {
            issuer: &self.settings.identifier,
            c_nonce: Some("n"),
            client_id: None,
            issued_at: NOW,
            key_attestation: attestation,
        }
        .sign(&key(seed))
        .unwrap()
    }

    fn check(&self, proofs: &Proofs) -> Result<ProvenKeys, RejectionCode> {
        let attesters = Attesters {
            anchors: &self.anchors,
            now: NOW,
            profile: &PROFILE,
            crypto: &RustCrypto,
        };
        ProvenKeys::check(proofs, &self.configuration, None, &self.settings, &attesters)
            .map_err(|rejection| rejection.code)
    }
}

fn keys(seeds: &[u8]) -> Vec<PublicKey> {
    seeds.iter().map(|seed| key(*seed).public_key()).collect()
}

/// CI-23, CI-24: one copy for each attested key, whichever way the attestation came.
#[test]
fn every_attested_key_gets_a_copy() {
    let world = World::new();
    let attestation = world.provider.attest(&[1, 2, 3], Some("n"), NOW);
    let alone = world.check(&Proofs::Attestation(attestation.clone())).unwrap();
    assert_eq!(alone.keys, keys(&[1, 2, 3]));
    assert_eq!(alone.nonces.iter().collect::<Vec<_>>(), ["n"]);
    let one = Proofs::Jwt(vec![world.proof(1, Some(&attestation))]);
    assert_eq!(world.check(&one).unwrap(), alone);
    // A proof for each key, each with the same attestation: no key twice.
    let each = Proofs::Jwt([1, 2, 3].map(|seed| world.proof(seed, Some(&attestation))).into());
    assert_eq!(world.check(&each).unwrap(), alone);
}

#[test]
fn what_an_issuer_of_attested_keys_refuses() {
    let mut world = World::new();
    let attestation = world.provider.attest(&[1, 2], Some("n"), NOW);
    let refused = Err(RejectionCode::InvalidProof);
    let jwt = |proof: String| Proofs::Jwt(vec![proof]);
    assert_eq!(world.check(&jwt(world.proof(1, None))), refused, "none");
    assert_eq!(
        world.check(&jwt(world.proof(3, Some(&attestation)))),
        refused,
        "another key"
    );
    let mixed = Proofs::Jwt(vec![world.proof(1, Some(&attestation)), world.proof(3, None)]);
    assert_eq!(world.check(&mixed), refused, "not all proofs have one");
    let stranger = Provider::new(50).attest(&[1], Some("n"), NOW);
    assert_eq!(
        world.check(&Proofs::Attestation(stranger)),
        refused,
        "another anchor"
    );
    let old = world.provider.attest(&[1], Some("n"), NOW.plus(-400));
    assert_eq!(world.check(&Proofs::Attestation(old)), refused, "expired");
    let seeds: Vec<u8> = (1..=11).collect();
    let many = world.provider.attest(&seeds, Some("n"), NOW);
    assert_eq!(
        world.check(&Proofs::Attestation(many)),
        refused,
        "more than a batch"
    );
    assert_eq!(world.check(&Proofs::Jwt(Vec::new())), refused, "empty");

    // The nonces of both are used up, so an attestation made for another time does not come through.
    let other = world.provider.attest(&[1], Some("other"), NOW);
    let both = world.check(&jwt(world.proof(1, Some(&other)))).unwrap();
    assert_eq!(both.nonces.iter().collect::<Vec<_>>(), ["n", "other"]);

    let demand = |world: &mut World, storage: &str| {
        let types = [("jwt", storage), ("attestation", storage)]
            .into_iter()
            .map(|(name, storage)| {
                let required = KeyAttestationsRequired {
                    key_storage: vec![storage.into()],
                    user_authentication: Vec::new(),
                };
                let demanding = ProofType {
                    signing_algorithms: vec!["ES256".into()],
                    key_attestations_required: Some(required),
                };
                (name.to_owned(), demanding)
            });
        world.configuration.proof_types = types.collect();
    };
    demand(&mut world, level::HIGH);
    assert_eq!(
        world.check(&Proofs::Attestation(attestation.clone())),
        refused,
        "level"
    );
    // A type of proof that the metadata does not list.
    world.configuration = world.settings.configurations[sandbox::RESIDENCE].clone();
    assert_eq!(
        world.check(&Proofs::Attestation(attestation)),
        refused,
        "type of proof"
    );
}

/// A status is looked up by somebody else; until it is found good, nothing is issued.
#[test]
fn a_status_must_be_found_good() {
    let world = World::new();
    let reference = StatusReference {
        idx: 4,
        uri: "https://wallet.example/status/1".into(),
    };
    let attestation = KeyAttestation {
        keys: &keys(&[1]),
        key_storage: &[level::BASIC],
        user_authentication: &[],
        nonce: Some("n"),
        issued_at: NOW,
        expires_at: None,
        status: Some(&reference),
    }
    .sign(&world.provider.x5c, &world.provider.key)
    .unwrap();
    let proven = world.check(&Proofs::Attestation(attestation)).unwrap();
    let checked = CheckedRequest::for_tests(sandbox::RESIDENCE, proven);
    let nonce = NonceRecord {
        fingerprint: checked.nonce_fingerprints().remove(0),
        expires_at: NOW.plus(10),
    };
    let found = [nonce];
    let statuses = checked.statuses().to_vec();
    assert_eq!(statuses[0].reference, reference);
    let code = |good: &[AttestationStatus]| {
        let result = checked.clone().nonces_used_up(&found, good, NOW);
        result
            .map(|ready| ready.indexes())
            .map_err(|rejection| rejection.code)
    };
    assert_eq!(code(&[]), Err(RejectionCode::InvalidProof));
    let mut other = statuses.clone();
    other[0].reference.idx = 5;
    assert_eq!(code(&other), Err(RejectionCode::InvalidProof));
    assert_eq!(code(&statuses), Ok(1));
}

/// A refresh token that was given to an attested wallet is good with its very key (Attestation-Based Client
/// Authentication §11.2); one that was not is good without.
#[test]
fn refresh_tokens_belong_to_the_attested_key() {
    use crate::env::Env;
    use crate::env::testing::Counter;
    use crate::oid4vci::{ClientAuth, Grant, SecretText, TokenRequest};
    let world = World::new();
    let token = SecretText::new("refresh");
    let wanted = Wanted {
        configuration_ids: vec![sandbox::RESIDENCE.into()],
        by_details: Vec::new(),
        scope: None,
    };
    let redeem = |bound_to: Option<&str>, instance_jkt: Option<&str>| {
        let issuance = Issuance::Authorized(Authorized {
            dpop_jkt: Some("d".into()),
            refresh: Some(Refresh {
                fingerprint: token.fingerprint(),
                expires_at: NOW.plus(60),
                instance_jkt: bound_to.map(str::to_owned),
            }),
            ..Authorized::new("1".into(), wanted.clone(), NOW)
        });
        let request = TokenRequest {
            grant: Grant::Refresh {
                refresh_token: token.clone(),
            },
            client: ClientAuth::default(),
            configuration_ids: Vec::new(),
        };
        let asking = Asking {
            client: None,
            dpop_jkt: Some("d"),
            instance_jkt,
        };
        let mut env = Env {
            now: NOW,
            rng: &mut Counter(0),
        };
        let redeemed = issuance
            .redeem(&request, &asking, &world.settings, &mut env)
            .unwrap();
        redeemed.answer.map(|_| ()).map_err(|rejection| rejection.code)
    };
    assert_eq!(redeem(Some("i"), Some("i")), Ok(()));
    assert_eq!(redeem(Some("i"), Some("j")), Err(RejectionCode::InvalidGrant));
    assert_eq!(redeem(Some("i"), None), Err(RejectionCode::InvalidGrant));
    assert_eq!(redeem(None, None), Ok(()));
    assert_eq!(redeem(None, Some("i")), Ok(()));
}
