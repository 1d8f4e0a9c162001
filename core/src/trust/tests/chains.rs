//! Chains (RFC 5280 §6, HAIP 1.0 §5 and §6.1.1, pitfall 16).

use super::*;

const ROLE: Role = Role::AccessCertificate;

fn verify(x5c: &[Vec<u8>], anchors: &TrustAnchors) -> Result<VerifiedChain, ChainError> {
    verify_chain(x5c, anchors, ROLE, NOW, &RustCrypto)
}

#[test]
fn leaf_and_intermediate() {
    let root = root("Root", 1);
    let middle = signed(ca_params("Middle"), 2, &root);
    let below_root = signed(leaf_params("A"), 3, &root);
    let below_middle = signed(leaf_params("B"), 4, &middle);
    let anchors = trusting(ROLE, &[&root]);
    assert_eq!(
        verify(&chain(&[&below_root]), &anchors).unwrap().leaf_key,
        crate::crypto::Signer::public_key(&key(3))
    );
    let found = verify(&chain(&[&below_middle, &middle]), &anchors).unwrap();
    assert_eq!(found.anchor_name, "anchor 0");
    assert_eq!(found.anchor_sha256, crate::crypto::sha256(&root.der));
    assert_eq!(found.akis.len(), 2);
    assert_eq!(
        found.akis,
        authority_key_identifiers(&chain(&[&below_middle, &middle]))
    );
    assert_eq!(found.valid_until, Timestamp(1_830_297_600));
    // An anchor may be an intermediate authority.
    let at_middle = trusting(ROLE, &[&middle]);
    assert!(verify(&chain(&[&below_middle]), &at_middle).is_ok());
    // The intermediate is missing.
    assert_eq!(
        verify(&chain(&[&below_middle]), &anchors),
        Err(ChainError::Untrusted)
    );
}

/// Pitfall 16: an anchor in `x5c`, and what follows it, is left out.
#[test]
fn anchor_inside_the_chain() {
    let root = root("Root", 1);
    let middle = signed(ca_params("Middle"), 2, &root);
    let leaf = signed(leaf_params("Leaf"), 3, &middle);
    let anchors = trusting(ROLE, &[&root]);
    assert!(verify(&chain(&[&leaf, &middle, &root]), &anchors).is_ok());
    let at_middle = trusting(ROLE, &[&middle]);
    assert!(verify(&chain(&[&leaf, &middle, &root]), &at_middle).is_ok());
    // Sending a root does not make it trusted.
    let other = trusting(ROLE, &[&super::root("Other", 9)]);
    assert_eq!(
        verify(&chain(&[&leaf, &middle, &root]), &other),
        Err(ChainError::Untrusted)
    );
    assert_eq!(
        verify(&chain(&[&leaf, &middle, &root]), &TrustAnchors::new()),
        Err(ChainError::Untrusted)
    );
}

#[test]
fn certificates_that_do_not_belong() {
    let root = root("Root", 1);
    let leaf = signed(leaf_params("Leaf"), 3, &root);
    let stranger = signed(ca_params("Stranger"), 4, &root);
    let anchors = trusting(ROLE, &[&root]);
    assert_eq!(
        verify(&chain(&[&leaf, &stranger]), &anchors),
        Err(ChainError::Extra)
    );
    assert_eq!(verify(&chain(&[&leaf, &leaf]), &anchors), Err(ChainError::Extra));
    let long: Vec<&Cert> = std::iter::once(&leaf)
        .chain(std::iter::repeat_n(&stranger, 8))
        .collect();
    assert_eq!(verify(&chain(&long), &anchors), Err(ChainError::Extra));
    assert_eq!(verify(&[], &anchors), Err(ChainError::Empty));
    for garbage in [vec![], vec![0x30], b"-----BEGIN CERTIFICATE-----".to_vec()] {
        assert_eq!(verify(&[garbage], &anchors), Err(ChainError::Malformed));
    }
    let mut longer = leaf.der.clone();
    longer.push(0);
    assert_eq!(verify(&[longer], &anchors), Err(ChainError::Malformed));
}

