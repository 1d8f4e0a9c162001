//! did:web over https, bounded: no redirects, no private addresses, 64 KiB, five seconds.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use assent_core::profile::{Network, allowed};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use ssi::dids::resolution::Error;

/// Largest DID document, in bytes.
const MAX_DOCUMENT: usize = 64 << 10;

/// A name that leads into a network we do not call: through it an issuer could look into ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host is not on the public network")]
struct NotPublic;

/// Resolves a name once and refuses it when any of its addresses is not allowed. What was checked is what is connected
/// to, so nothing is sent to a host before it passed, and a name that changes its address in between gains nothing.
struct GuardedResolver(Network);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let network = self.0;
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let checked: Vec<SocketAddr> = checked(addresses, network)?;
            Ok(Box::new(checked.into_iter()) as Addrs)
        })
    }
}

fn checked(addresses: Vec<SocketAddr>, network: Network) -> Result<Vec<SocketAddr>, NotPublic> {
    if addresses.iter().all(|address| allowed(address.ip(), network)) {
        Ok(addresses)
    } else {
        Err(NotPublic)
    }
}

/// Fetches the document of `did:web:ID`.
pub async fn fetch(id: &str, allow_loopback: bool) -> Result<Vec<u8>, Error> {
    let url = address(id, allow_loopback).ok_or_else(|| Error::InvalidMethodSpecificId(id.to_owned()))?;
    let network = if allow_loopback {
        Network::Sandbox
    } else {
        Network::Public
    };
    download(&url, network).await
}

async fn download(url: &str, network: Network) -> Result<Vec<u8>, Error> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // A proxy would resolve the name for itself, where nobody checks.
        .no_proxy()
        .dns_resolver(Arc::new(GuardedResolver(network)))
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(Error::internal)?;
    let mut response = client.get(url).send().await.map_err(|error| {
        let mut cause = error.source();
        while let Some(why) = cause {
            if let Some(refused) = why.downcast_ref::<NotPublic>() {
                return Error::internal(*refused);
            }
            cause = why.source();
        }
        Error::internal(error)
    })?;
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
    fn one_address_that_is_not_public_is_enough_to_refuse() {
        let at = |text: &str| -> SocketAddr { SocketAddr::new(text.parse().unwrap(), 0) };
        let public = [at("93.184.216.34"), at("2606:2800:220:1::1")];
        assert_eq!(checked(public.to_vec(), Network::Public), Ok(public.to_vec()));
        for other in [
            "10.1.2.3",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "64:ff9b::7f00:1",
        ] {
            let mixed = vec![public[0], at(other)];
            assert_eq!(checked(mixed, Network::Public), Err(NotPublic), "{other}");
        }
    }

    /// Looking at the peer afterwards would be too late: the request was sent.
    #[test]
    fn nothing_is_sent_to_an_address_that_is_not_allowed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!(
            "http://localhost:{}/did.json",
            listener.local_addr().unwrap().port()
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let refused = runtime.block_on(download(&url, Network::Public)).unwrap_err();
        assert!(
            refused.to_string().contains("not on the public network"),
            "{refused}"
        );
        let nobody = listener.accept().unwrap_err();
        assert_eq!(
            nobody.kind(),
            std::io::ErrorKind::WouldBlock,
            "somebody connected"
        );
        // The same call goes through where it is allowed, so the test would notice a connection.
        let allowed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(download(&url, Network::Sandbox)).is_err()
        });
        let connected = (0..6000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            listener.accept().is_ok()
        });
        assert!(connected);
        assert!(allowed.join().unwrap());
    }
}
