//! The cookies: for a sign-in on its way, and for an operator's session.
//!
//! `__Host-` (RFC 6265bis §4.1.3.2) ties them to this host and to TLS. On plain http, which only the sandbox on
//! this machine has, that prefix is not possible. `SameSite=Lax`: the way back from the provider is a navigation
//! from another site.

use assent_core::encoding::base64url;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::crypto::Place;
use crate::error::Problem;
use crate::state::AppState;

/// Seals a sign-in on its way; only the `state` it was made for opens it. `table` tells those of operators and of citizens
/// apart.
pub(crate) fn seal<T: Serialize>(
    app: &AppState,
    table: &'static str,
    state: &str,
    begun: &T,
) -> Result<String, Problem> {
    let plain = serde_json::to_vec(begun).map_err(|error| Problem::internal(&error))?;
    let sealed = app.sealing.seal(place(table, state), &Zeroizing::new(plain))?;
    Ok(base64url::encode(&sealed))
}

/// Opens what [`seal`] sealed.
pub(crate) fn open<T: DeserializeOwned>(
    app: &AppState,
    table: &'static str,
    state: &str,
    cookie: &str,
) -> Option<T> {
    let sealed = base64url::decode(cookie).ok()?;
    let plain = app.sealing.open(place(table, state), &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

fn place<'a>(table: &'static str, state: &'a str) -> Place<'a> {
    Place {
        table,
        row: state,
        column: "cookie",
    }
}

/// Which cookie.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// An operator's sign-in on its way, sealed.
    SignIn,
    /// The same of a citizen who looks for a vault.
    Find,
    /// The id of an operator's session.
    Session,
}

impl Kind {
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::SignIn, true) => "__Host-assent-sign-in",
            (Self::SignIn, false) => "assent-sign-in",
            (Self::Find, true) => "__Host-assent-find",
            (Self::Find, false) => "assent-find",
            (Self::Session, true) => "__Host-assent-operator",
            (Self::Session, false) => "assent-operator",
        }
    }
}

/// The cookie's value, when the browser sent it.
pub(crate) fn get(state: &AppState, jar: &CookieJar, kind: Kind) -> Option<String> {
    let cookie = jar.get(kind.name(https(state)))?;
    Some(cookie.value().to_owned())
}

/// Sets the cookie for some seconds.
pub(crate) fn set(state: &AppState, jar: CookieJar, kind: Kind, value: String, seconds: i64) -> CookieJar {
    jar.add(build(https(state), kind, value, seconds))
}

/// Takes the cookie away.
pub(crate) fn clear(state: &AppState, jar: CookieJar, kind: Kind) -> CookieJar {
    // A browser ignores a `__Host-` cookie that is not secure, also one that is to be removed.
    set(state, jar, kind, String::new(), 0)
}

fn build(https: bool, kind: Kind, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build((kind.name(https), value))
        .path("/")
        .secure(https)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(seconds))
        .build()
}

fn https(state: &AppState) -> bool {
    state.config.public_url.starts_with("https:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6265bis §4.1.3.2: a `__Host-` cookie is secure, for every path, and names no domain.
    #[test]
    fn over_tls_the_cookies_are_tied_to_this_host() {
        for kind in [Kind::SignIn, Kind::Find, Kind::Session] {
            let text = build(true, kind, "v".into(), 60).to_string();
            assert!(text.starts_with("__Host-assent-"), "{text}");
            for part in [
                "; HttpOnly",
                "; SameSite=Lax",
                "; Secure",
                "; Path=/",
                "; Max-Age=60",
            ] {
                assert!(text.contains(part), "{text}");
            }
            assert!(!text.contains("Domain"), "{text}");
            // On plain http a browser would refuse the prefix.
            let text = build(false, kind, "v".into(), 60).to_string();
            assert!(text.starts_with("assent-") && !text.contains("Secure"), "{text}");
        }
    }
}