/// HAIP 1.0 §5: never a self-signed leaf, even one that is itself listed.
#[test]
fn self_signed_leaf() {
    let leaf = root_of(leaf_params("Leaf"), 3);
    let root = root("Root", 1);
    assert_eq!(
        verify(&chain(&[&leaf]), &trusting(ROLE, &[&root])),
        Err(ChainError::SelfSigned)
    );
    let mut anchors = TrustAnchors::new();
    let listed = Anchor {
        directly_trusted: true,
        ..leaf.anchor("leaf")
    };
    anchors.add(ROLE, listed).unwrap();
    assert_eq!(verify(&chain(&[&leaf]), &anchors), Err(ChainError::SelfSigned));
    assert_eq!(
        verify(&chain(&[&root]), &trusting(ROLE, &[&root])),
        Err(ChainError::SelfSigned)
    );
}

#[test]
fn wrong_use() {
    let root = root("Root", 1);
    let anchors = trusting(ROLE, &[&root]);
    // An authority is no leaf, and a leaf no authority.
    let middle = signed(ca_params("Middle"), 2, &root);
    assert_eq!(verify(&chain(&[&middle]), &anchors), Err(ChainError::Usage));
    let leaf = signed(leaf_params("Leaf"), 3, &root);
    let below_leaf = signed(leaf_params("Below"), 4, &leaf);
    assert_eq!(
        verify(&chain(&[&below_leaf, &leaf]), &anchors),
        Err(ChainError::Usage)
    );
    // A leaf that may not sign data.
    let mut params = leaf_params("Leaf");
    params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    let agreeing = signed(params, 3, &root);
    assert_eq!(verify(&chain(&[&agreeing]), &anchors), Err(ChainError::Usage));
    // A path longer than the authority allows.
    let mut short = ca_params("Short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = signed(short, 5, &root);
    let too_deep = signed(ca_params("Deep"), 6, &short);
    let leaf = signed(leaf_params("Leaf"), 7, &too_deep);
    assert_eq!(
        verify(&chain(&[&leaf, &too_deep, &short]), &anchors),
        Err(ChainError::Usage)
    );
}

/// RFC 5280 §4.2.1.10, §4.2: an authority for some names speaks for no others, also not through one below it or in the
/// words that are shown; and what must be understood and is not ends the path.
#[test]
fn constraints_of_an_authority() {
    type Trees = Vec<GeneralSubtree>;
    let limited = |permitted_subtrees: Trees, excluded_subtrees: Trees| {
        let mut params = ca_params("Middle");
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees,
            excluded_subtrees,
        });
        params
    };
    let dns = |name: &str| vec![GeneralSubtree::DnsName(name.into())];
    let organization = || {
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, "City library");
        vec![GeneralSubtree::DirectoryName(name)]
    };
    let named = |name: &str| {
        let mut params = leaf_params("Leaf");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into().unwrap())];
        params
    };
    let root = root("Root", 1);
    for (params, name, allowed) in [
        (limited(dns("library.example"), vec![]), "library.example", true),
        (limited(dns("library.example"), vec![]), "a.library.example", true),
        (limited(dns("library.example"), vec![]), "bank.example", false),
        (
            limited(dns("library.example"), vec![]),
            "evillibrary.example",
            false,
        ),
        (limited(dns("library.example"), vec![]), "*.example", false),
        (limited(vec![], dns("bank.example")), "BANK.example", false),
        (limited(vec![], dns("bank.example")), "www.bank.example", false),
        (limited(vec![], dns("bank.example")), "library.example", true),
        (limited(organization(), vec![]), "library.example", false),
    ] {
        let middle = signed(params, 2, &root);
        let leaf = signed(named(name), 3, &middle);
        let found = verify(&chain(&[&leaf, &middle]), &trusting(ROLE, &[&root]));
        assert_eq!(found.is_ok(), allowed, "{name}: {found:?}");
        // The same limits on the anchor itself, and on one below the limited one.
        let found = verify(&chain(&[&leaf]), &trusting(ROLE, &[&middle]));
        assert_eq!(found.is_ok(), allowed, "{name}: {found:?}");
        let lower = signed(ca_params("Lower"), 4, &middle);
        let leaf = signed(named(name), 5, &lower);
        let found = verify(&chain(&[&leaf, &lower, &middle]), &trusting(ROLE, &[&root]));
        assert_eq!(found.is_ok(), allowed, "{name}: {found:?}");
    }
    for in_leaf in [true, false] {
        let mut strange =
            rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        strange.set_criticality(true);
        let (mut middle, mut leaf) = (ca_params("Middle"), leaf_params("Leaf"));
        let place = if in_leaf { &mut leaf } else { &mut middle };
        place.custom_extensions.push(strange);
        let middle = signed(middle, 2, &root);
        let leaf = signed(leaf, 3, &middle);
        let found = verify(&chain(&[&leaf, &middle]), &trusting(ROLE, &[&root]));
        assert_eq!(found, Err(ChainError::Malformed));
    }
}

