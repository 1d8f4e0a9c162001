//! What every endpoint may answer beside its own: limits, bodies and addresses that cannot be read, missing tokens.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder};

const PROBLEM: &str = "application/problem+json";
/// Where the schema of a problem is.
const DETAILS: &str = "#/components/schemas/ProblemDetails";
const JSON: &str = "application/json";

/// Status, name in `components/responses`, and what it says.
const BAD_REQUEST: Shared = (
    "400",
    "Malformed",
    "The address, the query or the body cannot be read.",
);
const UNAUTHORIZED: Shared = ("401", "Unauthorized", "The bearer token is missing or not right.");
const TOO_LARGE: Shared = (
    "413",
    "TooLarge",
    "The body is larger than this endpoint accepts.",
);
const MEDIA_TYPE: Shared = ("415", "MediaType", "The body is of another type.");
const INVALID: Shared = ("422", "Invalid", "The body is JSON of another shape.");
const TOO_MANY: Shared = (
    "429",
    "TooMany",
    "Too many requests. `Retry-After` says when to come back.",
);
const UNAVAILABLE: Shared = (
    "503",
    "Unavailable",
    "Overloaded, or the request took too long. Try again.",
);

type Shared = (&'static str, &'static str, &'static str);

/// Names problems by their media type (RFC 9457 §3), and adds the answers that handlers do not know of.
pub(in crate::api) fn complete(api: &mut OpenApi) {
    for item in api.paths.paths.values_mut() {
        for operation in operations(item) {
            name_problems(operation);
            // Health is outside the limits (router.rs).
            if operation.tags.iter().flatten().all(|tag| tag != "health") {
                add(operation);
            }
        }
    }
    let components = api.components.get_or_insert_default();
    for (_, name, text) in [
        BAD_REQUEST,
        UNAUTHORIZED,
        TOO_LARGE,
        MEDIA_TYPE,
        INVALID,
        TOO_MANY,
        UNAVAILABLE,
    ] {
        let body = ContentBuilder::new().schema(Some(Ref::new(DETAILS))).build();
        let response = ResponseBuilder::new().description(text).content(PROBLEM, body);
        components
            .responses
            .insert(name.to_owned(), response.build().into());
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete]
        .into_iter()
        .flatten()
}

fn name_problems(operation: &mut Operation) {
    for answer in operation.responses.responses.values_mut() {
        let RefOr::T(Response { content, .. }) = answer else {
            continue;
        };
        let is_problem = matches!(
            content.get(JSON),
            Some(RefOr::T(body)) if matches!(&body.schema, Some(RefOr::Ref(schema)) if schema.ref_location == DETAILS)
        );
        if is_problem && let Some(body) = content.shift_remove(JSON) {
            content.insert(PROBLEM.to_owned(), body);
        }
    }
}

fn add(operation: &mut Operation) {
    let body = match &operation.request_body {
        Some(RefOr::T(body)) => Some(body.content.contains_key(JSON)),
        _ => None,
    };
    let mut may = vec![TOO_MANY, UNAVAILABLE];
    if body.is_some() || operation.parameters.is_some() {
        may.push(BAD_REQUEST);
    }
    if body.is_some() {
        may.push(TOO_LARGE);
    }
    if body == Some(true) {
        may.extend([MEDIA_TYPE, INVALID]);
    }
    if operation.security.is_some() {
        may.push(UNAUTHORIZED);
    }
    let answers = &mut operation.responses.responses;
    for (status, name, _) in may {
        answers
            .entry(status.to_owned())
            .or_insert_with(|| Ref::from_response_name(name).into());
    }
}
