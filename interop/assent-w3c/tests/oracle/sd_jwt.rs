//! SD-JWT and SD-JWT VC.
#![expect(clippy::unwrap_used, reason = "test support")]

use assent_core::claims::ClaimsPath;
use assent_core::crypto::{RustCrypto, Signer as _};
use assent_core::encoding::jws;
use assent_core::sd_jwt::{
    DisclosurePolicy, HolderSdJwt, KeyBinding, KeyBindingCheck, SdAlg, SdJwtBuilder, UnverifiedSdJwt, VcCheck,
};
use identity_kit::jose::{DefaultVerifier, Jwk};
use identity_kit::sd_jwt_vc::{
    PathComponent, SdJwt as KitSdJwt, SdJwtBuilder as KitBuilder, SdJwtVc as KitSdJwtVc,
};
use serde_json::{Value, json};
use ssi::JWK;
use ssi::claims::JWTClaims;
use ssi::claims::sd_jwt::{ConcealJwtClaims as _, JsonPointerBuf, SdAlg as SsiSdAlg, SdJwt as SsiSdJwt};

use crate::common::{NOW, block_on, claims, jwk, key, object, public, with_env};

/// An SD-JWT VC of ours with everything in [`claims`] disclosable.
fn ours(sd_alg: SdAlg, decoys: usize) -> String {
    let always =
        object(json!({ "vct": "urn:eudi:pid:1", "iss": "https://issuer.example", "exp": NOW.0 + 3600 }));
    let builder = SdJwtBuilder::new(object(claims()), DisclosurePolicy::Everything)
        .always(always)
        .holder_key(&key(7).public_key())
        .sd_alg(sd_alg)
        .decoys(decoys);
    with_env(|env| builder.sign(&key(1), env)).unwrap()
}

/// The claims that `claims()` and the payload have in common, without the registered ones.
fn plain(mut payload: Value) -> Value {
    let members = payload.as_object_mut().unwrap();
    members.retain(|name, _| claims().get(name).is_some());
    payload
}

fn kit_verify(text: &str, key: &JWK) -> Value {
    let parsed = KitSdJwt::parse(text).unwrap();
    let key: Jwk = serde_json::from_value(serde_json::to_value(key).unwrap()).unwrap();
    parsed
        .jwt()
        .decode()
        .unwrap()
        .verify(&DefaultVerifier, &key)
        .unwrap();
    Value::Object(parsed.process().unwrap().payload)
}

#[test]
fn identity_kit_reads_ours_with_every_hash_and_decoys() {
    for (sd_alg, decoys) in [
        (SdAlg::Sha256, 0),
        (SdAlg::Sha256, 3),
        (SdAlg::Sha384, 1),
        (SdAlg::Sha512, 2),
    ] {
        let text = ours(sd_alg, decoys);
        assert_eq!(
            plain(kit_verify(&text, &jwk(&key(1)))),
            claims(),
            "{sd_alg:?} {decoys}"
        );
        KitSdJwtVc::parse(&text).unwrap();
    }
}

#[test]
fn ssi_reads_ours() {
    let text = ours(SdAlg::Sha256, 0);
    let parsed = SsiSdJwt::new(&text).unwrap();
    ssi::claims::jws::decode_verify(parsed.jwt().as_str(), &jwk(&key(1))).unwrap();
    let revealed = parsed.decode_reveal_any().unwrap();
    let payload = serde_json::to_value(revealed.claims()).unwrap();
    assert_eq!(plain(payload), claims());
}

#[test]
fn we_read_identity_kits() {
    let mut payload = object(claims());
    payload.insert("vct".into(), json!("urn:eudi:pid:1"));
    let encoded = KitBuilder::new(payload)
        .conceal(["family_name"])
        .conceal(["address", "locality"])
        .conceal(["address"])
        .conceal([PathComponent::from("nationalities"), PathComponent::from(1_usize)])
        .conceal(["points"])
        .with_decoys(2)
        .encode()
        .unwrap();
    let mut text = jws::sign_jwt("dc+sd-jwt", &[], &encoded.payload, &key(2)).unwrap();
    text.push('~');
    for disclosure in &encoded.disclosures {
        text.push_str(disclosure.as_str());
        text.push('~');
    }
    let verified = UnverifiedSdJwt::parse(&text)
        .unwrap()
        .verify_issuer(&key(2).public_key(), &RustCrypto)
        .unwrap()
        .into_vc(&VcCheck::issuance(NOW), &RustCrypto)
        .unwrap();
    assert_eq!(plain(verified.claims), claims());
    assert_eq!(verified.disclosed.len(), 5);
}

