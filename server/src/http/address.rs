//! The address a request comes from, behind a known number of proxies.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderMap};

/// What to count the caller of a request by.
#[must_use]
pub fn caller(request: &Request, trusted_proxies: usize) -> String {
    rate_key(client_address(
        request.extensions(),
        request.headers(),
        trusted_proxies,
    ))
}

/// The caller's address. `X-Forwarded-For` counts only as far as our own proxies wrote it: with `n` trusted
/// proxies that is the `n`-th entry from the right; everything further left is the caller's own claim.
fn client_address(extensions: &Extensions, headers: &HeaderMap, trusted_proxies: usize) -> Option<IpAddr> {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip());
    if trusted_proxies == 0 {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    forwarded
        .len()
        .checked_sub(trusted_proxies)
        .and_then(|i| forwarded.get(i))
        .and_then(|text| read(text))
        .or(peer)
}

/// An address as proxies write it: some add the port.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port)
}

/// What to count requests by: an IPv4 address, or the /64 an IPv6 caller can choose addresses from.
fn rate_key(address: Option<IpAddr>) -> String {
    match address.map(|a| a.to_canonical()) {
        None => "unknown".into(),
        Some(IpAddr::V4(v4)) => v4.to_string(),
        Some(IpAddr::V6(v6)) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 9], 1))));
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "1.1.1.1, 2.2.2.2".parse().unwrap());
        let first = headers.clone();
        let ip = |n| client_address(&extensions, &first, n).unwrap().to_string();
        assert_eq!(ip(0), "10.0.0.9");
        assert_eq!(ip(1), "2.2.2.2");
        assert_eq!(ip(2), "1.1.1.1");
        assert_eq!(ip(3), "10.0.0.9");
        for (written, expected) in [
            ("192.0.2.7:4711", "192.0.2.7"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("unknown", "10.0.0.9"),
        ] {
            headers.insert("x-forwarded-for", written.parse().unwrap());
            assert_eq!(
                client_address(&extensions, &headers, 1).unwrap().to_string(),
                expected
            );
        }
    }

    #[test]
    fn one_ipv6_network_is_one_caller() {
        let key = |text: &str| rate_key(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:9::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:1.2.3.4"), key("1.2.3.4"));
    }
}
