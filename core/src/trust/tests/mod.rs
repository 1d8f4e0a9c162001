//! Tests of the whole module, on certificates made here.

mod anchors;
mod chains;
mod credentials;
mod oracle;
mod status_lists;

use p256::pkcs8::EncodePrivateKey as _;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use serde_json::json;

use super::*;
use crate::crypto::{RustCrypto, SoftwareKey};
use crate::encoding::base64url;
use crate::env::Timestamp;

/// 2027-01-15.
const NOW: Timestamp = Timestamp(1_800_000_000);

/// The key with this number, for signing certificates and everything else.
fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[number; 32]).unwrap()
}

fn pair(number: u8) -> KeyPair {
    let secret = p256::SecretKey::from_slice(&[number; 32]).unwrap();
    let der = secret.to_pkcs8_der().unwrap();
    KeyPair::try_from(der.as_bytes()).unwrap()
}

/// An authority or a leaf: its parameters, key and certificate.
struct Cert {
    params: CertificateParams,
    pair: KeyPair,
    der: Vec<u8>,
}

impl Cert {
    /// An anchor, as the tests' JSON has it.
    fn anchor(&self, name: &str) -> Anchor {
        Anchor {
            name: name.to_owned(),
            certificate: self.der.clone(),
            vct: Vec::new(),
            directly_trusted: false,
        }
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

fn ca_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn root_of(params: CertificateParams, number: u8) -> Cert {
    let pair = pair(number);
    let der = params.self_signed(&pair).unwrap().der().to_vec();
    Cert { params, pair, der }
}

fn root(name: &str, number: u8) -> Cert {
    root_of(ca_params(name), number)
}

fn signed(params: CertificateParams, number: u8, by: &Cert) -> Cert {
    let pair = pair(number);
    let issuer = Issuer::from_params(&by.params, &by.pair);
    let der = params.signed_by(&pair, &issuer).unwrap().der().to_vec();
    Cert { params, pair, der }
}

/// Anchors of one role.
fn trusting(role: Role, certs: &[&Cert]) -> TrustAnchors {
    let mut anchors = TrustAnchors::new();
    for (index, cert) in certs.iter().enumerate() {
        anchors
            .add(role, cert.anchor(&format!("anchor {index}")))
            .unwrap();
    }
    anchors
}

fn chain(certs: &[&Cert]) -> Vec<Vec<u8>> {
    certs.iter().map(|cert| cert.der.clone()).collect()
}
