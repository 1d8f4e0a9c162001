//! OpenID4VCI: the examples of the specification and of HAIP, and the metadata documents of the OpenID conformance suite.

use assent_core::crypto::RustCrypto;
use assent_core::encoding::fields::{FieldError, Problem};
use assent_core::encoding::jws::UnverifiedJws;
use assent_core::env::Timestamp;
use assent_core::http::HttpResponse;
use assent_core::oid4vci::attestation::VerifiedWalletAttestation;
use assent_core::oid4vci::metadata::{AuthorizationServerMetadata, KeyAttestationsRequired};
use assent_core::oid4vci::{
    AnswerError, AttestationError, Attesters, CredentialAnswer, CredentialKind, CredentialOffer,
    CredentialRequest, CredentialTarget, InputMode, IssuerMetadata, OfferError, Proofs, RejectionCode,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::sd_jwt::UnverifiedSdJwt;
use assent_core::trust::{ChainError, TrustAnchors, certified_key};
use serde_json::{Value, json};

use crate::common;

const PROFILE: Profile = Profile::BASELINE;

/// The examples of the specification that are whole HTTP messages.
fn http(name: &str) -> HttpResponse {
    let text = common::text(name);
    // One example begins with an empty line, and its blank line is not quite blank.
    let text = text.trim_start().replace("\n  \n", "\n\n");
    let (head, body) = text.split_once("\n\n").expect("a head and a body");
    // Long values are folded over lines for reading: a line break and the spaces that follow.
    let mut unfolded = String::new();
    let mut in_string = false;
    let mut characters = body.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => in_string = !in_string,
            '\n' if in_string => {
                while characters.next_if_eq(&' ').is_some() {}
                continue;
            }
            _ => {}
        }
        unfolded.push(character);
    }
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    HttpResponse {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers.map(|(name, value)| (name.into(), value.into())).collect(),
        body: unfolded,
    }
}

fn offer(name: &str) -> Result<CredentialOffer, OfferError> {
    CredentialOffer::parse(common::text(name).as_bytes(), &PROFILE)
}

#[test]
fn offers_of_the_specification() {
    let pre = offer("openid4vci-1.0/examples/credential_offer_pre-authz_code.json").unwrap();
    let grant = pre.pre_authorized_code.unwrap();
    assert_eq!(grant.pre_authorized_code.expose(), "adhjhdjajkdkhjhdj");
    let tx_code = grant.tx_code.unwrap();
    assert_eq!((tx_code.input_mode, tx_code.length), (InputMode::Numeric, None));
    assert!(tx_code.description.unwrap().contains("SMS"));

    let several = offer("openid4vci-1.0/examples/credential_offer_multiple_credentials.json").unwrap();
    assert_eq!(several.credential_configuration_ids.len(), 2);
    assert_eq!(
        several.pre_authorized_code.unwrap().tx_code.unwrap().length,
        Some(4)
    );

    let by_reference = offer("openid4vci-1.0/examples/credential_offer_by_reference.json").unwrap();
    // CI-4: `tx_code: {}`.
    assert!(by_reference.pre_authorized_code.unwrap().tx_code.is_some());

    let response = http("openid4vci-1.0/examples/credential_offer_authz_code.txt");
    let fetched = CredentialOffer::from_response(&response, &PROFILE).unwrap();
    assert!(fetched.authorization_code.unwrap().issuer_state.is_some());
}

/// The HAIP sample predates the final version: `credentials` instead of `credential_configuration_ids`.
#[test]
fn the_draft_offer_of_haip_is_refused() {
    let error = offer("haip-1.0/examples/credential_offer_sd_jwt_vc.json").unwrap_err();
    let expected = FieldError {
        field: "credential_configuration_ids".into(),
        problem: Problem::Missing,
    };
    assert_eq!(error, OfferError::Field(expected));
}

