//! Credential offers: OpenID4VCI 1.0 §4 (CI-1…CI-7).
//!
//! An offer is not signed and may come from anyone. It only says where to go: trust in the issuer comes from the
//! issuer's own metadata and from the credential (§13.5).

use serde_json::{Map, Value};

use super::{AnswerError, SecretText, answer};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::form;
use crate::encoding::json::{self, JsonError, Object};
use crate::encoding::record::put;
use crate::encoding::record::{FromJson, ToJson};
use crate::error::{Audience, ErrorCode};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};

/// The grant type of the pre-authorised code flow (§4.1.1).
pub const PRE_AUTHORIZED_CODE: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// Custom schemes an offer link may have (CI-7: §4.1; HAIP 1.0 §4.2).
const SCHEMES: [&str; 2] = ["openid-credential-offer://", "haip-vci://"];
const MAX_CONFIGURATIONS: usize = 20;

/// A credential offer. Untrusted: whoever made the link chose everything in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct CredentialOffer {
    /// The credential issuer identifier.
    pub credential_issuer: Endpoint,
    /// Which credentials are offered: non-empty, unique.
    pub credential_configuration_ids: Vec<String>,
    /// The pre-authorised code grant, if offered.
    pub pre_authorized_code: Option<PreAuthorizedCodeGrant>,
    /// The authorization code grant, if offered.
    pub authorization_code: Option<AuthorizationCodeGrant>,
}

/// The grant `urn:ietf:params:oauth:grant-type:pre-authorized_code` (CI-4).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct PreAuthorizedCodeGrant {
    /// The code: short-lived and single use.
    pub pre_authorized_code: SecretText,
    /// Present when the person must type a transaction code.
    pub tx_code: Option<TxCode>,
    /// Which authorization server, when the issuer has several.
    pub authorization_server: Option<Endpoint>,
}

/// The grant `authorization_code` (CI-3).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AuthorizationCodeGrant {
    /// To be echoed in the authorization request.
    pub issuer_state: Option<String>,
    /// Which authorization server, when the issuer has several.
    pub authorization_server: Option<Endpoint>,
}

/// What the transaction code looks like (CI-4). `{}` on the wire still means that one is needed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct TxCode {
    /// Digits or any text.
    pub input_mode: InputMode,
    /// Its length, when the issuer says.
    pub length: Option<u8>,
    /// How the person gets the code; at most 300 characters; the wallet shows it.
    pub description: Option<String>,
}

/// What a transaction code is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "lowercase")]
pub enum InputMode {
    /// Digits only, the default.
    Numeric,
    /// Any text.
    Text,
}

/// An offer link: the offer itself, or where to fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferLink {
    /// `credential_offer`.
    ByValue(Box<CredentialOffer>),
    /// `credential_offer_uri`.
    ByReference(Endpoint),
}

/// Why an offer was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not a link to a credential offer.
    #[error("this is not a link to a card offer")]
    NotAnOffer,
    /// Both `credential_offer` and `credential_offer_uri`, or neither (CI-1).
    #[error("the link must have exactly one of credential_offer and credential_offer_uri")]
    NotExactlyOne,
    /// The address of the offer is not acceptable.
    #[error("the address of the offer is not an https address")]
    Address,
    /// Not acceptable JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A member is missing or wrong.
    #[error("the offer is malformed: {0}")]
    Field(#[from] FieldError),
}

impl ErrorCode for OfferError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAnOffer => "offer-not-an-offer",
            Self::NotExactlyOne => "offer-not-exactly-one",
            Self::Address => "offer-bad-address",
            Self::Json(_) | Self::Field(_) => "offer-malformed",
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

