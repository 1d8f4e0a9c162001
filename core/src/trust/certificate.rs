//! Reading certificates (RFC 5280 §4). Nothing here decides about trust.

use super::ChainError;
use crate::crypto::PublicKey;
use crate::encoding::der::{self, Reader};
use crate::encoding::record::{FromJson, ToJson};
use crate::encoding::steering::steers;
use crate::env::Timestamp;

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const COUNTRY: &[u8] = &[0x55, 4, 6];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
/// ETSI EN 319 412-1 §5.1.4 gives its form, e.g. `NTRNL-12345678`.
const ORGANIZATION_IDENTIFIER: &[u8] = &[0x55, 4, 97];

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];

/// Longest name kept, in characters.
const MAX_NAME: usize = 200;

/// Who a certificate is for. Texts are cleaned for display: no control or direction-changing characters, at most
/// 200 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct CertificateSubject {
    /// `commonName`.
    pub common_name: Option<String>,
    /// `organizationName`: the legal name.
    pub organization: Option<String>,
    /// `organizationIdentifier`, e.g. `NTRNL-12345678`.
    pub organization_identifier: Option<String>,
    /// `countryName`, two letters.
    pub country: Option<String>,
}

impl CertificateSubject {
    /// The name to show: the organisation, else the common name.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.organization.as_deref().or(self.common_name.as_deref())
    }
}

/// The key identifiers of the authorities named in `x5c`, in the form DCQL's `aki` compares: the `keyIdentifier` of
/// the AuthorityKeyIdentifier extension of each certificate (OpenID4VP 1.0 §6.1.1.1). Certificates that cannot be
/// read or have none add nothing. The chain is not verified.
#[must_use]
pub fn authority_key_identifiers(x5c: &[Vec<u8>]) -> Vec<Vec<u8>> {
    x5c.iter()
        .filter_map(|der| Certificate::read(der).ok()?.authority_key_identifier())
        .collect()
}

/// The DNS names in a certificate (RFC 5280 §4.2.1.6), as written; none when it cannot be read. Nothing is verified:
/// for whoever looks at a certificate of their own.
#[must_use]
pub fn dns_names(certificate_der: &[u8]) -> Vec<String> {
    Certificate::read(certificate_der).map_or_else(|_| Vec::new(), |certificate| certificate.dns_names())
}

/// The key in a certificate, when it is one we use. Nothing is verified.
#[must_use]
pub fn certified_key(certificate_der: &[u8]) -> Option<PublicKey> {
    let certificate = Certificate::read(certificate_der).ok()?;
    PublicKey::from_spki_der(certificate.public_key_der()).ok()
}

/// True when a certificate names itself as its issuer, so that wallets and verifiers refuse it as a leaf (HAIP 1.0 §5,
/// §6.1.1). False when it cannot be read.
#[must_use]
pub fn is_self_issued(certificate_der: &[u8]) -> bool {
    Certificate::read(certificate_der).is_ok_and(|certificate| certificate.is_self_issued())
}

/// When a certificate is valid, both ends included (RFC 5280 §4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Validity {
    /// The time both are valid.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }

    pub(super) fn includes(self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// A certificate that can be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Certificate<'a> {
    issuer: &'a [u8],
    validity: Validity,
    subject: &'a [u8],
    key: &'a [u8],
    extensions: Reader<'a>,
}

/// The extension is there, but is not what it says it is.
struct BadExtension;

