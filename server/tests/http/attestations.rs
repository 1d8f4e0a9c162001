//! The wallet provider role, and issuing to attested keys.

use crate::authorize::{self, redeem_with};
use crate::common::holder::{PROFILE, key, redeeming};
use crate::common::{Answer, Sandbox};
use assent_core::crypto::{RustCrypto, Signer as _, SoftwareKey};
use assent_core::http::Method;
use assent_core::issuer::sandbox::RESIDENCE;

use assent_core::oid4vci::DpopProof;
use assent_core::oid4vci::attestation::provider::{
    KEYS_PATH, KeyAttestationRequest, WALLET_PATH, WalletAttestationRequest, prove,
};
use assent_core::oid4vci::attestation::{
    ClientProof, KeyAttestation, KeyAttestationUse, VerifiedKeyAttestation, VerifiedWalletAttestation, level,
};
use assent_core::oid4vci::{
    Attesters, CredentialRequest, CredentialTarget, IssuerMetadata, KeyProof, Proofs,
};
use assent_core::profile::Endpoint;
use assent_core::sd_jwt::UnverifiedSdJwt;
use assent_core::status::{Status, StatusBits, StatusList, StatusListClaims, StatusReference};
use assent_core::trust::TrustAnchors;
use assent_server::config::ClientAttestation;
use assent_server::crypto::RingSigner;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

fn attesters<'a>(server: &Sandbox, anchors: &'a TrustAnchors) -> Attesters<'a> {
    Attesters {
        anchors,
        now: server.now(),
        profile: &PROFILE,
        crypto: &RustCrypto,
    }
}

async fn anchors(server: &Sandbox) -> TrustAnchors {
    TrustAnchors::from_json(&server.get("/v1/registry/anchors").await.expect(200).json()).unwrap()
}

fn proofs(server: &Sandbox, keys: &[SoftwareKey], nonce: &str) -> Vec<String> {
    keys.iter()
        .map(|key| prove(key, &server.base, Some(nonce), server.now()).unwrap())
        .collect()
}

async fn attest(server: &Sandbox, keys: &[SoftwareKey], nonce: &str) -> String {
    let asked = KeyAttestationRequest {
        proofs: proofs(server, keys, nonce),
    };
    let response = server.send(&asked.to_http(&server.base)).await;
    KeyAttestationRequest::answer(&response, &PROFILE).unwrap()
}

/// An issuer that wants attested keys for the residence card.
async fn demanding() -> Sandbox {
    Sandbox::start_with(|config| config.issuer.attested_keys = vec![RESIDENCE.into()]).await
}

async fn token(server: &Sandbox) -> String {
    let (_, offer) = server.offer(&json!({ "card": "residence" })).await;
    server.token(&offer, None).await.access_token()
}

async fn ask(server: &Sandbox, token: &str, proofs: Proofs) -> Answer {
    let request = CredentialRequest {
        target: CredentialTarget::Configuration(RESIDENCE.into()),
        proofs,
    };
    let body = request.to_json();
    server
        .call("POST", "/issuer/credential", token, &[], Some(&body))
        .await
}