impl OfferLink {
    /// Reads a link from a QR code, a page or the clipboard: one of the custom schemes, or an `https` address of a
    /// wallet with the same query.
    ///
    /// # Errors
    /// [`OfferError`].
    pub fn parse(link: &str, profile: &Profile) -> Result<Self, OfferError> {
        let link = link.trim();
        if link.len() > profile.limits.offer {
            return Err(OfferError::Json(JsonError::TooLong));
        }
        let (before, query) = link.split_once('?').ok_or(OfferError::NotAnOffer)?;
        let custom = SCHEMES.iter().any(|scheme| {
            before
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        if !custom && Endpoint::parse(before, profile).is_err() {
            return Err(OfferError::NotAnOffer);
        }
        let query = query.split('#').next().unwrap_or_default();
        let pairs = form::decode(query).ok_or(OfferError::NotAnOffer)?;
        // CI-1, §4.1: exactly one of the two.
        match (
            form::get(&pairs, "credential_offer"),
            form::get(&pairs, "credential_offer_uri"),
        ) {
            (Some(offer), None) => {
                let offer = CredentialOffer::parse(offer.as_bytes(), profile)?;
                Ok(Self::ByValue(Box::new(offer)))
            }
            (None, Some(uri)) => {
                let uri = Endpoint::parse(uri, profile).map_err(|_| OfferError::Address)?;
                Ok(Self::ByReference(uri))
            }
            (None, None) if !custom => Err(OfferError::NotAnOffer),
            _ => Err(OfferError::NotExactlyOne),
        }
    }

    /// The link with the scheme `openid-credential-offer`, which every wallet knows.
    #[must_use]
    pub fn to_link(&self) -> String {
        let query = match self {
            Self::ByValue(offer) => {
                form::encode([("credential_offer", offer.to_json().to_string().as_str())])
            }
            Self::ByReference(uri) => form::encode([("credential_offer_uri", uri.as_str())]),
        };
        format!("{}?{query}", SCHEMES[0])
    }
}

impl CredentialOffer {
    /// Reads the offer object. Unknown members are ignored (§4.1.1).
    ///
    /// # Errors
    /// [`OfferError`].
    pub fn parse(text: &[u8], profile: &Profile) -> Result<Self, OfferError> {
        let object = json::parse_object(text, profile.limits.json(profile.limits.offer))?;
        Ok(Self::from_object(&object, profile)?)
    }

    /// The request that fetches an offer by reference (§4.1.3).
    #[must_use]
    pub fn request(uri: &Endpoint, profile: &Profile) -> HttpRequest {
        HttpRequest::get(uri.as_str(), "application/json", profile.limits.offer)
    }

    /// Reads the answer to [`CredentialOffer::request`]: 200 with `application/json`, never a JWT (CI-1).
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(response: &HttpResponse, profile: &Profile) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.offer, profile)?;
        Ok(Self::from_object(&object, profile)?)
    }

    /// The offer object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut grants = Map::new();
        if let Some(grant) = &self.authorization_code {
            let mut out = Map::new();
            insert(&mut out, "issuer_state", grant.issuer_state.as_deref());
            insert(
                &mut out,
                "authorization_server",
                grant.authorization_server.as_ref().map(Endpoint::as_str),
            );
            put(&mut grants, "authorization_code", Value::Object(out));
        }
        if let Some(grant) = &self.pre_authorized_code {
            let mut out = Map::new();
            insert(
                &mut out,
                "pre-authorized_code",
                Some(grant.pre_authorized_code.expose()),
            );
            if let Some(tx_code) = &grant.tx_code {
                put(&mut out, "tx_code", tx_code.to_json());
            }
            insert(
                &mut out,
                "authorization_server",
                grant.authorization_server.as_ref().map(Endpoint::as_str),
            );
            grants.insert(PRE_AUTHORIZED_CODE.into(), Value::Object(out));
        }
        let mut out = Map::new();
        insert(
            &mut out,
            "credential_issuer",
            Some(self.credential_issuer.as_str()),
        );
        self.credential_configuration_ids
            .put_json(&mut out, "credential_configuration_ids");
        if !grants.is_empty() {
            put(&mut out, "grants", Value::Object(grants));
        }
        Value::Object(out)
    }

    /// The offer as a link, by value.
    #[must_use]
    pub fn to_link(&self) -> String {
        OfferLink::ByValue(Box::new(self.clone())).to_link()
    }

    fn from_object(object: &Object, profile: &Profile) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "");
        let credential_issuer = endpoint(&fields, "credential_issuer", profile)?
            .ok_or_else(|| fields.error("credential_issuer", Problem::Missing))?;
        // §12.2.1: the identifier has no query.
        if credential_issuer.query().is_some() {
            return Err(fields.error("credential_issuer", Problem::NotAllowed));
        }
        // CI-2, §4.1.1: a non-empty array of unique strings.
        let name = "credential_configuration_ids";
        let ids = fields
            .opt_texts(name, MAX_CONFIGURATIONS, 256)?
            .ok_or_else(|| fields.error(name, Problem::Missing))?;
        if ids
            .iter()
            .enumerate()
            .any(|(index, id)| ids[..index].contains(id))
        {
            return Err(fields.error(name, Problem::NotAllowed));
        }
        let (mut pre_authorized_code, mut authorization_code) = (None, None);
        if let Some(grants) = fields.opt_object("grants")? {
            let grants = Fields::new(grants, "grants");
            if let Some(grant) = grants.opt_object("authorization_code")? {
                authorization_code = Some(AuthorizationCodeGrant::read(grant, profile)?);
            }
            if let Some(grant) = grants.opt_object(PRE_AUTHORIZED_CODE)? {
                pre_authorized_code = Some(PreAuthorizedCodeGrant::read(grant, profile)?);
            }
        }
        Ok(Self {
            credential_issuer,
            credential_configuration_ids: ids,
            pre_authorized_code,
            authorization_code,
        })
    }
}