impl<'a> Certificate<'a> {
    /// Reads DER, with nothing after it.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, ChainError> {
        Self::parse(der).ok_or(ChainError::Malformed)
    }

    fn parse(der: &'a [u8]) -> Option<Self> {
        // RFC 5280 §4.1.
        let mut certificate = Reader::only(der, der::SEQUENCE)?;
        let mut body = certificate.within(der::SEQUENCE)?;
        certificate.take(der::SEQUENCE)?;
        certificate.take(der::BIT_STRING)?;
        // §4.1.2.1: extensions are there from version 3 on.
        let version = body.optional(der::constructed(0))?;
        body.take(der::INTEGER)?;
        body.take(der::SEQUENCE)?;
        let issuer = body.take(der::SEQUENCE)?;
        let mut dates = body.within(der::SEQUENCE)?;
        let validity = Validity {
            not_before: time(&mut dates)?,
            not_after: time(&mut dates)?,
        };
        let subject = body.take(der::SEQUENCE)?;
        let key = body.element(der::SEQUENCE)?.whole;
        body.optional(der::primitive(1))?;
        body.optional(der::primitive(2))?;
        let extensions = match body.optional(der::constructed(3))? {
            Some(content) => Reader::only(content, der::SEQUENCE)?,
            None => Reader::new(&[]),
        };
        let three = version == Some(&[der::INTEGER, 1, 2]);
        let whole = certificate.end() && body.end() && dates.end() && (three || extensions.end());
        let read = Self {
            issuer,
            validity,
            subject,
            key,
            extensions,
        };
        (whole && read.extensions_are_sound()).then_some(read)
    }

    /// RFC 5280 §4.2: each is well formed and none is there twice.
    fn extensions_are_sound(&self) -> bool {
        let mut seen: Vec<&[u8]> = Vec::new();
        let mut rest = self.extensions;
        while !rest.end() {
            match extension(&mut rest) {
                Some((oid, _)) if !seen.contains(&oid) => seen.push(oid),
                _ => return false,
            }
        }
        true
    }

    fn extension(&self, wanted: &[u8]) -> Option<&'a [u8]> {
        let mut rest = self.extensions;
        while let Some((oid, value)) = extension(&mut rest) {
            if oid == wanted {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn validity(&self) -> Validity {
        self.validity
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(super) fn public_key_der(&self) -> &'a [u8] {
        self.key
    }

    /// True when it may sign certificates (RFC 5280 §4.2.1.9, §4.2.1.3).
    pub(super) fn is_authority(&self) -> bool {
        // keyCertSign is bit 5.
        self.usage(5) && self.basic_constraints() == Some(true)
    }

    /// True when it may sign what is not a certificate (RFC 5280 §4.2.1.3).
    pub(super) fn may_sign(&self) -> bool {
        // digitalSignature is bit 0.
        self.usage(0)
    }

    /// The `cA` of the basic constraints; `None` when they are absent or malformed.
    fn basic_constraints(&self) -> Option<bool> {
        let mut inner = Reader::only(self.extension(BASIC_CONSTRAINTS)?, der::SEQUENCE)?;
        let authority = inner.default_false()?;
        if !inner.end() {
            // pathLenConstraint.
            inner.unsigned::<1>()?;
        }
        inner.end().then_some(authority)
    }

    /// True when the key usage has this bit, or the extension is absent.
    fn usage(&self, bit: u8) -> bool {
        let read = |value: &[u8]| -> Result<bool, BadExtension> {
            let mut reader = Reader::new(value);
            let content = reader.take(der::BIT_STRING).ok_or(BadExtension)?;
            let (octets, _) = der::bits(content).filter(|_| reader.end()).ok_or(BadExtension)?;
            Ok(octets.first().is_some_and(|first| first & (0x80 >> bit) != 0))
        };
        match self.extension(KEY_USAGE).map(read) {
            None => true,
            Some(Ok(set)) => set,
            Some(Err(BadExtension)) => false,
        }
    }

    pub(super) fn subject(&self) -> CertificateSubject {
        CertificateSubject {
            common_name: attribute(self.subject, COMMON_NAME),
            organization: attribute(self.subject, ORGANIZATION),
            organization_identifier: attribute(self.subject, ORGANIZATION_IDENTIFIER),
            country: attribute(self.subject, COUNTRY),
        }
    }

    /// The `dNSName`s of the subject alternative name (RFC 5280 §4.2.1.6); none when it is malformed.
    pub(super) fn dns_names(&self) -> Vec<String> {
        let read = |value| -> Option<Vec<String>> {
            let mut names = Reader::only(value, der::SEQUENCE)?;
            let mut found = Vec::new();
            while !names.end() {
                let name = names.any()?;
                let text = || {
                    core::str::from_utf8(name.content)
                        .ok()
                        .filter(|text| text.is_ascii())
                };
                match name.tag & 0x1f {
                    // Constructed: otherName, x400Address, directoryName, ediPartyName.
                    0 | 3..=5 if name.tag & 0xe0 == 0xa0 => {}
                    // IA5String: dNSName, and rfc822Name and uniformResourceIdentifier.
                    2 if name.tag == der::primitive(2) => found.push(text()?.to_owned()),
                    1 | 6 if name.tag & 0xe0 == 0x80 => {
                        text()?;
                    }
                    // iPAddress, registeredID.
                    7 | 8 if name.tag & 0xe0 == 0x80 => {}
                    _ => return None,
                }
            }
            Some(found)
        };
        self.extension(SUBJECT_ALT_NAME)
            .and_then(read)
            .unwrap_or_default()
    }

    /// The `keyIdentifier` of the AuthorityKeyIdentifier (RFC 5280 §4.2.1.1).
    pub(super) fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let mut inner = Reader::only(self.extension(AUTHORITY_KEY_IDENTIFIER)?, der::SEQUENCE)?;
        let identifier = inner.optional(der::primitive(0))??;
        inner.optional(der::constructed(1))?;
        inner.optional(der::primitive(2))?;
        inner.end().then(|| identifier.to_vec())
    }
}

