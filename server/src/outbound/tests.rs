use std::net::SocketAddr;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;

use super::*;

const REFUSED: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

const ALLOWED: &[&str] = &[
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
    "64:ff9b::101:101",
    "2002:101:101::1",
];

#[test]
fn only_public_addresses_are_called() {
    for ip in REFUSED {
        assert!(!allowed(ip.parse().unwrap(), Network::Public), "{ip}");
    }
    for ip in ALLOWED {
        assert!(allowed(ip.parse().unwrap(), Network::Public), "{ip}");
    }
    // The sandbox adds this machine and nothing else: cloud metadata and the local network stay out of reach.
    for ip in REFUSED {
        let loopback = [
            "127.0.0.1",
            "127.255.255.255",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ]
        .contains(ip);
        assert_eq!(allowed(ip.parse().unwrap(), Network::Sandbox), loopback, "{ip}");
    }
}

#[tokio::test]
async fn tricky_addresses_are_refused_before_any_connection() {
    let outbound = client(Network::Public);
    for url in [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://user@example.org/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://169.254.169.254/latest",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://10.0.0.1/",
        "https://192.168.1.1:8443/",
        "https://localhost/",
        "https://localhost./",
        "https://example.org\\@127.0.0.1/",
        "https://example.org#@127.0.0.1/",
        "https:///x",
        "//example.org/",
        "https://exa mple.org/",
        "https://①②⑦.0.0.1/",
        "gopher://127.0.0.1:6379/",
    ] {
        let error = outbound.get(url, "*/*", 10).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::Address | OutboundError::Network),
            "{url}: {error:?}"
        );
    }
}

fn client(network: Network) -> Outbound {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Outbound::new(network, &[]).unwrap()
}

async fn peer() -> SocketAddr {
    let app = Router::new()
        .route(
            "/ok",
            get(async || ([(header::CONTENT_TYPE, "Application/JWT; x=1")], "12345")),
        )
        .route(
            "/away",
            get(async || (StatusCode::FOUND, [(header::LOCATION, "/ok")])),
        )
        .route("/broken", get(async || StatusCode::BAD_GATEWAY))
        .route(
            "/slow",
            get(async || tokio::time::sleep(Duration::from_secs(60)).await),
        )
        .route(
            "/echo",
            axum::routing::post(async |headers: axum::http::HeaderMap| {
                assert_eq!(headers["x-test"], "1");
                assert!(!headers.contains_key("cookie"));
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn bodies_are_bounded_and_redirects_not_followed() {
    let outbound = client(Network::Sandbox);
    let base = format!("http://localhost:{}", peer().await.port());
    let answer = outbound
        .get(&format!("{base}/ok"), "application/jwt", 5)
        .await
        .unwrap();
    assert_eq!(
        (answer.media_type.as_str(), answer.body.as_slice()),
        ("application/jwt", &b"12345"[..])
    );
    let error = |path: &str, max: usize| {
        let (outbound, url) = (outbound.clone(), format!("{base}{path}"));
        async move { outbound.get(&url, "*/*", max).await.unwrap_err() }
    };
    assert_eq!(error("/ok", 4).await, OutboundError::TooLarge);
    assert_eq!(error("/away", 10).await, OutboundError::Redirect);
    assert_eq!(error("/broken", 10).await, OutboundError::Status(502));
    assert_eq!(error("/slow", 10).await, OutboundError::NoAnswer);
    outbound
        .post(&format!("{base}/echo"), &[("x-test", "1".into())], b"{}".to_vec())
        .await
        .unwrap();
    // The same peer is out of reach when only the public network may be called, by name as by number.
    let public = client(Network::Public);
    assert_eq!(
        public
            .get(&format!("https://localhost:{}/ok", 1), "*/*", 5)
            .await
            .unwrap_err(),
        OutboundError::Network
    );
}
