//! The authorization code flow of card issuance: pushed requests, answers a browser comes back with, token requests.
#![no_main]

use assent_core::oid4vci::authorization::Expected;
use assent_core::oid4vci::{
    AuthorizationAnswer, AuthorizationRequest, ClientAuth, DeferredRequest, TokenRequest,
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
        assert_eq!(AuthorizationRequest::parse(&again, &PROFILE), Ok(request));
    }
    if let Ok(request) = TokenRequest::parse(text) {
        assert_eq!(
            TokenRequest::parse(&body(request.to_http(&endpoint, &PROFILE))),
            Ok(request)
        );
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
});