#[test]
fn times() {
    let root = root("Root", 1);
    let leaf = signed(leaf_params("Leaf"), 3, &root);
    let anchors = trusting(ROLE, &[&root]);
    let at = |seconds: i64| {
        verify_chain(&chain(&[&leaf]), &anchors, ROLE, Timestamp(seconds), &RustCrypto).map(|_| ())
    };
    let (first, last) = (1_767_225_600, 1_830_297_600);
    assert_eq!(at(first), Ok(()));
    assert_eq!(at(last), Ok(()));
    assert_eq!(at(first - 1), Err(ChainError::Time));
    assert_eq!(at(last + 1), Err(ChainError::Time));
    assert_eq!(at(-1), Err(ChainError::Time));
    // An anchor that has expired, over a leaf that has not.
    let mut old = ca_params("Old");
    old.not_after = date_time_ymd(2026, 2, 1);
    let old = root_of(old, 5);
    let leaf = signed(leaf_params("Leaf"), 3, &old);
    assert_eq!(
        verify(&chain(&[&leaf]), &trusting(ROLE, &[&old])),
        Err(ChainError::Time)
    );
}

#[test]
fn forged_signatures() {
    let root = root("Root", 1);
    // The same name, another key.
    let forger = super::root("Root", 9);
    let leaf = signed(leaf_params("Leaf"), 3, &forger);
    let outcome = verify(&chain(&[&leaf]), &trusting(ROLE, &[&root]));
    assert!(
        matches!(outcome, Err(ChainError::Signature | ChainError::Untrusted)),
        "{outcome:?}"
    );
    let good = signed(leaf_params("Leaf"), 3, &root);
    let mut changed = good.der.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(verify(&[changed], &trusting(ROLE, &[&root])).is_err());
}

#[test]
fn roles_are_apart() {
    let root = root("Root", 1);
    let leaf = signed(leaf_params("Leaf"), 3, &root);
    for trusted in [Role::CredentialIssuer, Role::StatusListSigner] {
        assert_eq!(
            verify(&chain(&[&leaf]), &trusting(trusted, &[&root])),
            Err(ChainError::Untrusted)
        );
    }
}

/// A directly trusted certificate: itself and nothing it signed.
#[test]
fn directly_trusted() {
    let root = root("Root", 1);
    let leaf = signed(leaf_params("Leaf"), 3, &root);
    let sibling = signed(leaf_params("Sibling"), 4, &root);
    let below = signed(leaf_params("Below"), 5, &leaf);
    let mut anchors = TrustAnchors::new();
    let listed = Anchor {
        directly_trusted: true,
        ..leaf.anchor("just this one")
    };
    anchors.add(ROLE, listed).unwrap();
    let found = verify(&chain(&[&leaf]), &anchors).unwrap();
    assert_eq!(found.anchor_name, "just this one");
    assert!(verify(&chain(&[&leaf, &root]), &anchors).is_ok());
    assert_eq!(verify(&chain(&[&sibling]), &anchors), Err(ChainError::Untrusted));
    assert!(verify(&chain(&[&below, &leaf]), &anchors).is_err());
    assert_eq!(
        verify_chain(
            &chain(&[&leaf]),
            &anchors,
            ROLE,
            Timestamp(1_830_297_601),
            &RustCrypto
        ),
        Err(ChainError::Time)
    );
}

