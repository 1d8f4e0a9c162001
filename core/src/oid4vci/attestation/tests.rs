//! Attestations of a wallet provider made here, and each way they can be wrong.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use serde_json::{Value, json};

use super::*;
use crate::crypto::{PublicKey, RustCrypto, Signer as _, SoftwareKey};
use crate::encoding::jws::{self, JwsError};
use crate::env::Env;
use crate::env::testing::Counter;
use crate::oid4vci::metadata::KeyAttestationsRequired;
use crate::oid4vci::proof::{KeyProof, ProofError, ProofExpectation, VerifiedKeyProof};
use crate::profile::Endpoint;
use crate::trust::{Anchor, ChainError};

/// 2027-01-15.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);

/// A wallet provider with its authority.
pub(crate) struct Provider {
    pub(crate) key: SoftwareKey,
    pub(crate) x5c: Vec<Vec<u8>>,
    authority: Vec<u8>,
}

impl Provider {
    pub(crate) fn new(number: u8) -> Self {
        let pair = |number: u8| {
            use p256::pkcs8::EncodePrivateKey as _;
            let secret = p256::SecretKey::from_slice(&[number; 32]).unwrap();
            KeyPair::try_from(secret.to_pkcs8_der().unwrap().as_bytes()).unwrap()
        };
        let params = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.not_before = date_time_ymd(2026, 1, 1);
            params.not_after = date_time_ymd(2028, 1, 1);
            params
        };
        let mut authority = params(&format!("Wallet provider authority {number}"));
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority_pair = pair(number);
        let certificate = authority.self_signed(&authority_pair).unwrap();
        let mut leaf = params("Wallet provider");
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let by = Issuer::from_params(&authority, &authority_pair);
        let leaf = leaf.signed_by(&pair(number + 1), &by).unwrap();
        Self {
            key: key(number + 1),
            x5c: vec![leaf.der().to_vec()],
            authority: certificate.der().to_vec(),
        }
    }

    pub(crate) fn anchors(&self, role: Role) -> TrustAnchors {
        let mut anchors = TrustAnchors::new();
        let anchor = Anchor {
            name: "Wallet providers".into(),
            certificate: self.authority.clone(),
            vct: Vec::new(),
            directly_trusted: false,
        };
        anchors.add(role, anchor).unwrap();
        anchors
    }

    /// A good attestation of the keys with these numbers.
    pub(crate) fn attest(&self, keys: &[u8], nonce: Option<&str>, now: Timestamp) -> String {
        let keys: Vec<PublicKey> = keys.iter().map(|number| key(*number).public_key()).collect();
        KeyAttestation {
            keys: &keys,
            key_storage: &[level::BASIC],
            user_authentication: &[level::BASIC],
            nonce,
            issued_at: now,
            expires_at: Some(now.plus(300)),
            status: None,
        }
        .sign(&self.x5c, &self.key)
        .unwrap()
    }
}

pub(crate) fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[number; 32]).unwrap()
}

fn attesters<'a>(anchors: &'a TrustAnchors, profile: &'a Profile) -> Attesters<'a> {
    Attesters {
        anchors,
        now: NOW,
        profile,
        crypto: &RustCrypto,
    }
}

/// What a document says, before it is signed.
fn key_claims() -> Value {
    json!({
        "iat": NOW.0,
        "exp": NOW.0 + 300,
        "attested_keys": [key(1).public_key().to_jwk(), key(2).public_key().to_jwk()],
        "key_storage": ["iso_18045_basic"],
        "user_authentication": ["iso_18045_basic"],
        "nonce": "n",
    })
}

fn signed(typ: &str, claims: &Value, provider: &Provider) -> String {
    jws::sign_jwt(typ, &provider.x5c, claims.as_object().unwrap(), &provider.key).unwrap()
}

fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut out = base.clone();
    match value {
        Value::Null => drop(out.as_object_mut().unwrap().remove(name)),
        value => out[name] = value,
    }
    out
}

