//! Habits in the parameters of an authorization request (OpenID4VP 1.0 §5).

use assent_core::encoding::json::Object;
use assent_core::encoding::jws::Header;
use assent_core::error::ErrorCode as _;
use assent_core::oid4vp::{ClientId, ClientIdPrefix};
use assent_core::profile::{Endpoint, Profile};
use serde_json::Value;

use super::dcql;
use super::finding::Finding;

/// Parameters of older drafts, and what replaced them.
const DRAFTS: &[(&str, &str)] = &[
    ("presentation_definition", "Use dcql_query."),
    ("presentation_definition_uri", "Use dcql_query."),
    (
        "client_id_scheme",
        "Put the prefix into client_id, e.g. x509_hash:…",
    ),
    ("client_metadata_uri", "Use client_metadata."),
    (
        "authorization_signed_response_alg",
        "Use encrypted_response_enc_values_supported.",
    ),
    ("verifier_attestations", "Use verifier_info."),
];

/// Lints one parameter name.
pub fn lint_name(name: &str, findings: &mut Vec<Finding>) {
    if let Some((_, advice)) = DRAFTS.iter().find(|(draft, _)| *draft == name) {
        findings.push(Finding {
            advice: (*advice).to_owned(),
            ..Finding::error(
                "request-draft-parameter",
                name,
                "This parameter is from a draft, not from version 1.0.",
            )
        });
    }
}

/// Lints what only a signed request has.
pub fn lint_signed(object: &Object, header: &Header, findings: &mut Vec<Finding>) {
    let audience = object.get("aud").and_then(Value::as_str);
    if audience != Some("https://self-issued.me/v2") {
        findings.push(Finding::warning(
            "request-audience",
            "aud",
            "Some wallets accept only https://self-issued.me/v2 here.",
            "Set it so (OpenID4VP 1.0 §5.8).",
        ));
    }
    if !object.contains_key("exp") {
        findings.push(Finding::advice(
            "request-no-expiry",
            "exp",
            "The request can be answered for ever.",
            "Set exp a few minutes ahead.",
        ));
    }
    let id = client_id(object);
    let needs_chain = id
        .as_ref()
        .is_some_and(|id| matches!(id.prefix(), ClientIdPrefix::X509Hash | ClientIdPrefix::X509SanDns));
    if needs_chain && header.x5c.is_empty() {
        findings.push(Finding::error(
            "certificate-missing",
            "x5c",
            "This client identifier needs the certificate chain in the header.",
        ));
    }
}

/// Lints the parameters.
pub fn lint(object: &Object, profile: &Profile, findings: &mut Vec<Finding>) {
    for name in object.keys() {
        lint_name(name, findings);
    }
    lint_identity(object, findings);
    lint_answer(object, profile, findings);
    match object.get("nonce").and_then(Value::as_str) {
        None => findings.push(Finding::error("request-missing", "nonce", "There is no nonce.")),
        Some(nonce) if nonce.len() < 22 => findings.push(Finding::warning(
            "request-short-nonce",
            "nonce",
            "The nonce is short.",
            "Use 128 random bits, 22 characters of base64url.",
        )),
        Some(_) => {}
    }
    if object.contains_key("transaction_data") {
        findings.push(Finding::warning(
            "request-transaction-data",
            "transaction_data",
            "Wallets must refuse types they do not know.",
            "Send it only to wallets that list the type.",
        ));
    }
    match (object.get("dcql_query"), object.contains_key("scope")) {
        (Some(query), _) => dcql::lint(query, "dcql_query", findings),
        (None, true) => findings.push(Finding::warning(
            "request-scope",
            "scope",
            "Only wallets that know this scope can answer.",
            "Send a dcql_query.",
        )),
        (None, false) => findings.push(Finding::error(
            "request-missing",
            "dcql_query",
            "Nothing is asked.",
        )),
    }
}

fn lint_identity(object: &Object, findings: &mut Vec<Finding>) {
    let Some(text) = object.get("client_id").and_then(Value::as_str) else {
        return findings.push(Finding::error(
            "request-missing",
            "client_id",
            "There is no client_id.",
        ));
    };
    match ClientId::parse(text) {
        Err(error) => findings.push(Finding::error(error.code(), "client_id", error.to_string())),
        Ok(id) if id.prefix() == ClientIdPrefix::RedirectUri => findings.push(Finding::warning(
            "request-unauthenticated",
            "client_id",
            "Wallets cannot tell who you are, and warn people.",
            "Use x509_hash with an access certificate.",
        )),
        Ok(_) => {}
    }
    if object.get("response_type").and_then(Value::as_str) != Some("vp_token") {
        findings.push(Finding::error(
            "request-unsupported",
            "response_type",
            "It must be vp_token.",
        ));
    }
}

fn lint_answer(object: &Object, profile: &Profile, findings: &mut Vec<Finding>) {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    match text("response_mode") {
        Some("direct_post.jwt") => lint_encryption(object, findings),
        Some("direct_post") => findings.push(Finding::warning(
            "request-cleartext-response",
            "response_mode",
            "The answer is not encrypted; high-assurance wallets refuse.",
            "Use direct_post.jwt.",
        )),
        _ => findings.push(Finding::error(
            "request-unsupported",
            "response_mode",
            "It must be direct_post.jwt or direct_post.",
        )),
    }
    match text("response_uri") {
        None => findings.push(Finding::error(
            "request-missing",
            "response_uri",
            "There is no response_uri.",
        )),
        Some(uri) if Endpoint::parse(uri, profile).is_err() => findings.push(Finding::error(
            "request-malformed",
            "response_uri",
            "It must be an https address without user name or fragment.",
        )),
        Some(_) => {}
    }
    if object.contains_key("redirect_uri") {
        findings.push(Finding::error(
            "request-contradiction",
            "redirect_uri",
            "It must not be there together with response_uri.",
        ));
    }
}

/// The members without which a careless wallet picks weak or wrong defaults.
fn lint_encryption(object: &Object, findings: &mut Vec<Finding>) {
    let metadata = object.get("client_metadata").unwrap_or(&Value::Null);
    let keys = metadata["jwks"]["keys"].as_array().map_or(&[][..], Vec::as_slice);
    if keys.is_empty() {
        findings.push(Finding::error(
            "request-no-encryption-key",
            "client_metadata.jwks",
            "There is no key to encrypt the answer to.",
        ));
    }
    for (index, key) in keys.iter().enumerate() {
        for member in ["alg", "use", "kid"] {
            if key.get(member).is_none() {
                findings.push(Finding::warning(
                    "request-key-member",
                    &format!("client_metadata.jwks.keys[{index}]"),
                    format!("The key has no `{member}`; some wallets then guess."),
                    "Add it.",
                ));
            }
        }
        if key.get("d").is_some() {
            findings.push(Finding::error(
                "request-private-key",
                &format!("client_metadata.jwks.keys[{index}]"),
                "This is the private key!",
            ));
        }
    }
    if metadata.get("vp_formats_supported").is_none() {
        findings.push(Finding::warning(
            "request-formats",
            "client_metadata.vp_formats_supported",
            "Wallets cannot tell which cards you can read.",
            "List dc+sd-jwt with the algorithms you accept.",
        ));
    }
}

fn client_id(object: &Object) -> Option<ClientId> {
    ClientId::parse(object.get("client_id")?.as_str()?).ok()
}
