//! `[[issuer.clients]]`: the wallets people may come from, and go back to, when they sign in for a card.

use assent_core::profile::{Endpoint, Profile};
use serde::{Deserialize, Serialize};

use super::Issue;

/// Id of the command line wallet, known everywhere.
const CLI: &str = "assent-cli";
/// Where it listens, at a port of the moment (RFC 8252 §7.3).
const CLI_REDIRECT: &str = "http://127.0.0.1/";
const MAX_CLIENTS: usize = 200;
const MAX_REDIRECTS: usize = 8;

/// A wallet that may sign people in at the issuer (RFC 6749 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Its `client_id`: 1 to 256 characters, without spaces.
    pub id: String,
    /// Where people go back to: https addresses, `http://127.0.0.1/…` at any port, or an app's own scheme with a dot in
    /// it (RFC 8252 §7.1). Compared as they are written, but for that port.
    pub redirect_uris: Vec<String>,
}

impl ClientConfig {
    /// The wallets that need no settings: the one of this server, the one at `wallet_url`, and the command line.
    #[must_use]
    pub fn built_in(origins: &[&str]) -> Vec<Self> {
        let wallets = origins.iter().map(|origin| Self {
            id: (*origin).to_owned(),
            redirect_uris: vec![format!("{origin}/")],
        });
        let mut out: Vec<Self> = Vec::new();
        for client in wallets.chain([Self {
            id: CLI.to_owned(),
            redirect_uris: vec![CLI_REDIRECT.to_owned()],
        }]) {
            if !out.iter().any(|known| known.id == client.id) {
                out.push(client);
            }
        }
        out
    }

    /// Whether people may be sent to `uri`. RFC 9700 §4.1.3: compared as text, but for the port of a loopback address
    /// (RFC 8252 §7.3).
    #[must_use]
    pub fn returns_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| {
            registered == uri
                || without_loopback_port(registered)
                    .is_some_and(|plain| without_loopback_port(uri) == Some(plain))
        })
    }
}

/// The `/path?query` of `http://127.0.0.1:PORT/path?query`, with or without port.
fn without_loopback_port(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix("http://127.0.0.1")?;
    let rest = match rest.strip_prefix(':') {
        Some(with_port) => {
            let end = with_port
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(with_port.len());
            let (port, rest) = with_port.split_at(end);
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            rest
        }
        None => rest,
    };
    rest.starts_with('/').then_some(rest)
}

/// What is wrong with them.
pub(super) fn issues(clients: &[ClientConfig], known: &[ClientConfig], sandbox: bool) -> Vec<Issue> {
    let mut out = Vec::new();
    if clients.len() > MAX_CLIENTS {
        out.push(Issue::new("issuer.clients", format!("at most {MAX_CLIENTS}")));
    }
    for (i, client) in clients.iter().enumerate() {
        let at = |name: &str| format!("issuer.clients.{i}.{name}");
        if !(1..=256).contains(&client.id.len()) || !client.id.bytes().all(|byte| byte.is_ascii_graphic()) {
            out.push(Issue::new(
                at("id"),
                "must be 1 to 256 ASCII characters without spaces",
            ));
        }
        if known.iter().any(|other| other.id == client.id) {
            out.push(Issue::new(at("id"), "is known without settings"));
        }
        if clients.iter().take(i).any(|other| other.id == client.id) {
            out.push(Issue::new(at("id"), "used twice"));
        }
        if !(1..=MAX_REDIRECTS).contains(&client.redirect_uris.len()) {
            out.push(Issue::new(
                at("redirect_uris"),
                format!("must be 1 to {MAX_REDIRECTS} addresses"),
            ));
        }
        for (j, uri) in client.redirect_uris.iter().enumerate() {
            if !is_redirect(uri, sandbox) {
                out.push(Issue::new(
                    at(&format!("redirect_uris.{j}")),
                    "must be an https address, http://127.0.0.1/…, or an app's own scheme with a dot in it, without #",
                ));
            }
        }
    }
    out
}