#[test]
fn a_key_attestation_comes_back() {
    let provider = Provider::new(40);
    let anchors = provider.anchors(Role::WalletProvider);
    let judge = attesters(&anchors, &Profile::HAIP);
    let compact = provider.attest(&[1, 2], Some("n"), NOW);
    for usage in [KeyAttestationUse::Alone, KeyAttestationUse::BesideProof] {
        let read = VerifiedKeyAttestation::verify(&compact, usage, &judge).unwrap();
        assert_eq!(read.keys, [key(1).public_key(), key(2).public_key()]);
        assert_eq!(read.key_storage, [level::BASIC]);
        assert_eq!(read.user_authentication, [level::BASIC]);
        assert_eq!(read.nonce.as_deref(), Some("n"));
        assert_eq!(read.status, None);
    }
}

/// CI-24: each rule of Appendix D broken alone.
#[test]
fn key_attestations_that_are_refused() {
    let provider = Provider::new(40);
    let anchors = provider.anchors(Role::WalletProvider);
    let judge = attesters(&anchors, &Profile::BASELINE);
    let verify = |compact: &str, usage| VerifiedKeyAttestation::verify(compact, usage, &judge);
    let claims = key_claims();
    let refused = |name: &str, value: Value| {
        let compact = signed(key::TYP, &with(&claims, name, value), &provider);
        verify(&compact, KeyAttestationUse::Alone).unwrap_err()
    };
    assert!(verify(&signed(key::TYP, &claims, &provider), KeyAttestationUse::Alone).is_ok());
    assert_eq!(refused("exp", json!(NOW.0 - 61)), AttestationError::Time);
    assert_eq!(refused("iat", json!(NOW.0 + 61)), AttestationError::Time);
    assert!(matches!(refused("iat", Value::Null), AttestationError::Claim(_)));
    assert!(matches!(
        refused("exp", json!("never")),
        AttestationError::Claim(_)
    ));
    assert_eq!(refused("nonce", Value::Null), AttestationError::NoNonce);
    assert!(matches!(
        refused("attested_keys", json!([])),
        AttestationError::Claim(_)
    ));
    assert!(matches!(
        refused("attested_keys", Value::Null),
        AttestationError::Claim(_)
    ));
    let jwk = Value::Object(key(1).public_key().to_jwk());
    assert_eq!(refused("attested_keys", json!([jwk, jwk])), AttestationError::Key);
    assert_eq!(refused("attested_keys", json!(["x"])), AttestationError::Key);
    assert_eq!(
        refused("attested_keys", json!([with(&jwk, "d", json!("AA"))])),
        AttestationError::Key
    );
    let many = json!(vec![jwk.clone(); 101]);
    assert!(matches!(
        refused("attested_keys", many),
        AttestationError::Claim(_)
    ));
    assert_eq!(refused("status", json!("fine")), AttestationError::Status);
    assert_eq!(refused("status", json!({})), AttestationError::Status);

    // The end may be left out where the nonce shows it is fresh, and must be there beside a proof (Appendix D.1).
    let endless = signed(key::TYP, &with(&claims, "exp", Value::Null), &provider);
    assert!(verify(&endless, KeyAttestationUse::Alone).is_ok());
    assert_eq!(
        verify(&endless, KeyAttestationUse::BesideProof),
        Err(AttestationError::Time)
    );
    // Row 22: beside a proof the nonce is the proof's, unless high assurance is wanted.
    let no_nonce = signed(key::TYP, &with(&claims, "nonce", Value::Null), &provider);
    assert!(verify(&no_nonce, KeyAttestationUse::BesideProof).is_ok());
    let haip = attesters(&anchors, &Profile::HAIP);
    assert_eq!(
        VerifiedKeyAttestation::verify(&no_nonce, KeyAttestationUse::BesideProof, &haip),
        Err(AttestationError::NoNonce)
    );

    let misspelt = signed("keyattestation+jwt", &claims, &provider);
    assert!(verify(&misspelt, KeyAttestationUse::Alone).is_ok());
    assert_eq!(
        VerifiedKeyAttestation::verify(&misspelt, KeyAttestationUse::Alone, &haip),
        Err(AttestationError::Type)
    );
    for typ in ["JWT", "openid4vci-proof+jwt", wallet::TYP] {
        let other = signed(typ, &claims, &provider);
        assert_eq!(
            verify(&other, KeyAttestationUse::Alone),
            Err(AttestationError::Type)
        );
    }
    let long = "a".repeat((64 << 10) + 1);
    assert_eq!(
        verify(&long, KeyAttestationUse::Alone),
        Err(AttestationError::Jws(JwsError::Malformed))
    );
}