#[test]
fn requests_and_responses_of_the_specification() {
    // The sample names a format and doctype, as drafts did; the final version wants an id (§8.2).
    let draft = common::text("openid4vci-1.0/examples/credential_request_iso_mdl.json");
    let refused = CredentialRequest::parse(draft.as_bytes(), &PROFILE).unwrap_err();
    assert_eq!(refused.code, RejectionCode::InvalidCredentialRequest);
    let mut fixed: Value = serde_json::from_str(&draft).unwrap();
    fixed["credential_configuration_id"] = json!("org.iso.18013.5.1.mDL");
    let request = CredentialRequest::parse(fixed.to_string().as_bytes(), &PROFILE).unwrap();
    assert_eq!(
        request.target,
        CredentialTarget::Configuration("org.iso.18013.5.1.mDL".into())
    );
    assert!(matches!(request.proofs, Proofs::Jwt(proofs) if proofs.len() == 1));

    let response = http("openid4vci-1.0/examples/credential_response_sd_jwt_vc.txt");
    let CredentialAnswer::Issued(read) = CredentialAnswer::from_response(&response, 1, &PROFILE).unwrap()
    else {
        panic!("later")
    };
    let credential = UnverifiedSdJwt::parse(&read.credentials[0]).unwrap();
    let vct = "https://credentials.example.com/identity_credential";
    assert_eq!(credential.unverified_claims().unwrap()["vct"], vct);

    for name in ["jwt_vc_json", "mso_mdoc"] {
        let response = http(&format!("openid4vci-1.0/examples/credential_response_{name}.txt"));
        let read = CredentialAnswer::from_response(&response, 1, &PROFILE).unwrap();
        assert!(
            matches!(read, CredentialAnswer::Issued(read) if read.credentials.len() == 1),
            "{name}"
        );
    }
}

fn metadata(name: &str) -> Result<IssuerMetadata, FieldError> {
    metadata_of(&common::json(name), &PROFILE)
}

fn metadata_of(value: &Value, profile: &Profile) -> Result<IssuerMetadata, FieldError> {
    IssuerMetadata::from_object(value.as_object().unwrap(), profile)
}

fn suite(name: &str) -> String {
    format!("conformance-suite/vci-metadata/{name}.json")
}

/// The configurations the specification shows, inside a minimal document.
#[test]
fn configurations_of_the_specification() {
    for (name, kind) in [
        (
            "sd_jwt_vc",
            Some(CredentialKind::SdJwtVc {
                vct: "SD_JWT_VC_example_in_OpenID4VCI".into(),
            }),
        ),
        (
            "mso_mdoc",
            Some(CredentialKind::MsoMdoc {
                doctype: "org.iso.18013.5.1.mDL".into(),
            }),
        ),
        ("jwt_vc_json", None),
        ("ldp_vc", None),
    ] {
        let mut document = common::json(&format!(
            "openid4vci-1.0/examples/credential_metadata_{name}.json"
        ));
        document["credential_issuer"] = json!("https://issuer.example");
        document["credential_endpoint"] = json!("https://issuer.example/credential");
        let read = metadata_of(&document, &PROFILE).unwrap();
        let configuration = read.configurations.values().next().unwrap();
        match kind {
            Some(kind) => assert_eq!(configuration.kind, kind),
            None => assert!(
                matches!(configuration.kind, CredentialKind::Other { .. }),
                "{name}"
            ),
        }
    }
}

/// CI-24: what an issuer demands of key attestations is read, and written again.
#[test]
fn demands_on_keys_of_the_specification() {
    let mut document = common::json("openid4vci-1.0/examples/credential_metadata_sd_jwt_vc.json");
    document["credential_issuer"] = json!("https://issuer.example");
    document["credential_endpoint"] = json!("https://issuer.example/credential");
    let read = metadata_of(&document, &PROFILE).unwrap();
    let (_, configuration) = read.configurations.iter().next().unwrap();
    let required = configuration
        .proof_types
        .get("jwt")
        .unwrap()
        .key_attestations_required
        .as_ref()
        .unwrap();
    assert_eq!(required.key_storage, ["iso_18045_moderate"]);
    assert_eq!(required.user_authentication, ["iso_18045_moderate"]);
    assert_eq!(metadata_of(&read.to_json(), &PROFILE).unwrap(), read);

    // An empty object demands an attestation, whatever it says; an empty list is an error (§12.2.4).
    let demanded = |value: Value| {
        let mut document = document.clone();
        let configurations = document["credential_configurations_supported"]
            .as_object_mut()
            .unwrap();
        let configuration = configurations.values_mut().next().unwrap();
        configuration["proof_types_supported"]["jwt"]["key_attestations_required"] = value;
        metadata_of(&document, &PROFILE)
    };
    let any = demanded(json!({})).unwrap();
    let (_, configuration) = any.configurations.iter().next().unwrap();
    assert_eq!(
        configuration
            .proof_types
            .get("jwt")
            .unwrap()
            .key_attestations_required,
        Some(KeyAttestationsRequired::default())
    );
    assert_eq!(metadata_of(&any.to_json(), &PROFILE).unwrap(), any);
    assert!(demanded(json!({ "key_storage": [] })).is_err());
    assert!(demanded(json!(true)).is_err());
}