#[test]
fn we_read_ssis() {
    for issuer in [JWK::generate_p256(), JWK::generate_ed25519().unwrap()] {
        let payload: JWTClaims<_> = serde_json::from_value(claims()).unwrap();
        let payload: JWTClaims = payload;
        let conceal: Vec<JsonPointerBuf> =
            ["/family_name", "/address/locality", "/nationalities/0", "/height"]
                .iter()
                .map(|pointer| pointer.parse().unwrap())
                .collect();
        let text = block_on(payload.conceal_and_sign(SsiSdAlg::Sha256, &conceal, &issuer)).unwrap();
        let text = text.into_string();
        let verified = UnverifiedSdJwt::parse(&text)
            .unwrap()
            .verify_issuer(&public(&issuer), &RustCrypto)
            .unwrap();
        assert_eq!(Value::Object(verified.claims().clone()), claims());
        // Another key, or one disclosure of another credential: no.
        let other = public(&JWK::generate_p256());
        assert!(
            UnverifiedSdJwt::parse(&text)
                .unwrap()
                .verify_issuer(&other, &RustCrypto)
                .is_err()
        );
        let foreign = format!("{text}WyJzYWx0Iiwicm9sZSIsImFkbWluIl0~");
        let foreign = UnverifiedSdJwt::parse(&foreign).unwrap();
        assert!(foreign.verify_issuer(&public(&issuer), &RustCrypto).is_err());
    }
}

#[test]
fn our_presentation_is_read_and_a_forged_key_binding_is_not() {
    let verified = UnverifiedSdJwt::parse(&ours(SdAlg::Sha256, 0))
        .unwrap()
        .verify_issuer(&key(1).public_key(), &RustCrypto)
        .unwrap();
    let holder = HolderSdJwt::from_verified(verified).unwrap();
    let path = ClaimsPath::keys(&["address", "locality"]).unwrap();
    let present = |signer: u8| {
        holder
            .present(
                std::slice::from_ref(&path),
                "nonce-1234567890",
                "x509_hash:abc",
                NOW,
                &key(signer),
            )
            .unwrap()
    };
    let honest = present(7);
    let payload = kit_verify(&honest, &jwk(&key(1)));
    assert_eq!(
        plain(payload),
        json!({ "address": { "locality": "Voorbeeld" }, "age_equal_or_over": {} }).take_known()
    );
    assert!(KitSdJwt::parse(&honest).unwrap().key_binding_jwt().is_some());

    // `ssi` leaves the key binding to its caller: its one-call verification takes a KB-JWT by anybody.
    let forged_end = honest.rsplit_once('~').map(|(start, kb)| {
        let (signed, _) = kb.rsplit_once('.').unwrap();
        let signature = assent_core::encoding::base64url::encode(&key(9).sign(signed.as_bytes()).unwrap());
        format!("{start}~{signed}.{signature}")
    });
    let forged = forged_end.unwrap();
    let check = |text: &str| {
        let binding = KeyBinding::new("nonce-1234567890", "x509_hash:abc", NOW);
        UnverifiedSdJwt::parse(text)
            .unwrap()
            .verify_issuer(&key(1).public_key(), &RustCrypto)
            .unwrap()
            .into_vc(
                &VcCheck::presentation(NOW, KeyBindingCheck::Required(binding)),
                &RustCrypto,
            )
    };
    assert!(check(&honest).unwrap().possession_proven);
    assert!(check(&forged).is_err());
}

/// What one of the oracles accepts and RFC 9901 forbids.
#[test]
fn we_refuse_where_an_oracle_is_lax() {
    use assent_core::crypto::sha256;
    use assent_core::encoding::base64url::encode;
    let disclosure = |content: Value| encode(content.to_string().as_bytes());
    let digest = |disclosure: &str| encode(&sha256(disclosure.as_bytes()));
    let verify = |payload: Value, disclosures: &[&str]| {
        let mut text = jws::sign_jwt("dc+sd-jwt", &[], &object(payload), &key(1)).unwrap();
        text.push('~');
        for disclosure in disclosures {
            text.push_str(disclosure);
            text.push('~');
        }
        let parsed = UnverifiedSdJwt::parse(&text).map_err(|error| error.to_string())?;
        let verified = parsed
            .verify_issuer(&key(1).public_key(), &RustCrypto)
            .map_err(|error| error.to_string())?;
        verified
            .into_vc(&VcCheck::issuance(NOW), &RustCrypto)
            .map_err(|error| error.to_string())
    };
    let name = disclosure(json!(["c2FsdA", "name", "Jansen"]));
    let vct = "urn:eudi:pid:1";
    // The baseline is good, so each refusal below is for its own reason. No `_sd_alg`: SHA-256 (§4.1.1).
    assert!(verify(json!({ "vct": vct, "_sd": [digest(&name)] }), &[&name]).is_ok());

    let twice = json!({ "vct": vct, "_sd": [digest(&name), digest(&name)] });
    assert!(verify(twice, &[]).is_err());
    let good = json!({ "vct": vct, "_sd": [digest(&name)] });
    assert!(verify(good, &[&name, &name]).is_err());
    for reserved in ["_sd", "..."] {
        let bad = disclosure(json!(["c2FsdA", reserved, "x"]));
        assert!(verify(json!({ "vct": vct, "_sd": [digest(&bad)] }), &[&bad]).is_err());
    }
    let hidden_exp = disclosure(json!(["c2FsdA", "exp", NOW.0 + 60]));
    assert!(
        verify(
            json!({ "vct": vct, "_sd": [digest(&hidden_exp)] }),
            &[&hidden_exp]
        )
        .is_err()
    );
}

trait TakeKnown {
    fn take_known(self) -> Value;
}

impl TakeKnown for Value {
    /// What a presentation of one nested member leaves: containers that are not disclosed are not there at all.
    fn take_known(mut self) -> Value {
        self.as_object_mut()
            .unwrap()
            .retain(|_, value| value != &json!({}));
        self
    }
}