/// HP-3, TS3: the provider vouches for a fresh key, for less than a day, under the name all wallets share.
#[tokio::test]
async fn a_wallet_is_vouched_for() {
    let server = Sandbox::start().await;
    let anchors = anchors(&server).await;
    let instance = key();
    let asked = |client_id: &str, proof: String| WalletAttestationRequest {
        client_id: client_id.into(),
        proof,
    };
    let proof = || prove(&instance, &server.base, None, server.now()).unwrap();
    for client_id in [server.base.as_str(), "assent-cli"] {
        let request = asked(client_id, proof()).to_http(&server.base);
        let compact = WalletAttestationRequest::answer(&server.send(&request).await, &PROFILE).unwrap();
        let read = VerifiedWalletAttestation::verify(&compact, &attesters(&server, &anchors)).unwrap();
        assert_eq!(read.client_id, client_id);
        assert_eq!(read.instance_key, instance.public_key());
        assert!(read.expires_at.since(server.now()) < 24 * 3600);
        assert_eq!(read.wallet_name.as_deref(), Some("Assent sandbox"));
    }
    let refused = async |body: &WalletAttestationRequest, code: &str| {
        let body = json!({ "client_id": body.client_id, "proof": body.proof });
        server.post(WALLET_PATH, &body).await.problem(400, code);
    };
    refused(
        &asked("https://other.example", proof()),
        "wallet-provider-other-wallet",
    )
    .await;
    let elsewhere = prove(&instance, "https://other.example", None, server.now()).unwrap();
    refused(&asked("assent-cli", elsewhere), "attestation-for-another").await;
    let old = prove(&instance, &server.base, None, server.now().plus(-301)).unwrap();
    refused(&asked("assent-cli", old), "attestation-time").await;
    let broken = proof();
    let (start, _) = broken.rsplit_once('.').unwrap();
    let other = prove(&key(), &server.base, None, server.now()).unwrap();
    let swapped = format!("{start}.{}", other.rsplit_once('.').unwrap().1);
    refused(&asked("assent-cli", swapped), "attestation-signature").await;
    server
        .post(WALLET_PATH, &json!({}))
        .await
        .problem(400, "attestation-invalid");
}

#[tokio::test]
async fn keys_are_vouched_for_as_what_they_are() {
    let server = Sandbox::start().await;
    let anchors = anchors(&server).await;
    let keys: Vec<SoftwareKey> = (0..10).map(|_| key()).collect();
    let compact = attest(&server, &keys, "n").await;
    let judge = attesters(&server, &anchors);
    let read = VerifiedKeyAttestation::verify(&compact, KeyAttestationUse::BesideProof, &judge).unwrap();
    let public: Vec<_> = keys.iter().map(SoftwareKey::public_key).collect();
    assert_eq!(read.keys, public);
    assert_eq!(read.nonce.as_deref(), Some("n"));
    // Never more than it is, and no certification.
    assert_eq!(read.key_storage, [level::BASIC]);
    assert_eq!(read.user_authentication, [level::BASIC]);
    let claims = assent_core::encoding::jws::UnverifiedJws::parse(&compact).unwrap();
    assert!(!claims.unverified_claims().unwrap().contains_key("certification"));

    let mut mixed = proofs(&server, &keys[..1], "n");
    mixed.extend(proofs(&server, &keys[1..2], "other"));
    let mut twice = proofs(&server, &keys[..1], "n");
    twice.extend(proofs(&server, &keys[..1], "n"));
    for (proofs, code) in [
        (mixed, "attestation-invalid"),
        (twice, "attestation-invalid"),
        (Vec::new(), "attestation-invalid"),
        (vec!["a.b.c".to_owned()], "attestation-invalid"),
    ] {
        server
            .post(KEYS_PATH, &json!({ "proofs": proofs }))
            .await
            .problem(400, code);
    }
}

/// CI-23, CI-24: an issuer that demands it says so, and gives one copy for each attested key, either way.
#[tokio::test]
async fn attested_keys_get_copies() {
    let server = demanding().await;
    let metadata = server
        .get("/.well-known/openid-credential-issuer/issuer")
        .await
        .expect(200);
    let metadata = IssuerMetadata::from_object(metadata.json().as_object().unwrap(), &PROFILE).unwrap();
    let types = &metadata.configurations.get(RESIDENCE).unwrap().proof_types;
    for name in ["jwt", "attestation"] {
        assert!(types.get(name).unwrap().key_attestations_required.is_some());
    }
    let issuer = Endpoint::parse(&server.url("/issuer"), &PROFILE).unwrap();
    for alone in [true, false] {
        let token = token(&server).await;
        let nonce = server.nonce().await;
        let keys: Vec<SoftwareKey> = (0..3).map(|_| key()).collect();
        let attestation = attest(&server, &keys, &nonce).await;
        let proof = KeyProof {
            issuer: &issuer,
            c_nonce: Some(&nonce),
            client_id: None,
            issued_at: server.now(),
            key_attestation: Some(&attestation),
        };
        let proofs = if alone {
            Proofs::Attestation(attestation.clone())
        } else {
            Proofs::Jwt(vec![proof.sign(&keys[0]).unwrap()])
        };
        let answer = ask(&server, &token, proofs.clone()).await.expect(200).json();
        let copies = answer["credentials"].as_array().unwrap();
        assert_eq!(copies.len(), 3);
        for (copy, key) in copies.iter().zip(&keys) {
            let jwt = UnverifiedSdJwt::parse(copy["credential"].as_str().unwrap()).unwrap();
            let claims = jwt.unverified_claims().unwrap();
            let x = &claims["cnf"]["jwk"]["x"];
            assert_eq!(*x, key.public_key().to_jwk()["x"]);
        }
        // The nonce was used up: the same attestation does not come through again.
        let again = ask(&server, &token, proofs).await;
        assert_eq!(again.json()["error"], "invalid_nonce", "{}", again.text);
    }
}