/// The example of Appendix E reads and its signature is right, and still it is not believed: it brings a certificate that
/// signed itself, which HAIP forbids.
#[test]
fn the_wallet_attestation_of_the_specification() {
    let compact: String = common::text("openid4vci-1.0/examples/wallet_attestation.jwt.txt")
        .split_whitespace()
        .collect();
    let jws = UnverifiedJws::parse(&compact).unwrap();
    assert!(jws.header().is_type("oauth-client-attestation+jwt"));
    let key = certified_key(&jws.header().x5c[0]).unwrap();
    let claims = jws.verify(&key, &RustCrypto).unwrap().claims().unwrap();
    assert_eq!(claims["sub"], "https://wallet.example.com");
    let attesters = Attesters {
        anchors: &TrustAnchors::new(),
        now: Timestamp(1_755_023_600),
        profile: &PROFILE,
        crypto: &RustCrypto,
    };
    assert_eq!(
        VerifiedWalletAttestation::verify(&compact, &attesters),
        Err(AttestationError::Chain(ChainError::SelfSigned))
    );
}

#[test]
fn valid_metadata_of_the_suite_is_accepted() {
    for name in [
        "claims-path-pointer-null",
        "eudiw",
        "mock-full",
        "mock-minimal",
        "spec-DcSdJwt-claims-example",
        "spec-DcSdJwt-claims-missing-vct-example",
    ] {
        let name = suite(&format!("valid-openid-credential-issuer-metadata-{name}"));
        let read = metadata(&name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!read.configurations.is_empty());
        // What we read, we write so that it reads the same.
        assert_eq!(metadata_of(&read.to_json(), &PROFILE).unwrap(), read, "{name}");
    }
    let komm_pass = metadata(&suite("credential-issuer-metadata-dresden-komm-pass"));
    assert!(komm_pass.is_ok(), "{komm_pass:?}");
}

/// Without its `vct` a configuration cannot be used (Appendix A.3.2), but the document stands.
#[test]
fn a_configuration_without_vct_is_unusable() {
    let read = metadata(&suite(
        "valid-openid-credential-issuer-metadata-spec-DcSdJwt-claims-missing-vct-example",
    ))
    .unwrap();
    let kinds: Vec<_> = read
        .configurations
        .values()
        .map(|configuration| &configuration.kind)
        .collect();
    assert!(
        kinds.contains(&&CredentialKind::Other {
            name: "dc+sd-jwt".into()
        }),
        "{kinds:?}"
    );
}

#[test]
fn invalid_metadata_of_the_suite_is_refused() {
    for (name, field, problem) in [
        (
            "missing-required-property",
            "credential_endpoint",
            Problem::Missing,
        ),
        (
            "invalid-type-for-authorization-servers",
            "authorization_servers",
            Problem::WrongType,
        ),
        (
            "missing-required-property-in-optional-property",
            "credential_response_encryption.enc_values_supported",
            Problem::Missing,
        ),
        (
            "request-encryption-jwks-as-array",
            "credential_request_encryption.jwks",
            Problem::WrongType,
        ),
        ("ebsi", "credential_configurations_supported", Problem::Missing),
    ] {
        let refused = metadata(&suite(&format!(
            "invalid-openid-credential-issuer-metadata-{name}"
        )))
        .unwrap_err();
        assert_eq!(
            (refused.field.as_str(), refused.problem),
            (field, problem),
            "{name}"
        );
    }
}

/// The suite calls this one invalid for members of a draft that are no longer defined. Unknown members must be ignored
/// (§12.2.4), so we read it.
#[test]
fn members_of_drafts_are_ignored() {
    let read = metadata(&suite("invalid-openid-credential-issuer-metadata-bdr-example1")).unwrap();
    assert!(
        read.configurations
            .values()
            .all(|configuration| configuration.claims.is_empty())
    );
}

/// HAIP 1.0 §4.1: a scope for every configuration, and a nonce endpoint.
#[test]
fn haip_demands_more() {
    let document = common::json(&suite("valid-openid-credential-issuer-metadata-mock-full"));
    assert!(metadata_of(&document, &Profile::HAIP).is_ok());
    let mut no_nonce = document.clone();
    no_nonce.as_object_mut().unwrap().remove("nonce_endpoint");
    assert_eq!(
        metadata_of(&no_nonce, &Profile::HAIP).unwrap_err().field,
        "nonce_endpoint"
    );
    let mut no_scope = document;
    let configuration = &mut no_scope["credential_configurations_supported"]["ExampleCredential"];
    configuration.as_object_mut().unwrap().remove("scope");
    assert!(
        metadata_of(&no_scope, &Profile::HAIP)
            .unwrap_err()
            .field
            .ends_with("scope")
    );
    assert!(metadata_of(&no_scope, &PROFILE).is_ok());
}

