//! Under which names services ask: DNS names and DIDs of their own.

use assent_core::crypto::RustCrypto;
use assent_core::encoding::json::{Limits, parse_object};
use assent_core::oid4vp::{
    AuthorizationRequestLink, CheckedRequest, RequestCheck, Requester, UnverifiedRequest,
};
use assent_server::config::{Config, DidMethod, ServiceConfig};
use rcgen::{CertificateParams, DnType, Issuer, KeyPair, KeyUsagePurpose, SanType};
use serde_json::{Value, json};

use crate::common::holder::PROFILE;
use crate::common::{Answer, MUSEUM_KEY, Sandbox, second_service};

const MUSEUM: &str = "https://museum.example";

/// A leaf of the sandbox's authority for access certificates, with one DNS name.
fn certificate(config: &Config, name: &str) -> ServiceConfig {
    let keys = config.data_dir.join("sandbox");
    // The authority is made by a sandbox that was started in this folder before.
    let key = KeyPair::from_pem(&std::fs::read_to_string(keys.join("access-ca.key.pem")).unwrap()).unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, name) in [
        (DnType::CommonName, "Assent Sandbox Access Certificate Authority"),
        (DnType::OrganizationName, "Assent Sandbox"),
        (DnType::CountryName, "NL"),
    ] {
        authority.distinguished_name.push(kind, name);
    }
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = Issuer::from_params(&authority, &key);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Museum of Voorbeeld");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Museum of Voorbeeld");
    params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let own = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&own, &authority).unwrap();
    std::fs::write(keys.join("museum.pem"), leaf.pem()).unwrap();
    std::fs::write(keys.join("museum.key.pem"), own.serialize_pem()).unwrap();
    ServiceConfig {
        api_key: Some(MUSEUM_KEY.to_owned().into()),
        ..ServiceConfig::new("museum", keys.join("museum.pem"), keys.join("museum.key.pem"))
    }
}

/// A sandbox with the library and a museum that has a certificate of its own.
async fn with_museum(name: &str, change: impl FnOnce(&mut ServiceConfig)) -> Sandbox {
    let before = Sandbox::start().await;
    let keys = before.data().join("sandbox");
    Sandbox::start_with(|config| {
        let to = config.data_dir.join("sandbox");
        std::fs::create_dir_all(&to).unwrap();
        for file in ["access-ca.pem", "access-ca.key.pem"] {
            std::fs::copy(keys.join(file), to.join(file)).unwrap();
        }
        let mut museum = certificate(config, name);
        change(&mut museum);
        config.verifier.services.push(museum);
    })
    .await
}

async fn ask(server: &Sandbox, key: &str, prefix: &str) -> Answer {
    let query = json!({ "credentials": [{ "id": "card", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] }, "claims": [{ "path": ["email"] }] }] });
    let body = json!({ "dcql_query": query, "client_id_prefix": prefix,
                       "wallet_authorization_endpoint": "openid4vp://" });
    server
        .call("POST", "/v1/presentations", key, &[], Some(&body))
        .await
}

/// Opens a request as a wallet does, and fetches the DID document where there is one. Addresses of the museum lead to
/// the server, as its DNS would.
async fn open(server: &Sandbox, asked: &Value) -> CheckedRequest {
    let here = |url: &str| url.replace(MUSEUM, &server.base);
    let link =
        AuthorizationRequestLink::parse(asked["links"]["cross_device"].as_str().unwrap(), &PROFILE).unwrap();
    let nonce = "wallet-nonce-0123456789";
    let mut fetch = link.fetch(nonce, &PROFILE).unwrap();
    fetch.url = here(&fetch.url);
    let request = UnverifiedRequest::from_response(&link, nonce, &server.send(&fetch).await).unwrap();
    let document = match request.did_document(&PROFILE).unwrap() {
        None => None,
        Some(fetch) => {
            let host = fetch.url.starts_with(MUSEUM).then_some("museum.example");
            let mut sent = server.client.get(here(&fetch.url));
            if let Some(host) = host {
                sent = sent.header("host", host);
            }
            let answer = Answer::read(sent.send().await.unwrap()).await.expect(200);
            assert_eq!(answer.headers["content-type"], "application/did+json");
            assert_eq!(answer.headers["access-control-allow-origin"], "*");
            Some(parse_object(answer.text.as_bytes(), Limits::MESSAGE).unwrap())
        }
    };
    let anchors = server.anchors().await;
    request
        .check(&RequestCheck {
            anchors: &anchors,
            now: server.now(),
            profile: &PROFILE,
            crypto: &RustCrypto,
            did_document: document.as_ref(),
        })
        .unwrap()
}