#[test]
fn who_the_leaf_is() {
    let root = root("Root", 1);
    let mut params = leaf_params(
        "Lib\u{200b}rary\u{202e}\u{7}\u{61c}\u{feff}\u{2028}\u{ad}\u{3164}\u{e0041}\u{fe0f} desk",
    );
    params
        .distinguished_name
        .push(DnType::OrganizationName, "City library of Voorbeeld");
    params.distinguished_name.push(
        DnType::CountryName,
        DnValue::PrintableString("NL".try_into().unwrap()),
    );
    params
        .distinguished_name
        .push(DnType::CustomDnType(vec![2, 5, 4, 97]), "NTRNL-12345678");
    params.subject_alt_names = ["library.example", "*.wild.example"]
        .map(|name| rcgen::SanType::DnsName(name.try_into().unwrap()))
        .to_vec();
    let leaf = signed(params, 3, &root);
    let found = verify(&chain(&[&leaf]), &trusting(ROLE, &[&root])).unwrap();
    assert_eq!(
        found.subject,
        CertificateSubject {
            common_name: Some("Library desk".into()),
            organization: Some("City library of Voorbeeld".into()),
            organization_identifier: Some("NTRNL-12345678".into()),
            country: Some("NL".into()),
        }
    );
    assert_eq!(found.subject.display_name(), Some("City library of Voorbeeld"));
    assert!(found.has_dns_name("library.example"));
    assert!(found.has_dns_name("LIBRARY.example"));
    for other in [
        "",
        "a.library.example",
        "example",
        "x.wild.example",
        "*.wild.example",
    ] {
        assert!(!found.has_dns_name(other), "{other}");
    }
    assert_eq!(found.x509_hash(), x509_hash(&leaf.der));
    assert_eq!(
        found.x509_hash(),
        base64url::encode(&crate::crypto::sha256(&leaf.der))
    );
}

/// P-384 and Ed25519 leaves below a P-256 authority; a P-384 authority.
#[test]
fn other_key_types() {
    let root = root("Root", 1);
    let issuer = Issuer::from_params(&root.params, &root.pair);
    for alg in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        let pair = KeyPair::generate_for(alg).unwrap();
        let leaf = leaf_params("Leaf").signed_by(&pair, &issuer).unwrap();
        let found = verify(&[leaf.der().to_vec()], &trusting(ROLE, &[&root])).unwrap();
        assert!(found.leaf_key.as_bytes().ends_with(pair.public_key_raw()));
    }
    let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let params = ca_params("Root 384");
    let der = params.self_signed(&pair).unwrap().der().to_vec();
    let root = Cert { params, pair, der };
    let leaf = signed(leaf_params("Leaf"), 3, &root);
    assert!(verify(&chain(&[&leaf]), &trusting(ROLE, &[&root])).is_ok());
}

/// Chains are remembered, but never outside their time, for other certificates, or after the anchors changed.
#[test]
fn remembered_chains() {
    use crate::crypto::{BadSignature, CryptoProvider, PublicKey};

    /// Verifies nothing: whatever passes with it was remembered.
    struct Nothing;
    impl CryptoProvider for Nothing {
        fn verify(&self, _: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
            Err(BadSignature)
        }
        fn x509_algorithms(&self) -> &[&'static dyn rustls_pki_types::SignatureVerificationAlgorithm] {
            &[]
        }
    }

    let root = root("Root", 1);
    let mut params = ca_params("Middle");
    params.not_before = date_time_ymd(2027, 1, 1);
    params.not_after = date_time_ymd(2027, 2, 1);
    let middle = signed(params, 2, &root);
    let leaf = signed(leaf_params("Leaf"), 3, &middle);
    let other = signed(leaf_params("Other"), 4, &middle);
    let mut anchors = trusting(ROLE, &[&root]);
    let from_memory = |x5c: &[Vec<u8>], anchors: &TrustAnchors, now: Timestamp| {
        verify_chain(x5c, anchors, ROLE, now, &Nothing).is_ok()
    };
    let x5c = chain(&[&leaf, &middle]);
    assert!(!from_memory(&x5c, &anchors, NOW));
    let found = verify(&x5c, &anchors).unwrap();
    // The intermediate is the first to expire.
    assert_eq!(found.valid_until, Timestamp(1_801_440_000));
    assert!(from_memory(&x5c, &anchors, NOW));
    assert_eq!(verify(&x5c, &anchors).unwrap(), found);
    assert!(from_memory(&x5c, &anchors, found.valid_until));
    assert!(!from_memory(&x5c, &anchors, found.valid_until.plus(1)));
    assert!(!from_memory(&x5c, &anchors, Timestamp(1_798_761_599)));
    assert!(!from_memory(&chain(&[&other, &middle]), &anchors, NOW));
    assert!(!from_memory(&chain(&[&leaf]), &anchors, NOW));
    assert!(!from_memory(&x5c, &anchors.clone(), NOW));
    assert!(verify_chain(&x5c, &anchors, Role::CredentialIssuer, NOW, &Nothing).is_err());
    anchors
        .add(ROLE, super::root("Another", 9).anchor("another"))
        .unwrap();
    assert!(!from_memory(&x5c, &anchors, NOW));
    assert!(verify(&x5c, &anchors).is_ok());
}
