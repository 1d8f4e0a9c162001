//! Our reading of certificates against the `x509-cert` crate's, on certificates made here, published ones, and many
//! damaged ones.

use p256::elliptic_curve::sec1::ToSec1Point as _;
use rcgen::{DnType, DnValue, SanType};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::name::{DirectoryString, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectAltName};

use super::super::certificate::Certificate;
use super::*;
use crate::crypto::PublicKey;

/// What is read from a certificate.
#[derive(Debug, PartialEq)]
struct Read {
    /// Dates, subject and key, which are in every certificate.
    always: String,
    is_authority: bool,
    may_sign: bool,
    dns_names: Vec<String>,
    aki: Option<Vec<u8>>,
}

fn ours(der: &[u8]) -> Option<Read> {
    let read = Certificate::read(der).ok()?;
    let validity = read.validity();
    let subject = read.subject();
    Some(Read {
        always: format!(
            "{} {} {} {} {:?} {:?} {:?}",
            validity.not_before.0,
            validity.not_after.0,
            read.is_self_issued(),
            base64url::encode(read.public_key_der()),
            subject.common_name,
            subject.organization,
            subject.country,
        ),
        is_authority: read.is_authority(),
        may_sign: read.may_sign(),
        dns_names: read.dns_names(),
        aki: read.authority_key_identifier(),
    })
}

/// The same from the other reader.
fn theirs(der: &[u8]) -> Option<Read> {
    let read = x509_cert::Certificate::from_der(der).ok()?;
    let tbs = read.tbs_certificate();
    let (basic, usage) = (
        tbs.get_extension::<BasicConstraints>(),
        tbs.get_extension::<KeyUsage>(),
    );
    let may = |test: &dyn Fn(&KeyUsage) -> bool| match &usage {
        Ok(None) => true,
        Ok(Some((_, usage))) => test(usage),
        Err(_) => false,
    };
    let names = match tbs.get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0,
        _ => Vec::new(),
    };
    let dns: Vec<String> = names
        .into_iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        })
        .collect();
    let aki = tbs.get_extension::<AuthorityKeyIdentifier>().ok().flatten();
    let aki = aki.and_then(|(_, aki)| Some(aki.key_identifier?.as_bytes().to_vec()));
    let attribute = |oid: &str| -> Option<String> {
        let found = tbs.subject().by_oid::<DirectoryString>(oid.parse().ok()?);
        super::super::certificate::shown(&found.ok()??.value())
    };
    Some(Read {
        always: format!(
            "{} {} {} {} {:?} {:?} {:?}",
            tbs.validity().not_before.to_unix_duration().as_secs(),
            tbs.validity().not_after.to_unix_duration().as_secs(),
            tbs.subject() == tbs.issuer(),
            base64url::encode(&tbs.subject_public_key_info().to_der().ok()?),
            attribute("2.5.4.3"),
            attribute("2.5.4.10"),
            attribute("2.5.4.6"),
        ),
        is_authority: may(&|usage| usage.key_cert_sign())
            && matches!(basic, Ok(Some((_, BasicConstraints { ca: true, .. })))),
        may_sign: may(&|usage| usage.digital_signature()),
        dns_names: dns,
        aki,
    })
}

fn certificates() -> Vec<Vec<u8>> {
    let root = root_of(ca_params("Root"), 1);
    let mut named = leaf_params("Stadsbibliotheek é\u{202e}x");
    named
        .distinguished_name
        .push(DnType::OrganizationName, "Gemeente Voorbeeld");
    named.distinguished_name.push(DnType::CountryName, "NL");
    named.distinguished_name.push(
        DnType::CommonName,
        DnValue::Utf8String("Stadsbibliotheek ✓".into()),
    );
    named.subject_alt_names = vec![
        SanType::DnsName("library.example".try_into().unwrap()),
        SanType::URI("https://library.example/".try_into().unwrap()),
        SanType::DnsName("*.library.example".try_into().unwrap()),
    ];
    named.not_after = date_time_ymd(2055, 3, 31);
    let leaf = signed(named, 2, &root);
    let mut bmp = leaf_params("x");
    bmp.distinguished_name.push(
        DnType::OrganizationName,
        DnValue::BmpString("Bücherei".try_into().unwrap()),
    );
    let bmp = signed(bmp, 3, &root);
    let mut found = vec![root.der, leaf.der, bmp.der];
    for file in ["isomdl/aamva_ca_root.crt", "isomdl/aamva_ca_intermediate.crt"] {
        let text = crate::vectors::text(file);
        let base64: String = text
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != "-----BEGIN CERTIFICATE-----")
            .skip(1)
            .take_while(|line| *line != "-----END CERTIFICATE-----")
            .collect();
        found.push(base64url::decode_standard(&base64).unwrap());
    }
    found
}

#[test]
fn good_certificates_read_the_same() {
    for der in certificates() {
        let read = ours(&der).unwrap();
        assert_eq!(Some(read), theirs(&der));
    }
}

#[test]
fn damaged_ones_never_grant_more() {
    let mut both = 0;
    for der in certificates() {
        for at in 0..der.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut damaged = der.clone();
                damaged[at] ^= change;
                if let (Some(ours), Some(theirs)) = (ours(&damaged), theirs(&damaged)) {
                    // Of a damaged extension we may read less, never more or something else.
                    let at = format!("octet {at} of {}: {ours:?} {theirs:?}", der.len());
                    assert_eq!(ours.always, theirs.always, "{at}");
                    assert!(theirs.is_authority || !ours.is_authority, "{at}");
                    assert!(theirs.may_sign || !ours.may_sign, "{at}");
                    assert!(
                        ours.dns_names.is_empty() || ours.dns_names == theirs.dns_names,
                        "{at}"
                    );
                    assert!(ours.aki.is_none() || ours.aki == theirs.aki, "{at}");
                    both += 1;
                }
            }
            assert!(Certificate::read(&der[..at]).is_err(), "cut at {at}");
        }
    }
    assert!(both > 1000, "only {both}");
}

#[test]
fn keys_read_the_same() {
    use p256::elliptic_curve::pkcs8::DecodePublicKey as _;

    for der in certificates() {
        let spki = Certificate::read(&der).unwrap().public_key_der();
        let key = p256::PublicKey::from_public_key_der(spki).ok();
        let theirs = key.map(|key| key.to_sec1_point(false).as_bytes().to_vec());
        let ours = match PublicKey::from_spki_der(spki) {
            Ok(PublicKey::P256(point)) => Some(point.to_vec()),
            _ => None,
        };
        assert_eq!(ours, theirs);
    }
}