impl AuthorizationCodeGrant {
    fn read(object: &Object, profile: &Profile) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "grants.authorization_code");
        Ok(Self {
            issuer_state: fields.opt_text("issuer_state", 4096)?.map(str::to_owned),
            authorization_server: endpoint(&fields, "authorization_server", profile)?,
        })
    }
}

impl PreAuthorizedCodeGrant {
    fn read(object: &Object, profile: &Profile) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "grants.pre-authorized_code");
        Ok(Self {
            pre_authorized_code: SecretText::new(fields.text("pre-authorized_code", 4096)?),
            // CI-4: the presence of the object, even `{}`, says that a code is required.
            tx_code: fields.opt_object("tx_code")?.map(TxCode::read).transpose()?,
            authorization_server: endpoint(&fields, "authorization_server", profile)?,
        })
    }
}

impl TxCode {
    fn read(object: &Object) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "grants.pre-authorized_code.tx_code");
        let input_mode = match fields.opt_text("input_mode", 16)? {
            None | Some("numeric") => InputMode::Numeric,
            Some("text") => InputMode::Text,
            Some(_) => return Err(fields.error("input_mode", Problem::NotAllowed)),
        };
        let length = fields
            .opt_u64("length")?
            .map(|length| match u8::try_from(length) {
                Ok(length @ 1..=64) => Ok(length),
                _ => Err(fields.error("length", Problem::NotAllowed)),
            })
            .transpose()?;
        // §4.1.1: at most 300 characters (not bytes).
        let description = fields.opt_text("description", 1200)?.map(str::to_owned);
        if description
            .as_ref()
            .is_some_and(|text| text.chars().count() > 300)
        {
            return Err(fields.error("description", Problem::TooLong));
        }
        Ok(Self {
            input_mode,
            length,
            description,
        })
    }

    fn to_json(&self) -> Value {
        let mut out = Map::new();
        let mode = match self.input_mode {
            InputMode::Numeric => "numeric",
            InputMode::Text => "text",
        };
        insert(&mut out, "input_mode", Some(mode));
        if let Some(length) = self.length {
            length.put_json(&mut out, "length");
        }
        insert(&mut out, "description", self.description.as_deref());
        Value::Object(out)
    }
}

/// Reads a member that must be an [`Endpoint`], when present.
pub(super) fn endpoint(
    fields: &Fields<'_>,
    name: &str,
    profile: &Profile,
) -> Result<Option<Endpoint>, FieldError> {
    fields
        .opt_text(name, 2048)?
        .map(|text| Endpoint::parse(text, profile).map_err(|_| fields.error(name, Problem::NotAllowed)))
        .transpose()
}