#[tokio::test]
async fn what_is_not_attested_gets_nothing() {
    let server = demanding().await;
    let stranger = Sandbox::start().await;
    let token = token(&server).await;
    let nonce = server.nonce().await;
    let keys = [key(), key()];
    let bare = server.proof(&keys[0], &nonce);
    ask(&server, &token, Proofs::Jwt(vec![bare]))
        .await
        .oauth(400, "invalid_proof");
    // Another wallet provider, of the same name.
    let foreign = attest(&stranger, &keys, &nonce).await;
    ask(&server, &token, Proofs::Attestation(foreign))
        .await
        .oauth(400, "invalid_proof");
    let attestation = attest(&server, &keys, &nonce).await;
    let issuer = Endpoint::parse(&server.url("/issuer"), &PROFILE).unwrap();
    let proof = KeyProof {
        issuer: &issuer,
        c_nonce: Some(&nonce),
        client_id: None,
        issued_at: server.now(),
        key_attestation: Some(&attestation),
    };
    let unattested = proof.sign(&key()).unwrap();
    ask(&server, &token, Proofs::Jwt(vec![unattested]))
        .await
        .oauth(400, "invalid_proof");
    // A nonce the issuer never gave.
    let invented = attest(&server, &keys, "invented").await;
    let answer = ask(&server, &token, Proofs::Attestation(invented)).await;
    assert_eq!(answer.json()["error"], "invalid_nonce", "{}", answer.text);
    // Where nothing is demanded, the type of proof is not there.
    let plain = Sandbox::start().await;
    let token = self::token(&plain).await;
    let attestation = attest(&plain, &keys, &plain.nonce().await).await;
    ask(&plain, &token, Proofs::Attestation(attestation))
        .await
        .oauth(400, "invalid_proof");
}

#[tokio::test]
async fn attestations_are_rationed() {
    let server = Sandbox::start_with(|config| config.limits.attestations_per_address_per_minute = 8).await;
    for _ in 0..2 {
        server
            .post(KEYS_PATH, &json!({}))
            .await
            .problem(400, "attestation-invalid");
    }
    server
        .post(WALLET_PATH, &json!({}))
        .await
        .problem(429, "rate-limited");
}

/// A wallet at an issuer: its key there, and what its provider says of it.
struct Wallet {
    key: SoftwareKey,
    attestation: String,
}

impl Wallet {
    async fn new(server: &Sandbox) -> Self {
        let key = key();
        let asked = WalletAttestationRequest {
            client_id: "assent-cli".into(),
            proof: prove(&key, &server.base, None, server.now()).unwrap(),
        };
        let response = server.send(&asked.to_http(&server.base)).await;
        let attestation = WalletAttestationRequest::answer(&response, &PROFILE).unwrap();
        Self { key, attestation }
    }

    fn proof(&self, server: &Sandbox, aud: &str, challenge: Option<&str>) -> String {
        let aud = Endpoint::parse(aud, &PROFILE).unwrap();
        let proof = ClientProof {
            client_id: "assent-cli",
            server: &aud,
            challenge,
        };
        server.env(|env| proof.sign(&self.key, env).unwrap())
    }

    /// A good proof, with a challenge just fetched.
    async fn fresh(&self, server: &Sandbox) -> String {
        let challenge = challenge(server).await;
        self.proof(server, &server.url("/issuer"), Some(&challenge))
    }
}

