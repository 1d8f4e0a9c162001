//! The way over the authorization endpoint: a wallet says what it wants, the person signs in, the browser comes back with
//! a code (RFC 6749 §4.1, RFC 7636, RFC 9126, RFC 9207, RFC 9396; OpenID4VCI 1.0 §5; CI-3, CI-10, CI-11).

mod answer;
pub(super) mod details;
mod pushed;
mod request;

pub use answer::{
    AuthorizationAnswer, AuthorizationError, Expected, redirect_with_code, redirect_with_error,
};
pub use details::TYPE as DETAILS_TYPE;
pub use pushed::{PushedAnswer, pushed_url};
pub use request::AuthorizationRequest;

#[cfg(test)]
mod properties;
