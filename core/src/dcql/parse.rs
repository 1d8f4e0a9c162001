//! Reading a query (OpenID4VP 1.0 §6.1–6.3).

use serde_json::Value;

use super::error::QueryError;
use super::limits::{MAX_CLAIMS, MAX_CREDENTIALS, MAX_OPTIONS, MAX_SETS, MAX_TEXT, MAX_VALUES};
use super::query::{
    ClaimQuery, CredentialQuery, CredentialSet, DcqlQuery, Meta, TrustedAuthority, TrustedAuthorityKind,
};
use super::value::ClaimValue;
use crate::claims::{ClaimsPath, MAX_PATH, PathElement};
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::sorted::SortedSet;

pub(super) fn query(value: &Value) -> Result<DcqlQuery, QueryError> {
    let query = value.as_object().ok_or_else(|| member("dcql_query"))?;
    let credentials = array(query, "credentials", "credentials", MAX_CREDENTIALS)?
        .ok_or_else(|| member("credentials"))?
        .iter()
        .enumerate()
        .map(|(index, entry)| credential(entry, &format!("credentials[{index}]")))
        .collect::<Result<Vec<_>, _>>()?;
    // §6.1: the id must not be present more than once within the request.
    let mut ids = SortedSet::new();
    for (index, credential) in credentials.iter().enumerate() {
        if !ids.insert(credential.id.as_str()) {
            return Err(QueryError::DuplicateId(format!("credentials[{index}].id")));
        }
    }
    let sets = array(query, "credential_sets", "credential_sets", MAX_SETS)?;
    let credential_sets = match sets {
        Some(sets) => sets
            .iter()
            .enumerate()
            .map(|(index, entry)| credential_set(entry, &ids, &format!("credential_sets[{index}]")))
            .collect::<Result<_, _>>()?,
        // §6.4.2: without credential_sets, all credential queries are asked for.
        None => vec![CredentialSet {
            options: vec![credentials.iter().map(|query| query.id.clone()).collect()],
            required: true,
        }],
    };
    let has_sets = sets.is_some();
    Ok(DcqlQuery {
        credentials,
        credential_sets,
        has_sets,
    })
}

fn credential(value: &Value, at: &str) -> Result<CredentialQuery, QueryError> {
    let entry = value.as_object().ok_or_else(|| member(at))?;
    let id = identifier(entry.get("id"), &format!("{at}.id"))?;
    let meta = meta(entry, at)?;
    let claims = array(entry, "claims", &format!("{at}.claims"), MAX_CLAIMS)?;
    let sets = array(entry, "claim_sets", &format!("{at}.claim_sets"), MAX_SETS)?;
    // §6.1: claim_sets must not be present when claims is absent.
    if sets.is_some() && claims.is_none() {
        return Err(QueryError::ClaimSetsWithoutClaims(at.to_owned()));
    }
    let claims = claims
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(index, entry)| claim(entry, &meta, sets.is_some(), &format!("{at}.claims[{index}]")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut ids = SortedSet::new();
    for (index, id) in claims
        .iter()
        .enumerate()
        .filter_map(|(i, c)| Some((i, c.id.as_deref()?)))
    {
        // §6.3: the id must not be used twice within one `claims` array.
        if !ids.insert(id) {
            return Err(QueryError::DuplicateId(format!("{at}.claims[{index}].id")));
        }
    }
    let claim_sets = sets
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(index, set)| claim_set(set, &claims, &format!("{at}.claim_sets[{index}]")))
        .collect::<Result<_, _>>()?;
    Ok(CredentialQuery {
        id,
        meta,
        multiple: flag(entry, "multiple", at)?.unwrap_or(false),
        trusted_authorities: trusted_authorities(entry, at)?,
        holder_binding: flag(entry, "require_cryptographic_holder_binding", at)?.unwrap_or(true),
        claims,
        claim_sets,
    })
}

