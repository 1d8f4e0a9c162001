//! Requests of the library, changed and opened by the wallet.

use assent_core::encoding::form;
use assent_core::oid4vp::{
    AuthorizationRequestLink, CheckedRequest, ClientId, RequestError, RequestUriMethod, UnverifiedRequest,
};
use serde_json::Value;

use super::support::{NOW, WALLET_NONCE, World, name_query, request_object};

/// The request of the library with one parameter set (or removed, with null).
pub fn with(name: &str, value: Value) -> Result<CheckedRequest, RequestError> {
    World::new().changed_request(name_query(), &|claims| {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.into(), value.clone());
        }
    })
}

/// The Request Object `sign` makes, opened through a link with `link_id`.
pub fn fetched(world: &World, link_id: &ClientId, jwt: String) -> Result<CheckedRequest, RequestError> {
    let uri = world.endpoint("https://library.example/vp/requests/1");
    let link = AuthorizationRequestLink::to_reference("openid4vp://", link_id, &uri, RequestUriMethod::Get);
    let link = AuthorizationRequestLink::parse(&link, &world.profile)?;
    let request = UnverifiedRequest::from_response(&link, WALLET_NONCE, &request_object(jwt))?;
    world.check(request)
}

/// A plain Request Object of the library.
pub fn a_request(world: &mut World) -> String {
    let transaction = world.ask(name_query());
    transaction
        .request_object(None, &world.signer(), &world.profile, NOW)
        .unwrap()
        .1
}

/// `text` as the value of a form parameter.
pub fn form_value(text: &str) -> String {
    form::encode([("", text)])[1..].to_owned()
}