#[test]
fn only_anchors_for_wallet_providers_count() {
    let (provider, other) = (Provider::new(40), Provider::new(50));
    let compact = provider.attest(&[1], Some("n"), NOW);
    let verify = |compact: &str, anchors: &TrustAnchors| {
        let judge = attesters(anchors, &Profile::BASELINE);
        VerifiedKeyAttestation::verify(compact, KeyAttestationUse::Alone, &judge).map(|_| ())
    };
    let untrusted = Err(AttestationError::Chain(ChainError::Untrusted));
    assert_eq!(verify(&compact, &provider.anchors(Role::WalletProvider)), Ok(()));
    assert_eq!(verify(&compact, &other.anchors(Role::WalletProvider)), untrusted);
    for role in [
        Role::CredentialIssuer,
        Role::AccessCertificate,
        Role::StatusListSigner,
    ] {
        assert_eq!(verify(&compact, &provider.anchors(role)), untrusted, "{role:?}");
    }
    // The chain of one, the signature of another.
    let claims = key_claims();
    let borrowed = jws::sign_jwt(key::TYP, &provider.x5c, claims.as_object().unwrap(), &other.key).unwrap();
    assert_eq!(
        verify(&borrowed, &provider.anchors(Role::WalletProvider)),
        Err(AttestationError::Jws(JwsError::Signature))
    );
    let bare = jws::sign_jwt(key::TYP, &[], claims.as_object().unwrap(), &provider.key).unwrap();
    assert_eq!(
        verify(&bare, &provider.anchors(Role::WalletProvider)),
        Err(AttestationError::Chain(ChainError::Empty))
    );
}