/// CI-22, Appendix B.3 and §12.2.4: each broken alone.
#[test]
fn metadata_refusals() {
    let document = common::json(&suite(
        "valid-openid-credential-issuer-metadata-spec-DcSdJwt-claims-example",
    ));
    let id = document["credential_configurations_supported"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let claims = format!("/credential_configurations_supported/{id}/claims");
    assert!(document.pointer(&claims).is_some());
    for (pointer, value) in [
        ("/credential_endpoint", json!("http://issuer.example")),
        ("/credential_issuer", json!("https://user@issuer.example")),
        ("/batch_credential_issuance", json!({ "batch_size": 1 })),
        ("/batch_credential_issuance", json!({})),
        ("/display", json!([])),
        (
            "/display",
            json!([{ "name": "a", "locale": "en" }, { "name": "b", "locale": "en" }]),
        ),
        (&claims, json!([{ "path": ["a"] }, { "path": ["a"] }])),
        (&claims, json!([{ "path": ["a", null] }, { "path": ["a", "b"] }])),
        (&claims, json!([{ "path": [] }])),
        (&claims, json!([{}])),
    ] {
        let mut changed = document.clone();
        match changed.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => changed[&pointer[1..]] = value.clone(),
        }
        assert!(metadata_of(&changed, &PROFILE).is_err(), "{pointer} = {value}");
    }
}

#[test]
fn authorization_servers_of_the_suite() {
    let read = |name: &str| {
        let document = common::json(&suite(name));
        AuthorizationServerMetadata::from_object(document.as_object().unwrap(), &PROFILE)
    };
    let full = read("valid-oauth-authorization-server-metadata-mock-full").unwrap();
    assert!(full.token_endpoint.is_some());
    // Valid by RFC 8414, and yet nothing a token can be asked from.
    let minimal = read("valid-oauth-authorization-server-metadata-mock").unwrap();
    assert!(minimal.pre_authorized_token_endpoint().is_err());
    assert!(read("invalid-oauth-authorization-server-metadata-multiple-errors").is_err());
}

/// CI-3: the server an offer names must be one the issuer lists; without a name it is the first, or the issuer itself.
#[test]
fn a_named_authorization_server_must_be_listed() {
    let endpoint = |url: &str| Endpoint::parse(url, &PROFILE).unwrap();
    let mut document = common::json(&suite("valid-openid-credential-issuer-metadata-mock-full"));
    let (one, two) = ("https://as.example/one", "https://as.example/two");
    document["authorization_servers"] = json!([one, two]);
    let listed = metadata_of(&document, &PROFILE).unwrap();
    assert_eq!(
        listed
            .authorization_server(Some(&endpoint(two)))
            .unwrap()
            .as_str(),
        two
    );
    assert_eq!(listed.authorization_server(None).unwrap().as_str(), one);
    for other in [
        "https://as.example",
        "https://as.example/two/",
        "https://evil.example/one",
    ] {
        assert_eq!(
            listed.authorization_server(Some(&endpoint(other))),
            Err(AnswerError::NoAuthorizationServer),
            "{other}"
        );
    }
    document.as_object_mut().unwrap().remove("authorization_servers");
    let alone = metadata_of(&document, &PROFILE).unwrap();
    assert_eq!(
        alone.authorization_server(None).unwrap(),
        &alone.credential_issuer
    );
    assert!(alone.authorization_server(Some(&endpoint(one))).is_err());
}

/// CI-12: a wallet without a client identifier redeems a code only where that is announced.
#[test]
fn codes_are_redeemed_anonymously_only_where_announced() {
    let name = "valid-oauth-authorization-server-metadata-mock-full";
    let mut document = common::json(&suite(name));
    let mut read = |announced: Option<Value>| {
        let member = "pre-authorized_grant_anonymous_access_supported";
        document.as_object_mut().unwrap().remove(member);
        if let Some(value) = announced {
            document[member] = value;
        }
        document["grant_types_supported"] = json!(["urn:ietf:params:oauth:grant-type:pre-authorized_code"]);
        AuthorizationServerMetadata::from_object(document.as_object().unwrap(), &PROFILE)
            .unwrap()
            .pre_authorized_token_endpoint()
            .map(|_| ())
    };
    assert_eq!(read(Some(json!(true))), Ok(()));
    assert_eq!(read(Some(json!(false))), Err(AnswerError::ClientRequired));
    assert_eq!(read(None), Err(AnswerError::ClientRequired));
}