fn is_redirect(uri: &str, sandbox: bool) -> bool {
    let profile = if sandbox {
        Profile::BASELINE.sandbox()
    } else {
        Profile::BASELINE
    };
    // An IPv6 address cannot be named in a content security policy, which our page needs to let people go there.
    Endpoint::parse(uri, &profile).is_ok_and(|endpoint| !endpoint.host().starts_with('['))
        || without_loopback_port(uri)
            .is_some_and(|_| Endpoint::parse(uri, &Profile::BASELINE.sandbox()).is_ok())
        || is_private_scheme(uri)
}

/// RFC 8252 §7.1: a scheme that is a domain name backwards. The dot keeps `javascript:` and its like out.
fn is_private_scheme(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    let label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_lowercase())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    uri.len() <= 2048
        && scheme.contains('.')
        && scheme.split('.').all(label)
        && rest.starts_with('/')
        && rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn client(uris: &[&str]) -> ClientConfig {
        ClientConfig {
            id: "wallet".into(),
            redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        }
    }

    #[test]
    fn people_go_back_only_to_where_it_is_written() {
        let cli = client(&[CLI_REDIRECT]);
        for good in [
            "http://127.0.0.1/",
            "http://127.0.0.1:1/",
            "http://127.0.0.1:65535/",
        ] {
            assert!(cli.returns_to(good), "{good}");
        }
        for bad in [
            "http://127.0.0.1",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:/",
            "http://127.0.0.1:80/other",
            "http://127.0.0.1:80/?a=b",
            "http://127.0.0.1:80@evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://localhost:80/",
            "https://127.0.0.1:80/",
            "http://127.0.0.1:80/#x",
            "",
        ] {
            assert!(!cli.returns_to(bad), "{bad}");
        }
        let web = client(&["https://wallet.example/", "com.example.wallet:/back"]);
        assert!(web.returns_to("https://wallet.example/") && web.returns_to("com.example.wallet:/back"));
        for bad in [
            "https://wallet.example",
            "https://wallet.example:443/",
            "https://wallet.example/?a",
            "https://WALLET.example/",
            "https://wallet.example/../",
            "com.example.wallet:/back/",
        ] {
            assert!(!web.returns_to(bad), "{bad}");
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        let names = |text: &str| -> Vec<String> {
            let text = format!("public_url='https://city.example'\n{text}");
            let issues = Config::from_toml(&text)
                .unwrap()
                .issues()
                .into_iter()
                .map(|issue| issue.setting);
            issues.filter(|name| name.starts_with("issuer.clients")).collect()
        };
        let entry = |id: &str, uris: &str| format!("[[issuer.clients]]\nid='{id}'\nredirect_uris=[{uris}]\n");
        let good = "'https://a.example/cb', 'http://127.0.0.1/x', 'com.example.app:/cb'";
        assert_eq!(names(&entry("a", good)), Vec::<String>::new());
        assert_eq!(
            names(&[entry("a", good), entry("a", good)].concat()),
            ["issuer.clients.1.id"]
        );
        for known in ["assent-cli", "https://city.example", "", "a b", "é"] {
            assert_eq!(names(&entry(known, good)), ["issuer.clients.0.id"], "{known}");
        }
        assert_eq!(names(&entry("a", "")), ["issuer.clients.0.redirect_uris"]);
        for bad in [
            "http://a.example/",
            "http://localhost/",
            "https://a.example/#x",
            "https://[::1]/",
            "http://[::1]/",
            "javascript:alert(1)",
            "openid4vci://cb",
            "com.example.app:cb",
            "com.example.app:/a b",
            "com..app:/cb",
            "data:text/html,x",
            "/relative",
        ] {
            assert_eq!(
                names(&entry("a", &format!("'https://a.example/', '{bad}'"))),
                ["issuer.clients.0.redirect_uris.1"],
                "{bad}"
            );
        }
    }

    #[test]
    fn the_wallet_of_the_server_and_the_command_line_are_known() {
        let known = ClientConfig::built_in(&["https://city.example", "https://city.example"]);
        let ids: Vec<&str> = known.iter().map(|client| client.id.as_str()).collect();
        assert_eq!(ids, ["https://city.example", "assent-cli"]);
        assert!(known[0].returns_to("https://city.example/"));
    }
}