#[test]
fn what_keys_must_be_like() {
    let provider = Provider::new(40);
    let anchors = provider.anchors(Role::WalletProvider);
    let judge = attesters(&anchors, &Profile::BASELINE);
    let compact = provider.attest(&[1], Some("n"), NOW);
    let read = VerifiedKeyAttestation::verify(&compact, KeyAttestationUse::Alone, &judge).unwrap();
    let required = |storage: &[&str], person: &[&str]| KeyAttestationsRequired {
        key_storage: storage.iter().map(|text| (*text).to_owned()).collect(),
        user_authentication: person.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert_eq!(read.meets(&required(&[], &[])), Ok(()));
    assert_eq!(read.meets(&required(&[level::HIGH, level::BASIC], &[])), Ok(()));
    let level_error = Err(AttestationError::Level);
    assert_eq!(read.meets(&required(&[level::HIGH], &[])), level_error);
    assert_eq!(
        read.meets(&required(&[level::BASIC], &[level::MODERATE])),
        level_error
    );
    let silent = signed(
        key::TYP,
        &with(&key_claims(), "key_storage", Value::Null),
        &provider,
    );
    let silent = VerifiedKeyAttestation::verify(&silent, KeyAttestationUse::Alone, &judge).unwrap();
    assert_eq!(silent.meets(&required(&[level::BASIC], &[])), level_error);
}

/// CI-23: the proof is signed with a key of the attestation.
#[test]
fn proofs_beside_an_attestation() {
    let provider = Provider::new(40);
    let anchors = provider.anchors(Role::WalletProvider);
    let judge = attesters(&anchors, &Profile::HAIP);
    let issuer = Endpoint::parse("https://issuer.example/a", &Profile::HAIP).unwrap();
    let expected = ProofExpectation {
        issuer: &issuer,
        client_id: None,
        nonce_required: true,
    };
    let verify = |proof: &str| VerifiedKeyProof::verify(proof, &expected, &judge);
    let attestation = provider.attest(&[1, 2], Some("n"), NOW);
    let proof = KeyProof {
        issuer: &issuer,
        c_nonce: Some("n"),
        client_id: None,
        issued_at: NOW,
        key_attestation: Some(&attestation),
    };
    let good = verify(&proof.sign(&key(2)).unwrap()).unwrap();
    assert_eq!(good.key, key(2).public_key());
    assert_eq!(good.attestation.unwrap().keys.len(), 2);
    assert_eq!(
        verify(&proof.sign(&key(3)).unwrap()),
        Err(ProofError::NotAttested)
    );
    let stranger = Provider::new(50).attest(&[1], Some("n"), NOW);
    let foreign = KeyProof {
        key_attestation: Some(&stranger),
        ..proof
    };
    assert_eq!(
        verify(&foreign.sign(&key(1)).unwrap()),
        Err(ProofError::Attestation(AttestationError::Chain(
            ChainError::Untrusted
        )))
    );

    // By place or by `kid`, as the example of Appendix F.1 has it.
    let by_kid = |kid: &str, signer: u8, attestation: &Value| {
        let header = json!({ "typ": "openid4vci-proof+jwt", "kid": kid, "key_attestation": attestation });
        let claims = json!({ "aud": issuer.as_str(), "iat": NOW.0, "nonce": "n" });
        let header = header.as_object().unwrap().clone();
        verify(&jws::sign(header, claims.to_string().as_bytes(), &key(signer)).unwrap())
    };
    let text = json!(attestation);
    assert_eq!(by_kid("1", 2, &text).unwrap().key, key(2).public_key());
    assert_eq!(by_kid("0", 2, &text), Err(ProofError::Jws(JwsError::Signature)));
    assert_eq!(by_kid("2", 2, &text), Err(ProofError::NotAttested));
    assert_eq!(by_kid("x", 2, &text), Err(ProofError::NotAttested));
    assert_eq!(
        by_kid("0", 1, &json!([attestation])),
        Err(ProofError::Jws(JwsError::Header))
    );
}

fn server() -> Endpoint {
    Endpoint::parse("https://issuer.example/issuer", &Profile::HAIP).unwrap()
}

fn wallet_attestation(provider: &Provider) -> String {
    WalletAttestation {
        provider: "https://wallet.example",
        client_id: "https://wallet.example",
        instance_key: &key(7).public_key(),
        wallet_name: "A wallet",
        wallet_version: "1",
        wallet_link: "https://wallet.example/about",
        issued_at: NOW,
        expires_at: NOW.plus(3600),
    }
    .sign(&provider.x5c, &provider.key)
    .unwrap()
}

fn proof_by(number: u8) -> String {
    let mut rng = Counter(0);
    let mut env = Env {
        now: NOW,
        rng: &mut rng,
    };
    ClientProof {
        client_id: "https://wallet.example",
        server: &server(),
        challenge: Some("c"),
    }
    .sign(&key(number), &mut env)
    .unwrap()
}

#[test]
fn a_wallet_authenticates_itself() {
    let provider = Provider::new(40);
    let anchors = provider.anchors(Role::WalletProvider);
    let judge = attesters(&anchors, &Profile::HAIP);
    let server = server();
    let expected = ClientExpectation {
        server: &server,
        client_id: Some("https://wallet.example"),
    };
    let attestation = wallet_attestation(&provider);
    let client = VerifiedClient::verify(&attestation, &proof_by(7), &expected, &judge).unwrap();
    assert_eq!(client.client_id, "https://wallet.example");
    assert_eq!(client.instance_key, key(7).public_key());
    assert_eq!(client.challenge.as_deref(), Some("c"));
    // Remembered until it is refused anyway, also by a clock that goes behind the one that forgets.
    let behind = |seconds| Attesters {
        now: client.good_until.plus(-crate::profile::CLOCK_LEEWAY - seconds),
        ..judge
    };
    let late = VerifiedClient::verify(&attestation, &proof_by(7), &expected, &behind(0));
    assert_eq!(late, Err(AttestationError::Time));
    assert!(VerifiedClient::verify(&attestation, &proof_by(7), &expected, &behind(1)).is_ok());
    assert_eq!(
        VerifiedClient::verify(&attestation, &proof_by(8), &expected, &judge),
        Err(AttestationError::Jws(JwsError::Signature)),
        "another key"
    );
    let other = ClientExpectation {
        client_id: Some("another"),
        ..expected
    };
    assert_eq!(
        VerifiedClient::verify(&attestation, &proof_by(7), &other, &judge),
        Err(AttestationError::Client)
    );
    let elsewhere = Endpoint::parse("https://other.example/issuer", &Profile::HAIP).unwrap();
    let elsewhere = ClientExpectation {
        server: &elsewhere,
        client_id: None,
    };
    assert_eq!(
        VerifiedClient::verify(&attestation, &proof_by(7), &elsewhere, &judge),
        Err(AttestationError::Audience)
    );
    let stranger = wallet_attestation(&Provider::new(50));
    assert_eq!(
        VerifiedClient::verify(&stranger, &proof_by(7), &expected, &judge),
        Err(AttestationError::Chain(ChainError::Untrusted))
    );
}

/// Each rule of sections 5.1 and 5.2 broken alone.
#[test]
fn wallet_attestations_and_proofs_that_are_refused() {
    let provider = Provider::new(40);
    let anchors = provider.anchors(Role::WalletProvider);
    let judge = attesters(&anchors, &Profile::HAIP);
    let server = server();
    let expected = ClientExpectation {
        server: &server,
        client_id: None,
    };
    let verify = |attestation: &str, proof: &str| {
        VerifiedClient::verify(attestation, proof, &expected, &judge).map(|client| client.status)
    };
    let claims = json!({
        "sub": "https://wallet.example",
        "exp": NOW.0 + 60,
        "cnf": { "jwk": key(7).public_key().to_jwk() },
    });
    let attested = |name: &str, value: Value| {
        verify(
            &signed(wallet::TYP, &with(&claims, name, value), &provider),
            &proof_by(7),
        )
    };
    // TS3 leaves `iss` out.
    assert_eq!(attested("iss", Value::Null), Ok(None));
    assert_eq!(attested("exp", json!(NOW.0 - 61)), Err(AttestationError::Time));
    assert!(matches!(
        attested("exp", Value::Null),
        Err(AttestationError::Claim(_))
    ));
    assert_eq!(attested("nbf", json!(NOW.0 + 61)), Err(AttestationError::Time));
    assert!(matches!(
        attested("sub", Value::Null),
        Err(AttestationError::Claim(_))
    ));
    assert_eq!(attested("sub", json!("another")), Err(AttestationError::Client));
    assert!(matches!(
        attested("cnf", Value::Null),
        Err(AttestationError::Claim(_))
    ));
    assert_eq!(attested("cnf", json!({ "kid": "1" })), Err(AttestationError::Key));
    assert_eq!(
        attested("status", json!({ "x": 1 })),
        Err(AttestationError::Status)
    );
    assert_eq!(
        attested("client_status", json!({})),
        Err(AttestationError::Status)
    );
    let list = json!({ "status_list": { "idx": 3, "uri": "https://wallet.example/1" } });
    let reference = StatusReference {
        idx: 3,
        uri: "https://wallet.example/1".into(),
    };
    assert_eq!(attested("status", list.clone()), Ok(Some(reference.clone())));
    let inside = json!({ "status": list, "exp": NOW.0 });
    assert_eq!(attested("client_status", inside), Ok(Some(reference)));
    let mistyped = signed("JWT", &claims, &provider);
    assert_eq!(verify(&mistyped, &proof_by(7)), Err(AttestationError::Type));

    let attestation = wallet_attestation(&provider);
    let said = json!({
        "iss": "https://wallet.example",
        "aud": server.as_str(),
        "jti": "j",
        "iat": NOW.0,
    });
    let proof = |typ: &str, claims: &Value| {
        verify(
            &attestation,
            &jws::sign_jwt(typ, &[], claims.as_object().unwrap(), &key(7)).unwrap(),
        )
    };
    let changed = |name: &str, value: Value| proof(client::TYP, &with(&said, name, value));
    assert_eq!(changed("iss", Value::Null), Ok(None), "later drafts leave it out");
    assert_eq!(changed("iss", json!("another")), Err(AttestationError::Client));
    assert_eq!(changed("aud", json!([server.as_str()])), Ok(None));
    let both = json!([server.as_str(), "https://other.example"]);
    assert_eq!(changed("aud", both), Err(AttestationError::Audience));
    assert_eq!(
        changed("aud", json!("https://issuer.example")),
        Err(AttestationError::Audience)
    );
    assert!(matches!(
        changed("aud", Value::Null),
        Err(AttestationError::Claim(_))
    ));
    assert!(matches!(
        changed("jti", Value::Null),
        Err(AttestationError::Claim(_))
    ));
    assert!(matches!(
        changed("jti", json!("j".repeat(257))),
        Err(AttestationError::Claim(_))
    ));
    assert_eq!(
        changed("iat", json!(NOW.0 - client::MAX_AGE - 1)),
        Err(AttestationError::Time)
    );
    assert_eq!(changed("iat", json!(NOW.0 + 61)), Err(AttestationError::Time));
    assert_eq!(changed("exp", json!(NOW.0 - 60)), Err(AttestationError::Time));
    assert_eq!(changed("nbf", json!(NOW.0 + 61)), Err(AttestationError::Time));
    assert_eq!(proof("JWT", &said), Err(AttestationError::Type));
}

/// What the wallet says to its provider.
#[test]
fn keys_are_proved_to_the_provider() {
    use super::provider::{KeyAttestationRequest, ProvedKey, WalletAttestationRequest, prove};
    let anchors = TrustAnchors::new();
    let judge = attesters(&anchors, &Profile::BASELINE);
    let us = "https://wallet.example";
    let proof = prove(&key(1), us, Some("n"), NOW).unwrap();
    let proved = ProvedKey::verify(&proof, us, &judge).unwrap();
    assert_eq!(
        (proved.key, proved.nonce.as_deref()),
        (key(1).public_key(), Some("n"))
    );
    assert_eq!(
        ProvedKey::verify(&proof, "https://other.example", &judge),
        Err(AttestationError::Audience)
    );
    for shift in [-301, 61] {
        let then = prove(&key(1), us, None, NOW.plus(shift)).unwrap();
        assert_eq!(ProvedKey::verify(&then, us, &judge), Err(AttestationError::Time));
    }
    // The key of one, the signature of another; and a key proof for an issuer is not one for the provider.
    let claims = json!({ "aud": us, "iat": NOW.0 });
    let header = |typ: &str| json!({ "typ": typ, "jwk": key(1).public_key().to_jwk() });
    let by = |typ: &str, number: u8| {
        let header = header(typ).as_object().unwrap().clone();
        let compact = jws::sign(header, claims.to_string().as_bytes(), &key(number)).unwrap();
        ProvedKey::verify(&compact, us, &judge).map(|_| ())
    };
    assert_eq!(by(provider::TYP, 1), Ok(()));
    assert_eq!(
        by(provider::TYP, 2),
        Err(AttestationError::Jws(JwsError::Signature))
    );
    assert_eq!(by("openid4vci-proof+jwt", 1), Err(AttestationError::Type));

    let asked = WalletAttestationRequest {
        client_id: "c".into(),
        proof: proof.clone(),
    };
    let http = asked.to_http(us);
    assert_eq!(
        http.url,
        "https://wallet.example/v1/wallet-provider/wallet-attestation"
    );
    assert_eq!(
        WalletAttestationRequest::parse(http.body.unwrap().as_bytes()),
        Ok(asked)
    );
    let asked = KeyAttestationRequest { proofs: vec![proof] };
    let body = asked.to_http(us).body.unwrap();
    assert_eq!(
        KeyAttestationRequest::parse(body.as_bytes(), &Profile::BASELINE),
        Ok(asked)
    );
    for wrong in ["", "[]", "{}", r#"{"proofs":[]}"#, r#"{"proofs":"x"}"#] {
        assert!(
            KeyAttestationRequest::parse(wrong.as_bytes(), &Profile::BASELINE).is_err(),
            "{wrong}"
        );
        assert!(
            WalletAttestationRequest::parse(wrong.as_bytes()).is_err(),
            "{wrong}"
        );
    }
}
