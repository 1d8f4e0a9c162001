//! The list of anchors.

use super::*;

#[test]
fn json_round_trip() {
    let access = root("Access", 1);
    let issuer = root("Issuer", 2);
    let leaf = signed(leaf_params("Leaf"), 3, &issuer);
    let b64 = |cert: &Cert| base64url::encode_standard(&cert.der);
    let text = json!({
        "version": 3,
        "access": [{ "name": "Access CA", "certificate": b64(&access), "note": "ignored" }],
        "issuers": [
            { "name": "Issuer CA", "certificate": b64(&issuer), "vct": ["a", "b"] },
            { "name": "One", "certificate": b64(&leaf), "vct": ["c"], "directly_trusted": true },
        ],
    });
    let anchors = TrustAnchors::from_json(&text).unwrap();
    let written = anchors.to_json();
    assert_eq!(written["issuers"], text["issuers"]);
    assert_eq!(written["access"][0]["name"], "Access CA");
    assert_eq!(written["status"], json!([]));
    assert_eq!(TrustAnchors::from_json(&written).unwrap().to_json(), written);
    let names: Vec<_> = anchors
        .anchors(Role::CredentialIssuer)
        .map(|anchor| anchor.name.as_str())
        .collect();
    assert_eq!(names, ["Issuer CA", "One"]);
    assert!(TrustAnchors::from_json(&json!({})).is_ok());
}

#[test]
fn refused() {
    let ca = root("Root", 1);
    let leaf = signed(leaf_params("Leaf"), 3, &ca);
    let der = base64url::encode_standard(&ca.der);
    let read = |text: serde_json::Value| TrustAnchors::from_json(&text).unwrap_err();
    for (text, place) in [
        (json!([]), "the top"),
        (json!({ "access": {} }), "access"),
        (json!({ "access": [1] }), "access[0]"),
        (json!({ "access": [{ "certificate": der }] }), "access[0]"),
        (
            json!({ "access": [{ "name": "a", "certificate": "-" }] }),
            "access[0]",
        ),
        (
            json!({ "issuers": [{ "name": "a", "certificate": der }] }),
            "issuers[0]",
        ),
        (
            json!({ "issuers": [{ "name": "a", "certificate": der, "vct": [1] }] }),
            "issuers[0]",
        ),
        (
            json!({ "access": [{ "name": "a", "certificate": der, "directly_trusted": "yes" }] }),
            "access[0]",
        ),
    ] {
        assert_eq!(read(text), AnchorError::Malformed(place.to_owned()));
    }
    let garbage = json!({ "access": [{ "name": "a", "certificate": "AAAA" }] });
    assert_eq!(read(garbage), AnchorError::Certificate("a".into()));
    // A leaf is an anchor only when that is said.
    let unsaid = json!({ "access": [{ "name": "a", "certificate": base64url::encode_standard(&leaf.der) }] });
    assert_eq!(read(unsaid), AnchorError::NotAnAuthority("a".into()));
    // An authority that may not sign certificates.
    let mut params = ca_params("Odd");
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let odd = root_of(params, 5);
    assert_eq!(
        TrustAnchors::new()
            .add(Role::AccessCertificate, odd.anchor("odd"))
            .unwrap_err(),
        AnchorError::NotAnAuthority("odd".into())
    );
}
