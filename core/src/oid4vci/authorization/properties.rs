//! What holds for every request and every answer, however they are made.

use proptest::prelude::*;

use super::*;
use crate::encoding::form;
use crate::oid4vci::{ClientAuth, Rejection, RejectionCode, SecretText};
use crate::profile::{Endpoint, Profile};

const PROFILE: Profile = Profile::BASELINE;

fn endpoint() -> Endpoint {
    Endpoint::parse("https://as.example/t?x=y", &PROFILE).unwrap()
}

/// A text of at most `max` characters, none of them zero (`form` refuses it).
fn text(max: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>().prop_filter("no zero", |c| *c != '\0'), 1..max)
        .prop_map(|characters| characters.into_iter().collect())
}

fn request() -> impl Strategy<Value = AuthorizationRequest> {
    let names = proptest::collection::btree_set("[!#-\\[\\]-~]{1,20}", 0..5);
    let ids = proptest::collection::btree_set(text(30), 0..5);
    let optional = || proptest::option::of(text(60));
    (
        (
            text(60),
            text(60),
            optional(),
            optional(),
            proptest::option::of(text(40)),
        ),
        (names, ids, any::<[u8; 8]>(), any::<bool>()),
    )
        .prop_filter("something is asked for", |(_, (names, ids, _, _))| {
            !names.is_empty() || !ids.is_empty()
        })
        .prop_map(
            |((client_id, redirect_uri, state, issuer_state, resource), (names, ids, seed, bound))| {
                let hash = SecretText::new(format!("{seed:?}")).fingerprint();
                AuthorizationRequest {
                    client_id,
                    redirect_uri,
                    state,
                    code_challenge: hash.clone(),
                    scope: names.into_iter().collect(),
                    configuration_ids: ids.into_iter().collect(),
                    issuer_state,
                    dpop_jkt: bound.then_some(hash),
                    resource,
                }
            },
        )
}

fn is_a_refusal(rejection: &Rejection) -> bool {
    use RejectionCode as Code;
    matches!(
        rejection.code,
        Code::InvalidRequest
            | Code::UnsupportedResponseType
            | Code::InvalidScope
            | Code::InvalidTarget
            | Code::InvalidAuthorizationDetails
    )
}

proptest! {
    /// What one side writes, the other reads: pushed, and in an address.
    #[test]
    fn requests_survive_the_way(request in request()) {
        let http = request.to_pushed(&endpoint(), &ClientAuth::default(), &PROFILE);
        let body = http.body.unwrap();
        prop_assert_eq!(&AuthorizationRequest::parse(&body, &PROFILE).unwrap(), &request);
        let url = request.to_url(&endpoint());
        prop_assert!(url.is_ascii());
        let (start, query) = url.split_at("https://as.example/t?x=y&".len());
        prop_assert_eq!(start, "https://as.example/t?x=y&");
        prop_assert_eq!(AuthorizationRequest::parse(query, &PROFILE).unwrap(), request);
    }

    /// One parameter more, less, twice or other: either it is refused as the RFCs say, or it is a request that reads the
    /// same when written again. Never with another method, response type or without PKCE.
    #[test]
    fn changed_requests_are_refused_or_whole(
        request in request(),
        name in "(response_type|response_mode|client_id|redirect_uri|state|scope|authorization_details|code_challenge|code_challenge_method|request|request_uri|resource|dpop_jkt|x)",
        value in proptest::option::of(text(40)),
        twice in any::<bool>(),
    ) {
        let body = request.to_pushed(&endpoint(), &ClientAuth::default(), &PROFILE).body.unwrap();
        let mut pairs = form::decode(&body).unwrap();
        if !(twice && value.is_some()) {
            pairs.retain(|(old, _)| *old != name);
        }
        let was_there = pairs.iter().any(|(old, _)| *old == name);
        if let Some(value) = &value {
            pairs.push((name.clone(), value.clone()));
        }
        let changed = form::encode(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        match AuthorizationRequest::parse(&changed, &PROFILE) {
            Err(rejection) => prop_assert!(is_a_refusal(&rejection), "{rejection}"),
            Ok(read) => {
                prop_assert!(!(was_there && value.is_some()), "twice: {name}");
                let again = read.to_pushed(&endpoint(), &ClientAuth::default(), &PROFILE).body.unwrap();
                prop_assert_eq!(AuthorizationRequest::parse(&again, &PROFILE).unwrap(), read);
                let required = ["response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method"];
                prop_assert!(value.is_some() || !required.contains(&name.as_str()), "without {name}");
                prop_assert!(value.is_none() || !["request", "request_uri"].contains(&name.as_str()));
            }
        }
    }

    /// Any text at all.
    #[test]
    fn anything_can_be_read(body in ".{0,300}") {
        if let Err(rejection) = AuthorizationRequest::parse(&body, &PROFILE) {
            prop_assert!(is_a_refusal(&rejection));
        }
        let issuer = endpoint();
        let expected = Expected { state: "s", issuer: &issuer, iss_required: true };
        prop_assert!(AuthorizationAnswer::read(&body, &expected).is_err());
    }

    /// RFC 6749 §4.1.2, RFC 9207 §2: a code arrives exactly when the state, the server and the way are right.
    #[test]
    fn a_code_arrives_only_where_it_belongs(
        code in text(60),
        state in text(40),
        other in text(40),
        path in "[a-z]{0,8}",
        fault in 0..5_u8,
    ) {
        let issuer = endpoint();
        let secret = SecretText::new(&*code);
        let redirect_uri = format!("https://wallet.example/{path}");
        let good = redirect_with_code(&redirect_uri, &secret, Some(&state), &issuer);
        let expected = Expected { state: &state, issuer: &issuer, iss_required: true };
        let read = |answer: &str| {
            AuthorizationAnswer::read(answer, &expected).map(|answer| answer.code.expose().to_owned())
        };
        let query = good.split_once('?').unwrap().1;
        prop_assert_eq!(&read(&good).unwrap(), &code);
        prop_assert_eq!(&read(query).unwrap(), &code);
        prop_assert_eq!(AuthorizationAnswer::state_of(&good), Some(state.clone()));
        let strange = Endpoint::parse("https://as.example/t?x=z", &PROFILE).unwrap();
        let (bad, why) = match fault {
            0 if other != state => (
                redirect_with_code(&redirect_uri, &secret, Some(&other), &issuer),
                AuthorizationError::State,
            ),
            1 => (
                redirect_with_code(&redirect_uri, &secret, Some(&state), &strange),
                AuthorizationError::Issuer,
            ),
            2 => (format!("{good}&code=x"), AuthorizationError::Malformed),
            3 => (format!("{good}&error=access_denied"), AuthorizationError::Malformed),
            _ => (
                redirect_with_error(&redirect_uri, &RejectionCode::InvalidScope, Some(&state), &issuer),
                AuthorizationError::Refused(RejectionCode::InvalidScope),
            ),
        };
        prop_assert_eq!(read(&bad), Err(why));
    }
}