/// Inserts a string member, when there is one.
pub(super) fn insert(object: &mut Object, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        object.insert(name.into(), Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: &Value) -> Result<CredentialOffer, OfferError> {
        CredentialOffer::parse(value.to_string().as_bytes(), &Profile::BASELINE)
    }

    fn offer() -> Value {
        json!({
            "credential_issuer": "https://issuer.example/a",
            "credential_configuration_ids": ["identity"],
            "grants": { PRE_AUTHORIZED_CODE: { "pre-authorized_code": "secret", "tx_code": {} } }
        })
    }

    #[test]
    fn links_round_trip_by_value_and_by_reference() {
        let by_value = OfferLink::ByValue(Box::new(parse(&offer()).unwrap()));
        assert_eq!(
            OfferLink::parse(&by_value.to_link(), &Profile::BASELINE).unwrap(),
            by_value
        );
        let uri = Endpoint::parse("https://issuer.example/offers/1?x=y", &Profile::BASELINE).unwrap();
        let by_reference = OfferLink::ByReference(uri);
        let link = by_reference.to_link();
        assert_eq!(OfferLink::parse(&link, &Profile::BASELINE).unwrap(), by_reference);
        let https = link.replace("openid-credential-offer://", "https://wallet.example/offer");
        assert_eq!(
            OfferLink::parse(&https, &Profile::BASELINE).unwrap(),
            by_reference
        );
        let haip = link.replace("openid-credential-offer", "HAIP-VCI");
        assert_eq!(OfferLink::parse(&haip, &Profile::BASELINE).unwrap(), by_reference);
    }

    /// CI-1, CI-7.
    #[test]
    fn links_must_have_exactly_one_offer() {
        let read = |link: &str| OfferLink::parse(link, &Profile::BASELINE).unwrap_err();
        assert_eq!(
            read(
                "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https%3A%2F%2Fa.example"
            ),
            OfferError::NotExactlyOne
        );
        assert_eq!(read("openid-credential-offer://?a=b"), OfferError::NotExactlyOne);
        assert_eq!(
            read("openid4vp://?credential_offer=%7B%7D"),
            OfferError::NotAnOffer
        );
        assert_eq!(read("https://shop.example/?a=b"), OfferError::NotAnOffer);
        assert_eq!(
            read("openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fa.example"),
            OfferError::Address
        );
        assert_eq!(
            read(
                "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example&credential_offer_uri=x"
            ),
            OfferError::NotAnOffer
        );
    }

    /// CI-4: `tx_code: {}` is a demand, an absent one is not.
    #[test]
    fn an_empty_tx_code_object_still_demands_a_code() {
        let grant = parse(&offer()).unwrap().pre_authorized_code.unwrap();
        assert_eq!(grant.tx_code.unwrap().input_mode, InputMode::Numeric);
        let mut without = offer();
        without["grants"][PRE_AUTHORIZED_CODE]
            .as_object_mut()
            .unwrap()
            .remove("tx_code");
        assert_eq!(
            parse(&without).unwrap().pre_authorized_code.unwrap().tx_code,
            None
        );
    }

    /// CI-2…CI-4: each refused for one reason.
    #[test]
    fn refusals() {
        for (pointer, value) in [
            ("/credential_issuer", json!("http://issuer.example")),
            ("/credential_issuer", json!("https://issuer.example?x=y")),
            ("/credential_configuration_ids", json!([])),
            ("/credential_configuration_ids", json!(["a", "a"])),
            ("/credential_configuration_ids", json!("a")),
            ("/credential_configuration_ids", json!([1])),
            ("/grants", json!([])),
            (
                "/grants/urn:ietf:params:oauth:grant-type:pre-authorized_code",
                json!({}),
            ),
            (
                "/grants/urn:ietf:params:oauth:grant-type:pre-authorized_code/tx_code",
                json!(true),
            ),
            (
                "/grants/urn:ietf:params:oauth:grant-type:pre-authorized_code/tx_code",
                json!({ "length": 0 }),
            ),
            (
                "/grants/urn:ietf:params:oauth:grant-type:pre-authorized_code/tx_code",
                json!({ "input_mode": "x" }),
            ),
            (
                "/grants/urn:ietf:params:oauth:grant-type:pre-authorized_code/tx_code",
                json!({ "description": "é".repeat(301) }),
            ),
        ] {
            let mut changed = offer();
            *changed.pointer_mut(pointer).unwrap() = value.clone();
            assert!(parse(&changed).is_err(), "{pointer} = {value}");
        }
    }

    /// CI-5: an offer only says where to go; what it says beyond that is ignored.
    #[test]
    fn unknown_members_are_ignored() {
        let mut more = offer();
        more["credentials"] = json!(["draft"]);
        more["trusted"] = json!(true);
        more["grants"]["urn:unknown:grant"] = json!({ "x": 1 });
        more["grants"][PRE_AUTHORIZED_CODE]["interval"] = json!(5);
        assert_eq!(parse(&more).unwrap(), parse(&offer()).unwrap());
    }

    #[test]
    fn codes_are_never_printed() {
        assert!(!format!("{:?}", parse(&offer()).unwrap()).contains("secret"));
    }
}
