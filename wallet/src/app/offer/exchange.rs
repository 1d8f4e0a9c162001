//! Requests that are proved with a key, made again when the other side wants another nonce (RFC 9449 §8; CI-16).

use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};

use super::super::session::Core;
use super::super::wallet::Next;
use super::super::{NetworkFailure, WalletError};
use super::failed;
use crate::receive::{Proving, ReceiveError};

/// Makes the request with what proves it.
pub(super) type Make<P> = Box<dyn Fn(&P, &mut Env<'_>) -> Result<HttpRequest, ReceiveError> + Send>;
/// What follows.
pub(super) type Then<P> = Box<
    dyn FnOnce(&mut Core, P, Result<HttpResponse, ReceiveError>, &mut Env<'_>) -> Result<Next, WalletError>
        + Send,
>;

/// Sends what `make` makes; again when the other side wants another nonce or challenge, once for each.
pub(super) fn send<P: Proving>(
    mut proving: P,
    make: Make<P>,
    env: &mut Env<'_>,
    then: Then<P>,
) -> Result<Next, WalletError> {
    let request = make(&proving, env).map_err(failed)?;
    Ok(Next::Send(
        request,
        Box::new(move |core, answer, env| {
            let response = got(answer);
            if let Ok(response) = &response
                && proving.must_retry(response)
            {
                return send(proving, make, env, then);
            }
            then(core, proving, response, env)
        }),
    ))
}

/// The answer of an issuer.
pub(super) fn got(answer: Result<HttpResponse, NetworkFailure>) -> Result<HttpResponse, ReceiveError> {
    answer.map_err(|NetworkFailure| ReceiveError::Unreachable)
}
