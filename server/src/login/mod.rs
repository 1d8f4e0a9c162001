//! Signing in at a login provider (OpenID Connect Core 1.0 §3.1, authorization code with PKCE), for operators and for
//! citizens.

pub(crate) mod cookie;
mod provider;

pub(crate) use provider::{Attempt, Provider, secret};

/// Why a login provider did not say who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginError {
    /// It said no, or its ID token is not acceptable.
    Refused,
    /// It cannot be reached, or its answers cannot be read.
    Unavailable,
}
