//! Does this key speak for this issuer? `ssi` verifies with the key a proof names; whose key it is, is our check.

use serde_json::Value;

use crate::resolver::Resolver;
use crate::verdict::Finding;

/// The issuer a credential names: a string, or an object with `id`.
///
/// # Errors
/// `w3c-malformed` when there is none, or it is not a DID.
pub fn named(credential: &Value) -> Result<String, Finding> {
    let issuer = match credential.get("issuer") {
        Some(Value::String(id)) => Some(id.as_str()),
        Some(Value::Object(object)) => object.get("id").and_then(Value::as_str),
        _ => None,
    };
    match issuer {
        Some(did) if did.starts_with("did:") && !did.contains(['#', '?', '/']) => Ok(did.to_owned()),
        Some(_) => Err(Finding::new(
            "w3c-issuer-key",
            "the issuer is not a DID: its key cannot be found",
        )),
        None => Err(Finding::new("w3c-malformed", "the credential names no issuer")),
    }
}

/// The absolute id of the issuer's key to verify with: the one `wanted` names, or the only assertion key.
///
/// # Errors
/// `w3c-issuer-mismatch` when `wanted` is somebody else's key, `w3c-issuer-key` when there is no such key or it
/// may not assert (DID Core §5.3.2).
pub async fn assertion_key(
    issuer: &str,
    wanted: Option<&str>,
    resolver: &Resolver,
) -> Result<String, Finding> {
    let wanted = match wanted {
        // VC-JOSE-COSE §4.1: `kid` may be a DID URL relative to the issuer.
        Some(fragment) if fragment.starts_with('#') => Some(format!("{issuer}{fragment}")),
        Some(url) => Some(url.to_owned()),
        None => None,
    };
    if let Some(url) = &wanted
        && url.split('#').next() != Some(issuer)
    {
        return Err(Finding::new(
            "w3c-issuer-mismatch",
            "the key belongs to somebody else than the issuer",
        ));
    }
    let document = resolver.document(issuer).await?;
    let keys = assertion_methods(issuer, &document);
    match (wanted, keys.as_slice()) {
        (Some(url), keys) if keys.contains(&url) => Ok(url),
        (None, [only]) => Ok(only.clone()),
        _ => Err(Finding::new(
            "w3c-issuer-key",
            "the issuer has no such key for assertions",
        )),
    }
}

/// Ids of the keys that may assert and that the issuer itself controls.
fn assertion_methods(issuer: &str, document: &Value) -> Vec<String> {
    let absolute = |id: &str| match id.strip_prefix('#') {
        Some(fragment) => format!("{issuer}#{fragment}"),
        None => id.to_owned(),
    };
    let list = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let own = |method: &Value| {
        let id = method.get("id").and_then(Value::as_str).map(absolute)?;
        let controller = method.get("controller").and_then(Value::as_str);
        (controller == Some(issuer)).then_some(id)
    };
    let methods: Vec<String> = list("verificationMethod").iter().filter_map(own).collect();
    list("assertionMethod")
        .iter()
        .filter_map(|entry| match entry {
            Value::String(id) => Some(absolute(id)).filter(|id| methods.contains(id)),
            embedded => own(embedded),
        })
        .collect()
}