/// Appendix B.1.1, B.2.3, B.3.5: each format makes one member of `meta` REQUIRED.
fn meta(entry: &Object, at: &str) -> Result<Meta, QueryError> {
    let format = text(entry.get("format"), &format!("{at}.format"))?;
    let at = format!("{at}.meta");
    let meta = entry
        .get("meta")
        .and_then(Value::as_object)
        .ok_or_else(|| member(&at))?;
    Ok(match format.as_str() {
        "dc+sd-jwt" => Meta::SdJwtVc {
            vct_values: texts(meta, "vct_values", &at)?,
        },
        "mso_mdoc" => Meta::MsoMdoc {
            doctype_value: text(meta.get("doctype_value"), &format!("{at}.doctype_value"))?,
        },
        "jwt_vc_json" => Meta::JwtVcJson {
            type_values: type_values(meta, &at)?,
        },
        "ldp_vc" => Meta::LdpVc {
            type_values: type_values(meta, &at)?,
        },
        _ => Meta::Other {
            format,
            meta: meta.clone(),
        },
    })
}

fn type_values(meta: &Object, at: &str) -> Result<Vec<Vec<String>>, QueryError> {
    let at = format!("{at}.type_values");
    array(meta, "type_values", &at, MAX_VALUES)?
        .ok_or_else(|| member(&at))?
        .iter()
        .map(|alternative| strings(alternative, &at))
        .collect()
}

fn trusted_authorities(entry: &Object, at: &str) -> Result<Vec<TrustedAuthority>, QueryError> {
    let at = format!("{at}.trusted_authorities");
    let entries = array(entry, "trusted_authorities", &at, MAX_VALUES)?.unwrap_or_default();
    entries
        .iter()
        .map(|entry| {
            let entry = entry.as_object().ok_or_else(|| member(&at))?;
            let kind = TrustedAuthorityKind::from_name(&text(entry.get("type"), &at)?);
            let values = texts(entry, "values", &at)?;
            // §6.1.1.1: an `aki` value is a base64url KeyIdentifier.
            if kind == TrustedAuthorityKind::AuthorityKeyIdentifier
                && values.iter().any(|value| base64url::decode(value).is_err())
            {
                return Err(member(&at));
            }
            Ok(TrustedAuthority { kind, values })
        })
        .collect()
}

fn claim(value: &Value, meta: &Meta, id_required: bool, at: &str) -> Result<ClaimQuery, QueryError> {
    let entry = value.as_object().ok_or_else(|| member(at))?;
    // §6.3: the id is REQUIRED when claim_sets is present, OPTIONAL otherwise.
    let id = match entry.get("id") {
        None if !id_required => None,
        id => Some(identifier(id, &format!("{at}.id"))?),
    };
    let path = path(entry.get("path"), meta, &format!("{at}.path"))?;
    let values_at = format!("{at}.values");
    let values = array(entry, "values", &values_at, MAX_VALUES)?
        .unwrap_or_default()
        .iter()
        .map(|value| {
            if value.as_str().is_some_and(|text| text.len() > MAX_TEXT) {
                return Err(QueryError::TooLarge(values_at.clone()));
            }
            ClaimValue::from_json(value).ok_or_else(|| member(&values_at))
        })
        .collect::<Result<_, _>>()?;
    Ok(ClaimQuery {
        id,
        path,
        values,
        intent_to_retain: flag(entry, "intent_to_retain", at)?,
    })
}

fn path(value: Option<&Value>, meta: &Meta, at: &str) -> Result<ClaimsPath, QueryError> {
    let value = value.ok_or_else(|| member(at))?;
    if value.as_array().is_some_and(|elements| elements.len() > MAX_PATH) {
        return Err(QueryError::TooLarge(at.to_owned()));
    }
    let path = ClaimsPath::from_json(value).map_err(|_| member(at))?;
    let keys = path.elements().iter().filter_map(|element| match element {
        PathElement::Key(key) => Some(key),
        _ => None,
    });
    if keys.clone().any(|key| key.len() > MAX_TEXT) {
        return Err(QueryError::TooLarge(at.to_owned()));
    }
    // B.2.4: for mdoc exactly a namespace and a data element identifier.
    if matches!(meta, Meta::MsoMdoc { .. }) && (path.elements().len() != 2 || keys.count() != 2) {
        return Err(member(at));
    }
    Ok(path)
}

