//! A PID that the EU reference issuer made, about an invented person: verified, kept, presented, verified again.

use assent_core::claims::ClaimsPath;
use assent_core::crypto::{RustCrypto, Signer as _};
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use assent_core::sd_jwt::{HolderSdJwt, KeyBinding, KeyBindingCheck, UnverifiedSdJwt, VcCheck, VcError};
use assent_core::trust::{
    Anchor, ChainError, CredentialError, Role, TrustAnchors, authority_key_identifiers, verify_credential,
};
use serde_json::{Value, json};

use crate::common;

/// The `iat` of the credential.
const NOW: Timestamp = Timestamp(1_782_986_026);

fn compact() -> String {
    common::text("eudi-pid/sd-jwt-vc-pid.txt").trim().to_owned()
}

/// The credential brings one certificate and its authority is not published, so that certificate is the anchor.
fn anchors(vct: &str) -> TrustAnchors {
    let pid = UnverifiedSdJwt::parse(&compact()).unwrap();
    let leaf = pid.issuer_jws().header().x5c[0].clone();
    TrustAnchors::from_json(&json!({ "issuers": [{
        "name": "EU reference issuer", "certificate": base64url::encode_standard(&leaf),
        "vct": [vct], "directly_trusted": true,
    }] }))
    .unwrap()
}

#[test]
fn verifies_against_a_directly_trusted_certificate() {
    let found = verify_credential(
        &compact(),
        &anchors("urn:eudi:pid:1"),
        &VcCheck::issuance(NOW),
        &RustCrypto,
    )
    .unwrap();
    assert_eq!(found.vc.vct, "urn:eudi:pid:1");
    assert_eq!(found.vc.claims["family_name"], "Neal");
    assert_eq!(found.vc.claims["nationalities"], json!(["AT"]));
    assert_eq!(found.vc.claims["place_of_birth"]["country"], "AT");
    assert_eq!(found.vc.disclosed.len(), 27);
    assert_eq!(found.vc.status.unwrap().idx, 4216);
    let chain = found.chain;
    assert_eq!(
        chain.subject.common_name.as_deref(),
        Some("Kotlin PID Issuer DEV")
    );
    assert_eq!(chain.subject.organization.as_deref(), Some("Niscy"));
    assert_eq!(
        chain.subject.organization_identifier.as_deref(),
        Some("LEIEU-123456789")
    );
    assert_eq!(chain.subject.country.as_deref(), Some("EU"));
    assert_eq!(chain.anchor_name, "EU reference issuer");
    let aki = common::hex("425050be10b810f09d445c8dbfab1008ee27dc49");
    assert_eq!(chain.akis, [aki]);
    let pid = UnverifiedSdJwt::parse(&compact()).unwrap();
    assert_eq!(
        authority_key_identifiers(&pid.issuer_jws().header().x5c),
        chain.akis
    );
}

#[test]
fn refused_without_trust_type_or_time() {
    let verify = |anchors: &TrustAnchors, now| {
        verify_credential(&compact(), anchors, &VcCheck::issuance(now), &RustCrypto).unwrap_err()
    };
    assert_eq!(
        verify(&TrustAnchors::new(), NOW),
        CredentialError::Chain(ChainError::Untrusted)
    );
    assert_eq!(
        verify(&anchors("urn:eudi:pid:2"), NOW),
        CredentialError::TypeNotAllowed
    );
    let right = anchors("urn:eudi:pid:1");
    assert_eq!(
        verify(&right, Timestamp(1_785_578_026 + 60)),
        CredentialError::Vc(VcError::Expired)
    );
    // After the certificate's end (2028-05-13).
    assert_eq!(
        verify(&right, Timestamp(1_841_826_925)),
        CredentialError::Chain(ChainError::Time)
    );
    // The same certificate for another role is nothing.
    let mut other_role = TrustAnchors::new();
    let anchor: Vec<Anchor> = right.anchors(Role::CredentialIssuer).cloned().collect();
    other_role.add(Role::StatusListSigner, anchor[0].clone()).unwrap();
    assert_eq!(
        verify(&other_role, NOW),
        CredentialError::Chain(ChainError::Untrusted)
    );
}

#[test]
fn presents_with_the_key_next_to_it() {
    let key = common::private_key(&common::json("eudi-pid/sd-jwt-vc-pid-key.json"));
    let anchors = anchors("urn:eudi:pid:1");
    let issued = verify_credential(&compact(), &anchors, &VcCheck::issuance(NOW), &RustCrypto).unwrap();
    let holder = HolderSdJwt::from_vc(&issued.vc).unwrap();
    assert_eq!(holder.holder_key(), Some(key.public_key()));

    // What the DCQL query next to the PID asks.
    let query = common::json("eudi-pid/sd-jwt-vc-pid-dcql-query.json");
    let wanted: Vec<ClaimsPath> = query["credentials"][0]["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| ClaimsPath::from_json(&claim["path"]).unwrap())
        .collect();
    assert!(!wanted.is_empty());
    let extra = [
        ClaimsPath::keys(&["address", "locality"]).unwrap(),
        ClaimsPath::from_json(&json!(["nationalities", null])).unwrap(),
    ];
    let approved = [wanted.as_slice(), extra.as_slice()].concat();
    let text = holder
        .present(&approved, "n-0S6_WzA2Mj", "x509_hash:abc", NOW, &key)
        .unwrap();
    let binding = KeyBinding::new("n-0S6_WzA2Mj", "x509_hash:abc", NOW);
    let check = VcCheck::presentation(NOW, KeyBindingCheck::Required(binding));
    let shown = verify_credential(&text, &anchors, &check, &RustCrypto)
        .unwrap()
        .vc;
    assert!(shown.possession_proven);
    assert_eq!(
        shown.claims["address"],
        json!({ "locality": "Gemeinde Biberbach" })
    );
    assert_eq!(shown.claims["nationalities"], json!(["AT"]));
    for hidden in ["birthdate", "picture", "place_of_birth", "email"] {
        let asked = wanted.iter().any(|path| path.to_json()[0] == hidden);
        assert_eq!(shown.claims.get(hidden).is_some(), asked, "{hidden}");
    }
    let disclosed: Vec<Value> = shown.disclosed.iter().map(ClaimsPath::to_json).collect();
    assert!(!disclosed.contains(&json!(["address", "street_address"])));
}
