//! Trust in credentials, per issuer and type.

use super::*;
use crate::crypto::Signer as _;
use crate::env::Env;
use crate::env::testing::Counter;
use crate::sd_jwt::{
    DisclosurePolicy, HolderSdJwt, KeyBinding, KeyBindingCheck, SdJwtBuilder, SdJwtError, UnverifiedSdJwt,
    VcCheck,
};

fn issue(vct: &str, x5c: Vec<Vec<u8>>, signer: &SoftwareKey) -> String {
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let mut rng = Counter(0);
    let mut env = Env {
        now: NOW,
        rng: &mut rng,
    };
    SdJwtBuilder::new(object(json!({ "a": 1, "b": 2 })), DisclosurePolicy::TopLevel)
        .always(object(json!({ "vct": vct })))
        .holder_key(&key(20).public_key())
        .x5c(x5c)
        .sign(signer, &mut env)
        .unwrap()
}

fn anchors(entries: &[(&Cert, &str)]) -> TrustAnchors {
    let mut anchors = TrustAnchors::new();
    for (cert, vct) in entries {
        let anchor = Anchor {
            vct: vec![(*vct).to_owned()],
            ..cert.anchor(vct)
        };
        anchors.add(Role::CredentialIssuer, anchor).unwrap();
    }
    anchors
}

fn verify(compact: &str, anchors: &TrustAnchors) -> Result<VerifiedCredential, CredentialError> {
    verify_credential(compact, anchors, &VcCheck::issuance(NOW), &RustCrypto)
}

/// SV-10.
#[test]
fn trust_is_per_issuer_and_type() {
    let (pid_ca, other_ca) = (root("PID", 1), root("Other", 2));
    let pid_issuer = signed(leaf_params("PID issuer"), 3, &pid_ca);
    let other_issuer = signed(leaf_params("Other issuer"), 4, &other_ca);
    let trusted = anchors(&[(&pid_ca, "pid"), (&other_ca, "other")]);
    let good = verify(&issue("pid", chain(&[&pid_issuer]), &key(3)), &trusted).unwrap();
    assert_eq!(good.chain.vcts, ["pid"]);
    assert_eq!(good.chain.anchor_name, "pid");
    assert_eq!(good.vc.vct, "pid");
    for vct in ["other", "PID", "pid:1", "urn:pid"] {
        assert_eq!(
            verify(&issue(vct, chain(&[&pid_issuer]), &key(3)), &trusted).unwrap_err(),
            CredentialError::TypeNotAllowed,
            "{vct}"
        );
    }
    assert_eq!(
        verify(&issue("pid", chain(&[&other_issuer]), &key(4)), &trusted).unwrap_err(),
        CredentialError::TypeNotAllowed
    );
    // One authority listed for two types.
    let both = anchors(&[(&pid_ca, "pid"), (&pid_ca, "second")]);
    for vct in ["pid", "second"] {
        assert!(verify(&issue(vct, chain(&[&pid_issuer]), &key(3)), &both).is_ok());
    }
}

#[test]
fn the_chain_decides_whose_key_counts() {
    let ca = root("PID", 1);
    let issuer = signed(leaf_params("Issuer"), 3, &ca);
    let trusted = anchors(&[(&ca, "pid")]);
    // Signed by someone else under a borrowed chain.
    assert!(matches!(
        verify(&issue("pid", chain(&[&issuer]), &key(4)), &trusted),
        Err(CredentialError::SdJwt(SdJwtError::Jws(_)))
    ));
    // Signed by the authority's own key.
    assert!(verify(&issue("pid", chain(&[&issuer]), &key(1)), &trusted).is_err());
    assert_eq!(
        verify(&issue("pid", Vec::new(), &key(3)), &trusted).unwrap_err(),
        CredentialError::Chain(ChainError::Empty)
    );
    assert!(verify(&issue("pid", chain(&[&issuer, &ca]), &key(3)), &trusted).is_ok());
}

/// The whole way: issue, keep, present, verify; and with a chain verified before.
#[test]
fn presented() {
    let ca = root("PID", 1);
    let issuer = signed(leaf_params("Issuer"), 3, &ca);
    let trusted = anchors(&[(&ca, "pid")]);
    let issued = verify(&issue("pid", chain(&[&issuer]), &key(3)), &trusted).unwrap();
    let approved = [crate::claims::ClaimsPath::keys(&["a"]).unwrap()];
    let text = HolderSdJwt::from_vc(&issued.vc)
        .unwrap()
        .present(&approved, "nonce", "x509_hash:abc", NOW, &key(20))
        .unwrap();
    let check = VcCheck::presentation(
        NOW,
        KeyBindingCheck::Required(KeyBinding::new("nonce", "x509_hash:abc", NOW)),
    );
    let shown = verify_credential(&text, &trusted, &check, &RustCrypto).unwrap();
    assert!(shown.vc.possession_proven);
    assert_eq!(shown.vc.claims["a"], 1);
    assert!(shown.vc.claims.get("b").is_none());

    let again = |chain: VerifiedChain, check: &VcCheck<'_>| {
        let unverified = UnverifiedSdJwt::parse(&text).unwrap();
        verify_credential_on_chain(unverified, chain, check, &RustCrypto)
    };
    assert!(again(shown.chain.clone(), &check).is_ok());
    let later = VcCheck {
        now: shown.chain.valid_until.plus(1),
        ..check
    };
    assert_eq!(
        again(shown.chain.clone(), &later).unwrap_err(),
        CredentialError::Chain(ChainError::Time)
    );
    let other = signed(leaf_params("Other"), 3, &ca);
    let other = verify_chain(
        &chain(&[&other]),
        &trusted,
        Role::CredentialIssuer,
        NOW,
        &RustCrypto,
    )
    .unwrap();
    assert_eq!(
        again(other, &check).unwrap_err(),
        CredentialError::Chain(ChainError::Untrusted)
    );
}