/// The next extension: its identifier and the content of its value (RFC 5280 §4.1).
fn extension<'a>(extensions: &mut Reader<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut inner = extensions.within(der::SEQUENCE)?;
    let oid = inner.take(der::OBJECT_IDENTIFIER)?;
    inner.default_false()?;
    let value = inner.take(der::OCTET_STRING)?;
    inner.end().then_some((oid, value))
}

/// RFC 5280 §4.1.2.5: in Zulu, to the second.
fn time(dates: &mut Reader<'_>) -> Option<Timestamp> {
    let element = dates.any()?;
    let text = core::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match element.tag {
        der::UTC_TIME if text.len() == 12 => {
            let (year, rest) = text.split_at_checked(2)?;
            let year = digits(year)?;
            // §4.1.2.5.1: a window of a hundred years.
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        der::GENERALIZED_TIME if text.len() == 14 => {
            let (year, rest) = text.split_at_checked(4)?;
            (digits(year)?, rest)
        }
        _ => return None,
    };
    let mut parts = [0_u8; 5];
    for (at, part) in parts.iter_mut().enumerate() {
        *part = u8::try_from(digits(rest.get(2 * at..2 * at + 2)?)?).ok()?;
    }
    let [month, day, hour, minute, second] = parts;
    let date = time::Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
    let time = time::Time::from_hms(hour, minute, second).ok()?;
    let seconds = time::PrimitiveDateTime::new(date, time)
        .assume_utc()
        .unix_timestamp();
    // Before 1970 no certificate was made.
    (seconds >= 0).then_some(Timestamp(seconds))
}

fn digits(text: &str) -> Option<i32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// The first attribute of a name with this identifier, as text (RFC 5280 §4.1.2.4), cleaned for display.
fn attribute(name: &[u8], wanted: &[u8]) -> Option<String> {
    let mut sets = Reader::new(name);
    while !sets.end() {
        let mut set = sets.within(der::SET)?;
        while !set.end() {
            let mut pair = set.within(der::SEQUENCE)?;
            if pair.take(der::OBJECT_IDENTIFIER)? == wanted {
                let value = pair.any()?;
                return shown(&text(value.tag, value.content)?);
            }
        }
    }
    None
}

/// A DirectoryString.
fn text(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        der::UTF8_STRING => core::str::from_utf8(content).ok().map(ToOwned::to_owned),
        // X.680 §41.4.
        der::PRINTABLE_STRING => content
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(octet))
            .then(|| content.iter().copied().map(char::from).collect()),
        der::TELETEX_STRING => content
            .is_ascii()
            .then(|| content.iter().copied().map(char::from).collect()),
        der::BMP_STRING => {
            let (units, rest) = content.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            rest.is_empty()
                .then(|| char::decode_utf16(units).collect::<Result<_, _>>().ok())?
        }
        _ => None,
    }
}

/// Names are shown next to trust marks: nothing in them may move or hide text.
pub(super) fn shown(text: &str) -> Option<String> {
    let harmless = |c: &char| {
        !steers(*c)
            // Marks of direction, and what shows nothing: fillers, variation selectors, tags.
            && !matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
                | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}')
    };
    let text: String = text.chars().filter(harmless).take(MAX_NAME).collect();
    (!text.trim().is_empty()).then_some(text)
}
