//! What can be seen of a server from outside, without an account.

use assent_core::env::Timestamp;
use assent_core::http::HttpResponse;
use assent_core::trust::{Anchor, Role, TrustAnchors};
use serde_json::Value;

use super::check::{Check, Mark};
use crate::error::CliError;
use crate::http::{Client, NetworkArgs};
use crate::output::one_line;
use crate::{anchors, system};

/// A clock that is more than a minute off breaks expiry checks.
const MAX_SKEW: i64 = 60;
/// A trust anchor that ends this soon, in seconds, must be replaced now: 30 days.
const SOON: i64 = 30 * 86_400;
/// Largest answer read, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// Every check; only the first when nobody answers.
pub(super) async fn look(server: &str, network: &NetworkArgs) -> Result<Vec<Check>, CliError> {
    let base = server.trim_end_matches('/');
    let client = Client::new(network)?;
    let get = async |path: &str| {
        client
            .get(&format!("{base}{path}"), "application/json", MAX_ANSWER)
            .await
    };
    let ready = match get("/readyz").await {
        Ok(response) => response,
        Err(error) => {
            return Ok(vec![
                Check::new("server", Mark::Bad, error.message).hint(error.hint),
            ]);
        }
    };
    let mut checks = vec![Check::new("server", Mark::Good, format!("{base} is ready"))];
    checks.extend(version(get("/openapi.json").await.ok()));
    checks.extend(
        ready
            .header("date")
            .and_then(|date| skew(date, system::now()))
            .map(clock),
    );
    checks.push(match get("/v1/wallet/config").await {
        Ok(response) => wallets(&response, base),
        Err(error) => Check::new("wallets", Mark::Absent, error.message)
            .hint("Wallets cannot keep their vault here. Its roles are in its settings file."),
    });
    checks.push(match get("/v1/registry/anchors").await {
        Ok(response) => trust(&response, system::now()),
        Err(error) => Check::new("anchors", Mark::Absent, error.message)
            .hint("Wallets find no trust anchors here. Its roles are in its settings file."),
    });
    Ok(checks)
}

fn version(description: Option<HttpResponse>) -> Option<Check> {
    let description: Value = serde_json::from_str(&description?.body).ok()?;
    let theirs = one_line(description["info"]["version"].as_str()?);
    let ours = env!("CARGO_PKG_VERSION");
    let text = format!("the server says {theirs}, this program is {ours}");
    Some(if theirs == ours {
        Check::new("release", Mark::Good, text)
    } else {
        Check::new("release", Mark::Look, text).hint("Use the same release on both sides.")
    })
}

fn clock(skew: i64) -> Check {
    let text = format!("this clock and the server's differ by {} s", skew.abs());
    if skew.abs() <= MAX_SKEW {
        Check::new("skew", Mark::Good, text)
    } else {
        Check::new("skew", Mark::Bad, text).hint("Set both by NTP: requests live for minutes only.")
    }
}

/// The server must call itself by the address it is reached at: wallets compare it to the letter.
fn wallets(response: &HttpResponse, base: &str) -> Check {
    let settings: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let vault = settings["vault_service"].as_str().unwrap_or_default();
    let vault = vault.trim_end_matches('/');
    if vault == base {
        Check::new("wallets", Mark::Good, "wallets can keep their vault here")
    } else {
        let text = format!("the server calls itself `{}`", one_line(vault));
        Check::new("wallets", Mark::Look, text)
            .hint("Is that how people reach it? If not, correct `public_url`.")
    }
}

fn trust(response: &HttpResponse, now: Timestamp) -> Check {
    let list = match anchors::parse(&response.body) {
        Ok(list) => list,
        Err(error) => return Check::new("anchors", Mark::Bad, error.message).hint(error.hint),
    };
    let roles = [
        Role::AccessCertificate,
        Role::CredentialIssuer,
        Role::StatusListSigner,
        Role::WalletProvider,
    ];
    let all = || roles.into_iter().flat_map(|role| list.anchors(role));
    let (text, ends) = (counted(&list), all().filter_map(Anchor::valid_until).min());
    let first = |when: Timestamp| when.to_rfc3339().unwrap_or_default();
    match ends {
        None => Check::new("anchors", Mark::Look, "the list is empty: nobody is trusted")
            .hint("Name the authorities in the server's settings."),
        Some(end) if end <= now => {
            Check::new("anchors", Mark::Bad, format!("{text}; one ended {}", first(end)))
                .hint("Replace it: everything under it is refused.")
        }
        Some(end) if end.0 - now.0 < SOON => Check::new(
            "anchors",
            Mark::Look,
            format!("{text}; the first ends {}", first(end)),
        )
        .hint("Add its successor before that day."),
        Some(end) => Check::new(
            "anchors",
            Mark::Good,
            format!("{text}; the first ends {}", first(end)),
        ),
    }
}

fn counted(list: &TrustAnchors) -> String {
    format!(
        "{} for services, {} for issuers, {} for status lists, {} for wallet providers",
        list.anchors(Role::AccessCertificate).count(),
        list.anchors(Role::CredentialIssuer).count(),
        list.anchors(Role::StatusListSigner).count(),
        list.anchors(Role::WalletProvider).count()
    )
}

/// Seconds between the server's `Date` (RFC 9110 §5.6.7, IMF-fixdate) and our clock.
fn skew(date: &str, now: Timestamp) -> Option<i64> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(date, format).ok()?;
    Some(now.0 - date.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_http_dates() {
        let now = super::Timestamp(784_111_780);
        assert_eq!(super::skew("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(3));
        assert_eq!(super::skew("yesterday", now), None);
    }
}
