//! Absolute URLs of endpoints, read strictly.
//!
//! A full WHATWG parser repairs what it reads, and two parsers that repair differently can be made to disagree
//! about the host. Endpoints in these protocols are plain, so anything unusual is refused instead.

use std::fmt;

use super::Profile;
use crate::encoding::form;
use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};

/// Longest URL accepted, in bytes.
const MAX_URL: usize = 2048;

/// An absolute `https` URL, or `http` to a loopback address where the profile allows it. No user information, no
/// fragment. Kept exactly as written: identifiers are compared as strings (OpenID4VCI 1.0 §12.2.1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    text: String,
    host_start: usize,
    host_end: usize,
    authority_end: usize,
}

/// Not an absolute `https` URL (or an allowed loopback `http` URL) in plain form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an https address, or in an unusual form")]
pub struct BadEndpoint;

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`BadEndpoint`] for another scheme, user information, a fragment, characters RFC 3986 does not allow, an
    /// empty or malformed host, or more than 2048 bytes.
    pub fn parse(text: &str, profile: &Profile) -> Result<Self, BadEndpoint> {
        if text.len() > MAX_URL || !text.bytes().all(is_uri_character) {
            return Err(BadEndpoint);
        }
        let (rest, secure) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => return Err(BadEndpoint),
        };
        let start = text.len() - rest.len();
        let authority_len = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority = &rest[..authority_len];
        let host_len = match authority.strip_prefix('[') {
            Some(v6) => v6.find(']').ok_or(BadEndpoint)? + 2,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at(host_len);
        if !is_host(host) || !is_port(port) || !(secure || (profile.allow_loopback_http && is_loopback(host)))
        {
            return Err(BadEndpoint);
        }
        Ok(Self {
            text: text.to_owned(),
            host_start: start,
            host_end: start + host_len,
            authority_end: start + authority_len,
        })
    }

    /// The URL exactly as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, as written; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.text[self.host_start..self.host_end]
    }

    /// Scheme, host and port, as written, e.g. `https://issuer.example:8443`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.text[..self.authority_end]
    }

    /// Path without query; empty when there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        let rest = &self.text[self.authority_end..];
        rest.split('?').next().unwrap_or_default()
    }

    /// Query without `?`, when there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.text[self.authority_end..]
            .split_once('?')
            .map(|(_, query)| query)
    }

    /// This URL with `/.well-known/<name>` inserted between host and path (OpenID4VCI 1.0 §12.2.2, RFC 8414 §3.1).
    #[must_use]
    pub fn well_known(&self, name: &str) -> String {
        let path = self.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        format!("{}/.well-known/{name}{path}", self.origin())
    }

    /// The URL as text with one more query parameter.
    #[must_use]
    pub fn with_parameter(&self, name: &str, value: &str) -> String {
        form::append(&self.text, &form::encode([(name, value)]))
    }
}

// Query strings may carry one-time codes: only the origin is printed.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}…)", self.origin())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Endpoint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

// At rest the profile was already asked; reading our own storage back must work in every mode.
impl<'de> serde::Deserialize<'de> for Endpoint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text, &Profile::BASELINE.sandbox()).map_err(serde::de::Error::custom)
    }
}

impl ToJson for Endpoint {
    fn write_json(&self) -> Value {
        record::text(&self.text)
    }
}

impl FromJson for Endpoint {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let text = String::read_json(value)?;
        Self::parse(&text, &Profile::BASELINE.sandbox()).map_err(|_| Malformed("a web address"))
    }
}

/// RFC 3986 §2, without `#`: a fragment never belongs in an endpoint.
fn is_uri_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte)
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return v6.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // `2130706433`, `127.1` and `0x7f.1` are IPv4 addresses to some resolvers and names to others.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("0x"));
    host.len() <= 253
        && host.split('.').all(label)
        && (!numeric || host.parse::<std::net::Ipv4Addr>().is_ok())
}

fn is_port(port: &str) -> bool {
    match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|p| p > 0)
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_addresses() {
        let url = Endpoint::parse("https://issuer.example:8443/a/b?c=d", &Profile::BASELINE).unwrap();
        assert_eq!(url.host(), "issuer.example");
        assert_eq!(url.origin(), "https://issuer.example:8443");
        assert_eq!((url.path(), url.query()), ("/a/b", Some("c=d")));
        assert_eq!(
            url.well_known("openid-credential-issuer"),
            "https://issuer.example:8443/.well-known/openid-credential-issuer/a/b"
        );
        assert_eq!(url.with_parameter("e", "\u{e9}"), format!("{url}&e=%C3%A9"));
        let bare = Endpoint::parse("https://issuer.example", &Profile::BASELINE).unwrap();
        assert_eq!(bare.with_parameter("a", "b"), "https://issuer.example?a=b");
        assert_eq!(bare.well_known("x"), "https://issuer.example/.well-known/x");
    }

    #[test]
    fn refuses_what_could_be_read_two_ways() {
        for bad in [
            "http://issuer.example/",
            "http://localhost/",
            "HTTPS://issuer.example",
            "https://user@issuer.example/",
            "https://issuer.example@evil.example/",
            "https://issuer.example\\@evil.example/",
            "https://issuer.example#x",
            "https:///path",
            "https://",
            "https://issuer..example/",
            "https://issuer.example:0/",
            "https://issuer.example:99999/",
            "https://issuer.example:/",
            "https://[::1/",
            "https://[zz]/",
            "https://issuer.example/a b",
            "https://issuer.example/\u{e9}",
            "ftp://issuer.example/",
            "//issuer.example",
            "https://2130706433/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://256.1.1.1/",
        ] {
            assert_eq!(
                Endpoint::parse(bad, &Profile::BASELINE),
                Err(BadEndpoint),
                "{bad}"
            );
        }
        let long = format!("https://issuer.example/{}", "a".repeat(MAX_URL));
        assert_eq!(Endpoint::parse(&long, &Profile::BASELINE), Err(BadEndpoint));
    }

    #[test]
    fn loopback_http_only_in_the_sandbox() {
        let sandbox = Profile::BASELINE.sandbox();
        for good in ["http://localhost:8470/x", "http://127.0.0.1/", "http://[::1]:1/"] {
            assert!(Endpoint::parse(good, &sandbox).is_ok(), "{good}");
            assert!(Endpoint::parse(good, &Profile::BASELINE).is_err(), "{good}");
        }
        for bad in [
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.2/",
            "http://10.0.0.1/",
        ] {
            assert!(Endpoint::parse(bad, &sandbox).is_err(), "{bad}");
        }
    }
}