async fn challenge(server: &Sandbox) -> String {
    let answer = server.post("/issuer/challenge", &json!({})).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json()["attestation_challenge"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn push(server: &Sandbox, headers: &[(&str, &str)]) -> Answer {
    authorize::push_with(server, &authorize::request(), headers).await
}

const ATTESTATION: &str = "OAuth-Client-Attestation";
const POP: &str = "OAuth-Client-Attestation-PoP";

/// The code of a pushed request, after somebody said yes.
async fn agreed(server: &Sandbox, pushed: &Answer) -> String {
    authorize::agreed(server, pushed.json()["request_uri"].as_str().unwrap()).await
}

async fn redeem(server: &Sandbox, headers: &[(&str, &str)]) -> Answer {
    let (_, offer) = server.offer(&json!({ "card": "residence" })).await;
    server.form("/issuer/token", headers, redeeming(&offer)).await
}

async fn server_metadata(server: &Sandbox) -> serde_json::Value {
    let path = "/.well-known/oauth-authorization-server/issuer";
    server.get(path).await.expect(200).json()
}

/// HP-2: at the PAR and token endpoints, where it is demanded and where it is offered.
#[tokio::test]
async fn a_wallet_authenticates_itself() {
    let required = |config: &mut assent_server::config::Config| {
        config.issuer.client_attestation = ClientAttestation::Required;
    };
    let server = Sandbox::start_with(required).await;
    let metadata = server_metadata(&server).await;
    let methods = &metadata["token_endpoint_auth_methods_supported"];
    assert_eq!(*methods, json!(["attest_jwt_client_auth"]));
    assert_eq!(metadata["challenge_endpoint"], server.url("/issuer/challenge"));
    assert_eq!(metadata["pre-authorized_grant_anonymous_access_supported"], false);
    let wallet = Wallet::new(&server).await;
    push(&server, &[]).await.oauth(401, "invalid_client");
    redeem(&server, &[]).await.oauth(401, "invalid_client");
    for _ in 0..2 {
        let proof = wallet.fresh(&server).await;
        let headers = [(ATTESTATION, wallet.attestation.as_str()), (POP, proof.as_str())];
        let pushed = push(&server, &headers).await.expect(201);
        assert!(pushed.headers.contains_key("oauth-client-attestation-challenge"));
        // §12.1: a proof is good once, wherever.
        push(&server, &headers).await.oauth(401, "invalid_client");
        redeem(&server, &headers).await.oauth(401, "invalid_client");
        let proof = wallet.fresh(&server).await;
        let headers = [(ATTESTATION, wallet.attestation.as_str()), (POP, proof.as_str())];
        redeem(&server, &headers).await.expect(200);
    }

    let server = Sandbox::start().await;
    let methods = &server_metadata(&server).await["token_endpoint_auth_methods_supported"];
    assert_eq!(*methods, json!(["none", "attest_jwt_client_auth"]));
    push(&server, &[]).await.expect(201);
    redeem(&server, &[]).await.expect(200);
    // A bad one is refused also where none is needed.
    let proof = wallet.proof(&server, &server.url("/issuer"), Some(&challenge(&server).await));
    let headers = [(ATTESTATION, wallet.attestation.as_str()), (POP, proof.as_str())];
    push(&server, &headers).await.oauth(401, "invalid_client");

    let off = |config: &mut assent_server::config::Config| {
        config.issuer.client_attestation = ClientAttestation::Off;
    };
    let server = Sandbox::start_with(off).await;
    let metadata = server_metadata(&server).await;
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert!(metadata.get("challenge_endpoint").is_none());
    let pushed = push(&server, &headers).await.expect(201);
    assert!(!pushed.headers.contains_key("oauth-client-attestation-challenge"));
}

#[tokio::test]
async fn what_does_not_authenticate_a_wallet() {
    let server = Sandbox::start().await;
    let wallet = Wallet::new(&server).await;
    let attestation = wallet.attestation.as_str();
    let with = async |attestation: &str, proof: &str| {
        push(&server, &[(ATTESTATION, attestation), (POP, proof)]).await
    };
    // One of the two, or two of one.
    let proof = wallet.fresh(&server).await;
    push(&server, &[(ATTESTATION, attestation)])
        .await
        .oauth(401, "invalid_client");
    push(&server, &[(POP, &proof)]).await.oauth(401, "invalid_client");
    let twice = [(ATTESTATION, attestation), (POP, &proof), (POP, &proof)];
    push(&server, &twice).await.oauth(401, "invalid_client");
    // For another server; by another key; of another provider.
    let given = challenge(&server).await;
    let elsewhere = wallet.proof(&server, &server.url("/other"), Some(&given));
    with(attestation, &elsewhere).await.oauth(401, "invalid_client");
    let other = Wallet::new(&server).await;
    with(attestation, &other.fresh(&server).await)
        .await
        .oauth(401, "invalid_client");
    let stranger = Sandbox::start().await;
    let foreign = Wallet::new(&stranger).await;
    let theirs = foreign.proof(&server, &server.url("/issuer"), Some(&given));
    with(&foreign.attestation, &theirs)
        .await
        .oauth(401, "invalid_client");
    // Under another name than the request's.
    let pairs = authorize::with(&[("client_id", server.base.as_str())]);
    let headers = [(ATTESTATION, attestation), (POP, proof.as_str())];
    authorize::push_with(&server, &pairs, &headers)
        .await
        .oauth(401, "invalid_client");
    // Without a challenge, with an invented or an old one: told to try again, with one.
    for challenge in [None, Some("invented")] {
        let proof = wallet.proof(&server, &server.url("/issuer"), challenge);
        let answer = with(attestation, &proof).await;
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.json()["error"],
            "use_attestation_challenge",
            "{}",
            answer.text
        );
        let next = answer.headers["oauth-client-attestation-challenge"]
            .to_str()
            .unwrap();
        let proof = wallet.proof(&server, &server.url("/issuer"), Some(next));
        with(attestation, &proof).await.expect(201);
    }
    server.pass(301);
    let proof = wallet.proof(&server, &server.url("/issuer"), Some(&given));
    assert_eq!(
        with(attestation, &proof).await.json()["error"],
        "use_attestation_challenge"
    );
    // Two hours later the attestation is over.
    server.pass(2 * 3600);
    with(attestation, &wallet.fresh(&server).await)
        .await
        .oauth(401, "invalid_client");
}

/// All wallets of a kind have one client id: a code is for the one that was vouched for when it asked, and leaving the
/// attestation out is no way around.
#[tokio::test]
async fn a_code_is_for_the_wallet_that_was_vouched_for() {
    let server = Sandbox::start().await;
    let (wallet, other) = (Wallet::new(&server).await, Wallet::new(&server).await);
    let proof = wallet.fresh(&server).await;
    let headers = [(ATTESTATION, wallet.attestation.as_str()), (POP, proof.as_str())];
    let code = agreed(&server, &push(&server, &headers).await.expect(201)).await;
    let theirs = other.fresh(&server).await;
    let theirs = [(ATTESTATION, other.attestation.as_str()), (POP, theirs.as_str())];
    for headers in [&theirs[..], &[]] {
        let refused = redeem_with(&server, &code, &[], headers).await.expect(400);
        assert_eq!(refused.json()["error"], "invalid_grant");
    }
    let proof = wallet.fresh(&server).await;
    let headers = [(ATTESTATION, wallet.attestation.as_str()), (POP, proof.as_str())];
    redeem_with(&server, &code, &[], &headers).await.expect(200);
    // Who came without one may still show one later.
    let code = agreed(&server, &push(&server, &[]).await.expect(201)).await;
    let proof = wallet.fresh(&server).await;
    let headers = [(ATTESTATION, wallet.attestation.as_str()), (POP, proof.as_str())];
    redeem_with(&server, &code, &[], &headers).await.expect(200);
}

/// RFC 9449 §8: a wallet that must make its DPoP proof again with a nonce need not authenticate itself anew, as long as
/// nothing was done.
#[tokio::test]
async fn a_missing_nonce_costs_no_proof_of_the_wallet() {
    let server = Sandbox::start().await;
    let wallet = Wallet::new(&server).await;
    let dpop = assent_core::oid4vci::dpop::DpopKey::from(key());
    let at = |path: &str, nonce: Option<&str>| {
        let proof = DpopProof {
            method: Method::Post,
            url: &server.url(path),
            access_token: None,
            nonce,
        };
        server.env(|env| proof.sign(&dpop, env).unwrap())
    };
    for path in ["/issuer/par", "/issuer/token"] {
        let proof = wallet.fresh(&server).await;
        let ask = async |dpop: &str| {
            let headers = [
                (ATTESTATION, wallet.attestation.as_str()),
                (POP, proof.as_str()),
                ("dpop", dpop),
            ];
            match path {
                "/issuer/par" => push(&server, &headers).await,
                _ => redeem(&server, &headers).await,
            }
        };
        let first = ask(&at(path, None)).await;
        assert_eq!(first.json()["error"], "use_dpop_nonce", "{}", first.text);
        let nonce = first.headers["dpop-nonce"].to_str().unwrap();
        let second = ask(&at(path, Some(nonce))).await;
        assert!(matches!(second.status, 200 | 201), "{}", second.text);
        // But then it was used.
        ask(&at(path, Some(nonce))).await.oauth(401, "invalid_client");
    }
}

/// The sandbox's wallet provider, whose words can be chosen here.
fn provider(server: &Sandbox) -> (Vec<Vec<u8>>, RingSigner) {
    let keys = server.data().join("sandbox");
    let chain = CertificateDer::pem_file_iter(keys.join("wallet-provider.pem")).unwrap();
    let chain = chain.map(|der| der.unwrap().to_vec()).collect();
    let pem = std::fs::read_to_string(keys.join("wallet-provider.key.pem")).unwrap();
    (chain, RingSigner::from_pem(&pem).unwrap())
}

/// A list at an address of its own, signed by whoever is asked.
async fn status_list(server: &Sandbox, chain: &[Vec<u8>], signer: &RingSigner, revoked: u64) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://localhost:{}/1", listener.local_addr().unwrap().port());
    let mut list = StatusList::new(StatusBits::One, 64).unwrap();
    list.set(revoked, Status::from_value(1)).unwrap();
    let claims = StatusListClaims {
        uri: uri.clone(),
        issued_at: server.now(),
        expires_at: Some(server.now().plus(3600)),
        ttl: Some(60),
    };
    let jwt = claims.sign_jwt(&list, chain, signer).unwrap();
    let app =
        axum::Router::new().fallback(async move || ([("content-type", "application/statuslist+jwt")], jwt));
    tokio::spawn(async move { axum::serve(listener, app).await });
    uri
}

