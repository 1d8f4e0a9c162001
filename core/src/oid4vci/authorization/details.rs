//! `authorization_details` of type `openid_credential` in a request (RFC 9396; OpenID4VCI 1.0 §5.1.1).

use serde_json::Value;

use super::super::{Rejection, RejectionCode};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json;
use crate::encoding::record::{ToJson as _, put, put_text};
use crate::profile::MessageLimits;

/// Most credentials in one request.
pub(super) const MAX: usize = 20;

/// The type of `authorization_details` that asks for a card.
pub const TYPE: &str = "openid_credential";

/// What was asked for, and at which issuer, when it was said.
pub(in super::super) struct Details {
    pub(in super::super) configuration_ids: Vec<String>,
    pub(super) location: Option<String>,
}

/// The member, as text.
pub(in super::super) fn write(configuration_ids: &[String], location: Option<&str>) -> String {
    let entry = |id: &String| {
        let mut out = json::Object::new();
        put_text(&mut out, "type", TYPE);
        put_text(&mut out, "credential_configuration_id", id);
        if let Some(location) = location {
            put(&mut out, "locations", Value::Array(vec![location.write_json()]));
        }
        Value::Object(out)
    };
    Value::Array(configuration_ids.iter().map(entry).collect()).to_string()
}

/// Reads the member.
pub(in super::super) fn read(text: &str) -> Result<Details, Rejection> {
    let bad = |why: &str| Rejection::new(RejectionCode::InvalidAuthorizationDetails, why);
    let limits = MessageLimits::DEFAULT.json(MessageLimits::DEFAULT.small);
    let value = json::parse(text.as_bytes(), limits).map_err(|error| bad(&error.to_string()))?;
    let list = value
        .as_array()
        .filter(|list| (1..=MAX).contains(&list.len()))
        .ok_or_else(|| bad("not a list, empty, or too long"))?;
    let mut details = Details {
        configuration_ids: Vec::with_capacity(list.len()),
        location: None,
    };
    for entry in list {
        read_one(entry, &mut details).map_err(|error| bad(&error.to_string()))?;
    }
    Ok(details)
}

fn read_one(entry: &Value, details: &mut Details) -> Result<(), FieldError> {
    let fields = Fields::of(entry, "authorization_details")?;
    // RFC 9396 §5: an unknown type, and a known type with members it does not have, must be refused.
    if fields.text("type", 128)? != TYPE {
        return Err(fields.error("type", Problem::NotAllowed));
    }
    const MEMBERS: [&str; 4] = ["type", "credential_configuration_id", "claims", "locations"];
    if let Some(name) = fields
        .object()
        .keys()
        .find(|name| !MEMBERS.contains(&name.as_str()))
    {
        return Err(fields.error(name, Problem::Unknown));
    }
    // §5.1.1: what the wallet would like to have in it. We issue cards whole.
    fields.opt_list("claims", 512)?;
    if let Some(locations) = fields.opt_texts("locations", 1, 2048)? {
        let location = locations.into_iter().next();
        if details.location.is_some() && details.location != location {
            return Err(fields.error("locations", Problem::NotAllowed));
        }
        details.location = location;
    }
    let name = "credential_configuration_id";
    let id = fields.text(name, 256)?;
    if details.configuration_ids.iter().any(|seen| seen == id) {
        return Err(fields.error(name, Problem::NotAllowed));
    }
    details.configuration_ids.push(id.to_owned());
    Ok(())
}
