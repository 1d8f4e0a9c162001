//! Bearer tokens (RFC 6750 §2.1).

use axum::http::{HeaderMap, StatusCode, header};

use crate::error::Problem;

/// The token of an `Authorization: Bearer` header. A token in a query is never looked for (RFC 6750 §2.3).
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    token(headers, "bearer")
}

/// The token of an `Authorization` header with this scheme.
#[must_use]
pub fn token<'a>(headers: &'a HeaderMap, expected: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case(expected)
        .then_some(token.trim())
        .filter(|token| !token.is_empty())
}

/// Compares two hashes of tokens in constant time.
#[must_use]
pub fn same_hash(a: &[u8; 32], b: &[u8; 32]) -> bool {
    assent_core::crypto::constant_time_eq(a, b)
}

/// The answer to a missing or wrong token.
#[must_use]
pub fn refused(code: &'static str) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        code,
        "The access token is missing or wrong. Send it as `Authorization: Bearer TOKEN`.",
    )
}
