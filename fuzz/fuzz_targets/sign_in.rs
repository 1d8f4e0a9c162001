//! The way to a token. What an issuer reads: pushed requests, token requests. What a wallet reads: offers, what a server says
//! about itself, its answers, and what a browser comes back with.
#![no_main]

use assent_core::encoding::json;
use assent_core::http::HttpResponse;
use assent_core::oid4vci::authorization::Expected;
use assent_core::oid4vci::{
    AuthorizationAnswer, AuthorizationRequest, AuthorizationServerMetadata, ClientAuth, CredentialOffer,
    DeferredRequest, OfferLink, PushedAnswer, Rejection, TokenRequest, TokenResponse,
};
use assent_core::profile::{Endpoint, Profile};
use libfuzzer_sys::fuzz_target;

const PROFILE: Profile = Profile::BASELINE;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(endpoint) = Endpoint::parse("https://as.example/", &PROFILE) else {
        return;
    };
    let body = |http: assent_core::http::HttpRequest| http.body.unwrap_or_default();
    // What is accepted says the same when it is written again.
    if let Ok(request) = AuthorizationRequest::parse(text, &PROFILE) {
        assert!(!(request.scope.is_empty() && request.configuration_ids.is_empty()));
        let again = body(request.to_pushed(&endpoint, &ClientAuth::default(), &PROFILE));
        if fits(&again, text) {
            assert_eq!(AuthorizationRequest::parse(&again, &PROFILE), Ok(request));
        }
    }
    if let Ok(request) = TokenRequest::parse(text) {
        let again = body(request.to_http(&endpoint, &PROFILE));
        if fits(&again, text) {
            assert_eq!(TokenRequest::parse(&again), Ok(request));
        }
    }
    let _ = DeferredRequest::parse(data, &PROFILE);
    // A code is read only from an answer with the right state and server.
    if let Some(state) = AuthorizationAnswer::state_of(text) {
        let expected = |state| Expected {
            state,
            issuer: &endpoint,
            iss_required: true,
        };
        if AuthorizationAnswer::read(text, &expected(&state)).is_ok() {
            assert!(!state.is_empty());
        }
        assert!(AuthorizationAnswer::read(text, &expected(&format!("{state}x"))).is_err());
    }
    if let Ok(link) = OfferLink::parse(text, &PROFILE) {
        let again = link.to_link();
        if fits(&again, text) {
            assert_eq!(OfferLink::parse(&again, &PROFILE), Ok(link));
        }
    }
    if data.first() == Some(&b'{') {
        answers(text);
    }
});

/// The input as what a server says.
/// What is written again can be longer, for its escapes, and then longer than anything that is read.
fn fits(again: &str, text: &str) -> bool {
    again.len() <= text.len().max(4096)
}

fn answers(text: &str) {
    if let Ok(offer) = CredentialOffer::parse(text.as_bytes(), &PROFILE) {
        let again = offer.to_json().to_string();
        if fits(&again, text) {
            assert_eq!(CredentialOffer::parse(again.as_bytes(), &PROFILE), Ok(offer));
        }
    }
    if let Ok(object) = json::parse_object(text.as_bytes(), PROFILE.limits.json(PROFILE.limits.metadata))
        && let Ok(server) = AuthorizationServerMetadata::from_object(&object, &PROFILE)
    {
        let again = server.to_json();
        let again = again
            .as_object()
            .map(|it| AuthorizationServerMetadata::from_object(it, &PROFILE));
        assert_eq!(again, Some(Ok(server.clone())));
        let _ = server.client_auth(&PROFILE);
        let _ = server.pre_authorized_endpoint(&PROFILE);
        // Where a code goes is known only where the server keeps a stolen one from being good.
        if server.code_endpoints(&PROFILE).is_ok() {
            assert!(
                server
                    .code_challenge_methods_supported
                    .iter()
                    .any(|name| name == "S256")
            );
        }
    }
    let response = |status| HttpResponse {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: text.into(),
    };
    if let Ok(pushed) = PushedAnswer::from_response(&response(201), &PROFILE) {
        assert!(pushed.expires_in > 0 && !pushed.request_uri.is_empty());
    }
    for expect_dpop in [false, true] {
        let token = TokenResponse::from_response(&response(200), expect_dpop, &PROFILE);
        if let Ok(token) = token {
            let again = token.to_json().to_string();
            if fits(&again, text) {
                let again = HttpResponse {
                    body: again,
                    ..response(200)
                };
                assert_eq!(
                    TokenResponse::from_response(&again, expect_dpop, &PROFILE),
                    Ok(token)
                );
            }
        }
    }
    if let Some(rejection) = Rejection::from_response(&response(400)) {
        let shown = [
            rejection.code.as_str(),
            rejection.description.as_deref().unwrap_or_default(),
        ];
        assert!(!shown.concat().contains(char::is_control), "shown as it is");
    }
}