/// The status of an attestation is looked up, and only "valid", from the provider itself, lets it through.
#[tokio::test]
async fn a_withdrawn_attestation_is_worth_nothing() {
    let server = demanding().await;
    let (chain, signer) = provider(&server);
    let issuer_chain = CertificateDer::pem_file_iter(server.data().join("sandbox/issuer.pem")).unwrap();
    let issuer_chain: Vec<Vec<u8>> = issuer_chain.map(|der| der.unwrap().to_vec()).collect();
    let pem = std::fs::read_to_string(server.data().join("sandbox/issuer.key.pem")).unwrap();
    let issuer = RingSigner::from_pem(&pem).unwrap();
    let own = status_list(&server, &chain, &signer, 7).await;
    let strange = status_list(&server, &issuer_chain, &issuer, 7).await;
    for (uri, idx, good) in [
        (own.as_str(), 3, true),
        (own.as_str(), 7, false),
        (own.as_str(), 64, false),
        (strange.as_str(), 3, false),
        ("http://localhost:1/nobody", 3, false),
    ] {
        let nonce = server.nonce().await;
        let status = StatusReference {
            idx,
            uri: uri.to_owned(),
        };
        let attestation = KeyAttestation {
            keys: &[key().public_key()],
            key_storage: &[level::BASIC],
            user_authentication: &[level::BASIC],
            nonce: Some(&nonce),
            issued_at: server.now(),
            expires_at: Some(server.now().plus(60)),
            status: Some(&status),
        };
        let attestation = attestation.sign(&chain, &signer).unwrap();
        let answer = ask(&server, &token(&server).await, Proofs::Attestation(attestation)).await;
        if good {
            answer.expect(200);
        } else {
            answer.oauth(400, "invalid_proof");
        }
    }
}