#[tokio::test]
async fn a_service_with_a_host_of_its_own_has_a_dns_name_of_its_own() {
    let server = with_museum("museum.example", |museum| museum.public_url = Some(MUSEUM.into())).await;
    let asked = ask(&server, MUSEUM_KEY, "x509_san_dns").await.expect(201).json();
    let request = open(&server, &asked).await;
    assert_eq!(request.client_id().as_str(), "x509_san_dns:museum.example");
    let Requester::Certificate(chain) = request.requester() else {
        panic!("no certificate")
    };
    assert_eq!(chain.subject.organization.as_deref(), Some("Museum of Voorbeeld"));
    let asked = ask(&server, &server.library_key(), "x509_san_dns")
        .await
        .expect(201)
        .json();
    assert_eq!(
        open(&server, &asked).await.client_id().as_str(),
        "x509_san_dns:localhost"
    );
}

#[tokio::test]
async fn a_dns_name_names_one_party() {
    // Same host, another certificate: neither may use the name.
    let server = with_museum("localhost", |_| {}).await;
    for key in [MUSEUM_KEY, &server.library_key()] {
        let refused = ask(&server, key, "x509_san_dns").await;
        refused.problem(422, "presentation-invalid");
        assert!(
            refused.text.contains("another service has the same host"),
            "{}",
            refused.text
        );
        ask(&server, key, "x509_hash").await.expect(201);
    }
    // A host that is not in the certificate: wallets would refuse every request.
    let server = with_museum("other.example", |museum| museum.public_url = Some(MUSEUM.into())).await;
    let refused = ask(&server, MUSEUM_KEY, "x509_san_dns").await;
    refused.problem(422, "presentation-invalid");
    assert!(
        refused.text.contains("does not name its host"),
        "{}",
        refused.text
    );
    // Two doors of one party: the same certificate, the same name.
    let server = Sandbox::start_with(second_service).await;
    ask(&server, MUSEUM_KEY, "x509_san_dns").await.expect(201);
}

#[tokio::test]
async fn a_service_may_be_a_did_web() {
    let prefix = "decentralized_identifier";
    // Below the host of the server.
    let server = with_museum("museum.example", |museum| museum.did_method = DidMethod::Web).await;
    let asked = ask(&server, MUSEUM_KEY, prefix).await.expect(201).json();
    let request = open(&server, &asked).await;
    let port = server.base.rsplit(':').next().unwrap();
    let did = format!("did:web:localhost%3A{port}:services:museum");
    assert_eq!(request.client_id().as_str(), format!("{prefix}:{did}"));
    assert!(matches!(request.requester(), Requester::Did(by) if by.as_str() == did));
    // Who has no such DID has no document.
    for path in [
        "/services/library/did.json",
        "/services/nobody/did.json",
        "/.well-known/did.json",
    ] {
        server.get(path).await.problem(404, "did-unknown");
    }

    // On a host of its own.
    let server = with_museum("museum.example", |museum| {
        museum.did_method = DidMethod::Web;
        museum.public_url = Some(MUSEUM.into());
    })
    .await;
    let asked = ask(&server, MUSEUM_KEY, prefix).await.expect(201).json();
    let request = open(&server, &asked).await;
    assert_eq!(
        request.client_id().as_str(),
        format!("{prefix}:did:web:museum.example")
    );
    for path in ["/services/museum/did.json", "/.well-known/did.json"] {
        server.get(path).await.problem(404, "did-unknown");
    }
    // The others keep did:jwk.
    let asked = ask(&server, &server.library_key(), prefix)
        .await
        .expect(201)
        .json();
    assert!(
        open(&server, &asked)
            .await
            .client_id()
            .as_str()
            .contains(":did:jwk:")
    );
}

#[tokio::test]
async fn keys_and_certificates_that_wallets_would_refuse_are_found_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut config = Config::sandbox(([127, 0, 0, 1], 0).into(), data.clone());
    assent_server::sandbox::prepare(&mut config).unwrap();
    let other = dir.path().join("other.pem");
    std::fs::write(&other, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    config.verifier.services[0].key_file = other;
    let issues = assent_server::state::Keys::load(&config).unwrap_err();
    assert_eq!(issues[0].setting, "verifier.services.0.key_file");
    assert!(issues[0].message.contains("not the key"), "{}", issues[0]);
    // The authority's own certificate where the service's belongs.
    config.verifier.services[0].certificate_file = data.join("sandbox/access-ca.pem");
    let issues = assent_server::state::Keys::load(&config).unwrap_err();
    assert_eq!(issues[0].setting, "verifier.services.0.certificate_file");
    assert!(issues[0].message.contains("self-signed"), "{}", issues[0]);
}
