//! did:web over https, bounded: no redirects, no private addresses, 64 KiB, five seconds.

use std::net::IpAddr;
use std::time::Duration;

use ssi::dids::resolution::Error;

/// Largest DID document, in bytes.
const MAX_DOCUMENT: usize = 64 << 10;

/// Fetches the document of `did:web:ID`.
pub async fn fetch(id: &str, allow_loopback: bool) -> Result<Vec<u8>, Error> {
    let url = address(id, allow_loopback).ok_or_else(|| Error::InvalidMethodSpecificId(id.to_owned()))?;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(Error::internal)?;
    let mut response = client.get(&url).send().await.map_err(Error::internal)?;
    // A name that leads to a private address would let an issuer look into our network.
    let private = response.remote_addr().is_some_and(|peer| is_private(peer.ip()));
    if private && !allow_loopback {
        return Err(Error::NotFound);
    }
    if !response.status().is_success() {
        return Err(Error::NotFound);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Error::internal)? {
        if body.len() + chunk.len() > MAX_DOCUMENT {
            return Err(Error::internal("the document is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The document's address (did:web method specification §3.2): `:` separates path segments, `%3A` a port.
fn address(id: &str, allow_loopback: bool) -> Option<String> {
    let mut parts = id.split(':');
    let (host, port) = match parts.next()?.split_once("%3A").or(None) {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (id.split(':').next()?, None),
    };
    let name = !host.is_empty()
        && host.len() <= 253
        && host
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    if !name {
        return None;
    }
    let loopback = host == "localhost" || host == "127.0.0.1";
    // A literal address or a single label is no name that a certificate speaks for.
    let public = host.contains('.') && host.parse::<IpAddr>().is_err();
    let scheme = if loopback && allow_loopback {
        "http"
    } else if public {
        "https"
    } else {
        return None;
    };
    let segments: Vec<&str> = parts.collect();
    let plain = |segment: &&str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~'))
    };
    if !segments.iter().all(plain) {
        return None;
    }
    let path = match segments.as_slice() {
        [] => ".well-known".to_owned(),
        segments => segments.join("/"),
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{host}{port}/{path}/did.json"))
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_private(IpAddr::V4(v4)),
            None => {
                v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_ids_to_addresses() {
        let at = |id: &str| address(id, false);
        assert_eq!(
            at("example.com").unwrap(),
            "https://example.com/.well-known/did.json"
        );
        assert_eq!(
            at("example.com:user:alice").unwrap(),
            "https://example.com/user/alice/did.json"
        );
        assert_eq!(
            at("example.com%3A3000:user").unwrap(),
            "https://example.com:3000/user/did.json"
        );
        for bad in [
            "",
            "localhost",
            "127.0.0.1",
            "10.0.0.1",
            "intranet",
            "example.com:",
            "example.com:..:x",
            "example.com%3Ax",
            "example.com%2Fx",
            "user@example.com",
            "example.com?x",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
        assert_eq!(
            address("localhost%3A8801", true).unwrap(),
            "http://localhost:8801/.well-known/did.json"
        );
    }

    #[test]
    fn knows_private_addresses() {
        for private in [
            "10.1.2.3",
            "127.0.0.1",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "fe80::1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        assert!(!is_private("93.184.216.34".parse().unwrap()));
    }
}
