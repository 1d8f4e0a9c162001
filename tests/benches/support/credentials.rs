//! A real chain, a real credential with the size of an identity card, and its presentation.

use assent_core::crypto::{PublicKey, Signer, SoftwareKey};
use assent_core::env::{Env, Timestamp};
use assent_core::sd_jwt::{DisclosurePolicy, HolderSdJwt, SdJwtBuilder};
use assent_core::trust::{Anchor, Role, TrustAnchors};
use assent_server::crypto::{RingSigner, SystemRandom};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};

/// The time every check runs at: 2026-11-20T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_176_000);

/// An issuer with its chain and the anchors that trust it.
pub struct Authority {
    /// Signs credentials.
    pub signer: RingSigner,
    /// Leaf and intermediate, without the anchor.
    pub x5c: Vec<Vec<u8>>,
    /// Trusts the root for `urn:eudi:pid:1` and for access certificates.
    pub anchors: TrustAnchors,
    /// The leaf's key.
    pub key: PublicKey,
}

/// A root and a document signer under it.
pub fn authority() -> Authority {
    let root_key = KeyPair::generate().expect("key");
    let mut root = CertificateParams::default();
    root.distinguished_name
        .push(rcgen::DnType::CommonName, "Benchmark root");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root_cert = root.self_signed(&root_key).expect("root");
    let issuer = Issuer::new(root, root_key);
    let leaf_key = KeyPair::generate().expect("key");
    let mut leaf = CertificateParams::new(vec!["issuer.example".to_owned()]).expect("leaf");
    leaf.distinguished_name
        .push(rcgen::DnType::CommonName, "Benchmark issuer");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    let leaf_cert = leaf.signed_by(&leaf_key, &issuer).expect("leaf");
    let signer = RingSigner::from_pkcs8(&leaf_key.serialize_der()).expect("signer");
    let mut anchors = TrustAnchors::new();
    for (role, vct) in [
        (Role::CredentialIssuer, vec!["urn:eudi:pid:1".to_owned()]),
        (Role::AccessCertificate, Vec::new()),
    ] {
        let certificate = root_cert.der().to_vec();
        let anchor = Anchor {
            name: "Benchmark root".into(),
            certificate,
            vct,
            directly_trusted: false,
        };
        anchors.add(role, anchor).expect("anchor");
    }
    Authority {
        key: signer.public_key(),
        signer,
        x5c: vec![leaf_cert.der().to_vec()],
        anchors,
    }
}

/// An identity card of six top-level claims, in its holder's hands.
pub fn card(authority: &Authority) -> (HolderSdJwt, SoftwareKey) {
    let mut random = SystemRandom::default();
    let holder = SoftwareKey::generate(&mut random).expect("randomness");
    let claims = json!({
        "family_name": "Voorbeeld", "given_name": "Anna", "birthdate": "1990-05-17",
        "nationalities": ["NL"], "sex": 2,
        "address": { "locality": "Voorbeeldstad", "country": "NL", "postal_code": "0000AA" },
    });
    let Value::Object(claims) = claims else {
        unreachable!()
    };
    let Value::Object(always) = json!({
        "iss": "https://issuer.example", "vct": "urn:eudi:pid:1",
        "exp": NOW.0 + 86_400,
    }) else {
        unreachable!()
    };
    let compact = SdJwtBuilder::new(claims, DisclosurePolicy::Everything)
        .always(always)
        .holder_key(&holder.public_key())
        .x5c(authority.x5c.clone())
        .sign(
            &authority.signer,
            &mut Env {
                now: NOW,
                rng: &mut random,
            },
        )
        .expect("issue");
    (HolderSdJwt::open(&compact).expect("open"), holder)
}
