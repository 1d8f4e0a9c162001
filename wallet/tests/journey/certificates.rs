//! Authorities and certificates made for the tests.

use assent_core::crypto::SoftwareKey;
use p256::pkcs8::EncodePrivateKey as _;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// An authority and a leaf below it.
pub struct Chain {
    pub anchor: Vec<u8>,
    pub leaf: Vec<u8>,
    pub key: SoftwareKey,
}

/// `number` makes the keys; the authority has the one after the leaf's.
pub fn chain(name: &str, number: u8) -> Chain {
    renewed(name, number + 1, &format!("NTRNL-{number:08}"), number)
}

/// A certificate for another key below the authority `above`, for the organisation with this identifier.
pub fn renewed(name: &str, above: u8, identifier: &str, number: u8) -> Chain {
    let mut authority = params(&format!("{name} authority"));
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_pair = pair(above);
    let anchor = authority.self_signed(&authority_pair).unwrap().der().to_vec();
    let mut leaf = params(name);
    leaf.distinguished_name.push(DnType::OrganizationName, name);
    leaf.distinguished_name.push(
        DnType::CountryName,
        DnValue::PrintableString("NL".try_into().unwrap()),
    );
    let organization_identifier = DnType::CustomDnType(vec![2, 5, 4, 97]);
    leaf.distinguished_name.push(organization_identifier, identifier);
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let issuer = Issuer::from_params(&authority, &authority_pair);
    let leaf = leaf.signed_by(&pair(number), &issuer).unwrap().der().to_vec();
    Chain {
        anchor,
        leaf,
        key: SoftwareKey::from_bytes(&[number; 32]).unwrap(),
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2028, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

fn pair(number: u8) -> KeyPair {
    let secret = p256::SecretKey::from_slice(&[number; 32]).unwrap();
    KeyPair::try_from(secret.to_pkcs8_der().unwrap().as_bytes()).unwrap()
}