fn claim_set(value: &Value, claims: &[ClaimQuery], at: &str) -> Result<Vec<usize>, QueryError> {
    let ids = value
        .as_array()
        .filter(|ids| !ids.is_empty())
        .ok_or_else(|| member(at))?;
    if ids.len() > MAX_CLAIMS {
        return Err(QueryError::TooLarge(at.to_owned()));
    }
    ids.iter()
        .map(|id| {
            let id = id.as_str().ok_or_else(|| member(at))?;
            claims
                .iter()
                .position(|claim| claim.id.as_deref() == Some(id))
                .ok_or_else(|| QueryError::UnknownId(at.to_owned()))
        })
        .collect()
}

fn credential_set(value: &Value, known: &SortedSet<&str>, at: &str) -> Result<CredentialSet, QueryError> {
    let entry = value.as_object().ok_or_else(|| member(at))?;
    let options_at = format!("{at}.options");
    let options = array(entry, "options", &options_at, MAX_OPTIONS)?
        .ok_or_else(|| member(&options_at))?
        .iter()
        .map(|option| {
            let ids = strings(option, &options_at)?;
            if ids.iter().any(|id| !known.contains(id.as_str())) {
                return Err(QueryError::UnknownId(options_at.clone()));
            }
            Ok(ids)
        })
        .collect::<Result<_, _>>()?;
    Ok(CredentialSet {
        options,
        required: flag(entry, "required", at)?.unwrap_or(true),
    })
}

fn member(at: &str) -> QueryError {
    QueryError::Member(at.to_owned())
}

/// An optional, non-empty array of at most `most` entries.
fn array<'a>(
    entry: &'a Object,
    name: &str,
    at: &str,
    most: usize,
) -> Result<Option<&'a [Value]>, QueryError> {
    match entry.get(name) {
        None => Ok(None),
        Some(Value::Array(values)) if values.len() > most => Err(QueryError::TooLarge(at.to_owned())),
        Some(Value::Array(values)) if !values.is_empty() => Ok(Some(values)),
        Some(_) => Err(member(at)),
    }
}

fn flag(entry: &Object, name: &str, at: &str) -> Result<Option<bool>, QueryError> {
    match entry.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(member(&format!("{at}.{name}"))),
    }
}

fn text(value: Option<&Value>, at: &str) -> Result<String, QueryError> {
    match value.and_then(Value::as_str) {
        Some(text) if text.len() > MAX_TEXT => Err(QueryError::TooLarge(at.to_owned())),
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(member(at)),
    }
}

fn texts(entry: &Object, name: &str, at: &str) -> Result<Vec<String>, QueryError> {
    let at = format!("{at}.{name}");
    strings(entry.get(name).ok_or_else(|| member(&at))?, &at)
}

fn strings(value: &Value, at: &str) -> Result<Vec<String>, QueryError> {
    let values = value
        .as_array()
        .filter(|values| !values.is_empty())
        .ok_or_else(|| member(at))?;
    if values.len() > MAX_VALUES {
        return Err(QueryError::TooLarge(at.to_owned()));
    }
    values.iter().map(|value| text(Some(value), at)).collect()
}

/// §6.1: a non-empty string of alphanumeric, underscore or hyphen characters.
fn identifier(value: Option<&Value>, at: &str) -> Result<String, QueryError> {
    let id = text(value, at)?;
    if id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    {
        Ok(id)
    } else {
        Err(member(at))
    }
}
