//! What a service asks with, as it is read from its request.

use assent_core::encoding::json::Object;
use assent_core::error::ErrorCode as _;
use assent_core::oid4vp::{ClientIdPrefix, RequestUriMethod, ResponseMode};
use assent_core::profile::Endpoint;
use assent_core::verifier::NewTransactionData;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Problem;
use crate::state::AppState;

/// A presentation to ask for: exactly one of `consent_request` and `dcql_query`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPresentation {
    /// What is asked, why, for how long, by whom: compiled to DCQL, signed, and answered with a receipt.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) consent_request: Option<Object>,
    /// A DCQL query, sent exactly like this.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) dcql_query: Option<Value>,
    /// `direct_post.jwt` (encrypted, the default) or `direct_post`.
    #[serde(default)]
    pub(super) response_mode: Option<String>,
    /// `x509_hash` (the default), `x509_san_dns`, `redirect_uri` or `decentralized_identifier`.
    #[serde(default)]
    pub(super) client_id_prefix: Option<String>,
    /// `post` (the default) or `get`.
    #[serde(default)]
    pub(super) request_uri_method: Option<String>,
    /// The wallet to open: `https://…` or a scheme such as `openid4vp://`. Default: the wallet of this server.
    #[serde(default)]
    pub(super) wallet_authorization_endpoint: Option<String>,
    /// Where the person comes back to in the same browser. The result then needs the `response_code` that comes
    /// with them.
    #[serde(default)]
    pub(super) redirect_uri: Option<String>,
    /// Where we tell that something happened.
    #[serde(default)]
    pub(super) webhook_url: Option<String>,
    /// Transactions to be authorised with the presentation, for a `dcql_query` in a request fetched by `post`. Only
    /// wallets that name the types in `transaction_data_types_supported` of their metadata get the request.
    #[serde(default)]
    pub(super) transaction_data: Vec<TransactionToAuthorise>,
    /// Seconds until the request expires: 60 to 900, usually 300.
    #[serde(default)]
    pub(super) expires_in: Option<i64>,
}

/// A transaction to be authorised (OpenID4VP 1.0 §5.1).
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct TransactionToAuthorise {
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// The credential queries one of which authorises it.
    credential_ids: Vec<String>,
    /// The members of its type.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    members: Object,
}

/// The answer to a new presentation.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct CreatedPresentation {
    /// Your id of it. Keep it on your server.
    pub(super) transaction_id: String,
    /// RFC 3339.
    pub(super) expires_at: String,
    /// Links that open a wallet.
    pub(super) links: Links,
    /// The cross-device link as a QR code (SVG).
    pub(super) qr_svg: String,
}

/// Links that open a wallet.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct Links {
    /// For a wallet in the same browser or on the same device.
    pub(super) same_device: String,
    /// For a wallet on another device.
    pub(super) cross_device: String,
}

/// The choices of a request, checked.
#[derive(Debug)]
pub(super) struct Choices {
    pub(super) response_mode: ResponseMode,
    pub(super) prefix: ClientIdPrefix,
    pub(super) method: RequestUriMethod,
    pub(super) wallet: String,
    pub(super) redirect_uri: Option<Endpoint>,
    pub(super) transaction_data: Vec<NewTransactionData>,
}

impl NewPresentation {
    /// Reads the choices.
    pub(super) fn choices(&self, state: &AppState) -> Result<Choices, Problem> {
        let response_mode = match self.response_mode.as_deref() {
            None | Some("direct_post.jwt") => ResponseMode::DirectPostJwt,
            Some("direct_post") => ResponseMode::DirectPost,
            Some(_) => return Err(invalid("response_mode is direct_post.jwt or direct_post.")),
        };
        let prefix = match self.client_id_prefix.as_deref() {
            None => ClientIdPrefix::X509Hash,
            Some(name) => ClientIdPrefix::from_name(name)
                .ok_or_else(|| invalid("client_id_prefix is not one this server supports."))?,
        };
        let method = match self.request_uri_method.as_deref() {
            None | Some("post") => RequestUriMethod::Post,
            Some("get") => RequestUriMethod::Get,
            Some(_) => return Err(invalid("request_uri_method is get or post.")),
        };
        let wallet = match &self.wallet_authorization_endpoint {
            None => state.url("/"),
            Some(start) => wallet_start(start, state)?,
        };
        let redirect_uri = self
            .redirect_uri
            .as_deref()
            .map(|uri| Endpoint::parse(uri, &state.profile))
            .transpose()
            .map_err(|_| invalid("redirect_uri is not an https address."))?;
        if let Some(url) = &self.webhook_url {
            state.outbound.check(url).map_err(|error| {
                let detail = format!("webhook_url: {error}");
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), detail)
            })?;
        }
        Ok(Choices {
            response_mode,
            prefix,
            method,
            wallet,
            redirect_uri,
            transaction_data: self
                .transaction_data
                .iter()
                .map(|transaction| NewTransactionData {
                    kind: transaction.kind.clone(),
                    credential_ids: transaction.credential_ids.clone(),
                    members: transaction.members.clone(),
                })
                .collect(),
        })
    }
}

/// A wallet is opened by an https address or by a scheme of its own; anything a browser would run is refused.
fn wallet_start(start: &str, state: &AppState) -> Result<String, Problem> {
    if Endpoint::parse(start, &state.profile).is_ok() {
        return Ok(start.to_owned());
    }
    let scheme = start
        .split_once("://")
        .map(|(scheme, rest)| (scheme, rest.is_empty() || rest == "authorize"));
    match scheme {
        Some((scheme, true))
            if scheme.len() <= 40
                && scheme.starts_with(|c: char| c.is_ascii_lowercase())
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
                && !["http", "https", "javascript", "data", "file", "blob"].contains(&scheme) =>
        {
            Ok(start.to_owned())
        }
        _ => Err(invalid(
            "wallet_authorization_endpoint is an https address or a wallet scheme with ://.",
        )),
    }
}

pub(super) fn invalid(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "presentation-invalid", detail)
}
