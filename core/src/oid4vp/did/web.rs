//! `did:web`: where the DID document is.

use super::DidError;
use crate::profile::{Endpoint, Profile};

/// `did:web:host%3Aport:a:b` is at `https://host:port/a/b/did.json`; without a path at `/.well-known/did.json`.
pub(super) fn document_url(id: &str, profile: &Profile) -> Result<Endpoint, DidError> {
    let mut parts = id.split(':');
    let host = parts.next().unwrap_or_default();
    // Only the colon before a port may be escaped in the host.
    let host = host.replacen("%3A", ":", 1).replacen("%3a", ":", 1);
    if host.contains('%') {
        return Err(DidError::Malformed);
    }
    let path: Vec<&str> = parts.collect();
    // Also written with escapes: whoever fetches reads `%2e%2e` as a step up (WHATWG URL §4.1), out of the path that the DID names.
    let steps = |part: &str| {
        matches!(
            part.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "" | "." | ".."
        )
    };
    if path.iter().any(|part| steps(part)) {
        return Err(DidError::Malformed);
    }
    let path = if path.is_empty() {
        ".well-known".to_owned()
    } else {
        path.join("/")
    };
    let url = |scheme: &str| Endpoint::parse(&format!("{scheme}://{host}/{path}/did.json"), profile);
    // The method demands https; a developer's own machine is the one exception, where the profile allows it.
    let secure = url("https").map_err(|_| DidError::Malformed)?;
    if profile.allow_loopback_http
        && let Ok(local) = url("http")
    {
        return Ok(local);
    }
    Ok(secure)
}

/// The identifier of what is at `path` below the host of `origin` (did:web §3.2): a port's colon is escaped.
pub(super) fn id_of(origin: &Endpoint, path: &[&str]) -> String {
    let authority = origin.origin().split_once("://").map_or("", |(_, rest)| rest);
    let mut id = authority.to_ascii_lowercase().replace(':', "%3A");
    for part in path {
        id.push(':');
        id.push_str(part);
    }
    id
}
