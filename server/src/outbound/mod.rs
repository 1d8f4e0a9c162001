//! The only HTTP clients of the server: status lists, webhooks, documents about card types and keys of issuers
//! that the settings name, the operators' login provider, the store of blobs.
//!
//! Addresses come from others, so each one is a possible trick to make us call our own network (A5 in
//! specs/threat-model.md). A host name is resolved once; every address it has must be public; the connection goes to exactly
//! those addresses. No redirects, no proxies, no cookies, 5 seconds, bounded bodies.

mod objects;
mod openid;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use assent_core::error::{Audience, Blame, ErrorCode};
use assent_core::profile::{Endpoint, Profile};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Response, redirect};
use rustls_pki_types::CertificateDer;

pub use assent_core::profile::{Network, allowed};
pub use objects::{ObjectClient, ObjectError, ObjectSettings};

/// Longest time of a whole exchange.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why an exchange did not happen or was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not a plain https address (or an allowed loopback one).
    #[error("the address is not a plain https address on the public network")]
    Address,
    /// The host is in a network we do not call.
    #[error("the host is not on the public network")]
    Network,
    /// No answer in time, or the connection failed.
    #[error("there was no answer")]
    NoAnswer,
    /// The answer is a redirect.
    #[error("the answer is a redirect, which is not followed")]
    Redirect,
    /// Another status than 2xx.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The body is larger than asked for.
    #[error("the answer is too large")]
    TooLarge,
}

impl ErrorCode for OutboundError {
    fn code(&self) -> &'static str {
        match self {
            Self::Address => "outbound-address-refused",
            Self::Network => "outbound-network-refused",
            Self::NoAnswer => "outbound-no-answer",
            Self::Redirect => "outbound-redirect-refused",
            Self::Status(_) => "outbound-status",
            Self::TooLarge => "outbound-too-large",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            // The same again would be refused again.
            Self::Address | Self::Network => Blame::Caller,
            _ => Blame::Network,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Operator
    }
}

/// An answer that was accepted.
#[derive(Clone)]
pub struct Answer {
    /// `Content-Type` without parameters, lower case; empty when absent.
    pub media_type: String,
    /// Body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({} bytes)", self.body.len())
    }
}

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client,
    network: Network,
    profile: Profile,
}

impl Outbound {
    /// A client that calls only the given network, and trusts `authorities` beside those of this machine.
    ///
    /// # Errors
    /// [`OutboundError::NoAnswer`] when TLS cannot be set up.
    pub fn new(network: Network, authorities: &[CertificateDer<'_>]) -> Result<Self, OutboundError> {
        let authorities = authorities
            .iter()
            .map(|der| Certificate::from_der(der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| OutboundError::NoAnswer)?;
        let client = Client::builder()
            .tls_certs_merge(authorities)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .dns_resolver(Arc::new(GuardedResolver { network }))
            .pool_max_idle_per_host(2)
            .build()
            .map_err(|_| OutboundError::NoAnswer)?;
        Ok(Self {
            client,
            network,
            profile: match network {
                Network::Public => Profile::BASELINE,
                Network::Sandbox => Profile::BASELINE.sandbox(),
            },
        })
    }

    /// Checks an address without calling it, for addresses that are kept for later.
    ///
    /// # Errors
    /// [`OutboundError::Address`], [`OutboundError::Network`] for an address literal.
    pub fn check(&self, url: &str) -> Result<(), OutboundError> {
        self.target(url).map(drop)
    }

    /// GETs `url`; the body is at most `max` bytes.
    ///
    /// # Errors
    /// See [`OutboundError`].
    pub async fn get(&self, url: &str, accept: &str, max: usize) -> Result<Answer, OutboundError> {
        let url = self.target(url)?;
        let response = self.client.get(url).header("accept", accept).send().await;
        read(response.map_err(no_answer)?, max).await
    }

    /// POSTs a JSON body with more headers; the answer's body is read up to 4 KiB and dropped.
    ///
    /// # Errors
    /// See [`OutboundError`].
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<(), OutboundError> {
        let url = self.target(url)?;
        let mut request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(no_answer)?;
        check_status(&response)
    }

    fn target(&self, url: &str) -> Result<reqwest::Url, OutboundError> {
        let endpoint = Endpoint::parse(url, &self.profile).map_err(|_| OutboundError::Address)?;
        let url = reqwest::Url::parse(endpoint.as_str()).map_err(|_| OutboundError::Address)?;
        // An address literal never reaches the resolver, so it is checked here.
        let literal = match url.host() {
            Some(url::Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(url::Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(url::Host::Domain(_)) => None,
            None => return Err(OutboundError::Address),
        };
        match literal {
            Some(ip) if !allowed(ip, self.network) => Err(OutboundError::Network),
            _ => Ok(url),
        }
    }
}

/// Resolves a name once and refuses it when any of its addresses is not allowed: what is checked is what is
/// connected to, so a name that changes its address in between gains nothing.
#[derive(Debug)]
struct GuardedResolver {
    network: Network,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let network = self.network;
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if addresses.iter().any(|address| !allowed(address.ip(), network)) {
                return Err(Box::new(OutboundError::Network) as _);
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn no_answer(error: reqwest::Error) -> OutboundError {
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<OutboundError>() {
            return *refused;
        }
        source = cause.source();
    }
    OutboundError::NoAnswer
}

fn check_status(response: &Response) -> Result<(), OutboundError> {
    let status = response.status();
    if status.is_redirection() {
        Err(OutboundError::Redirect)
    } else if status.is_success() {
        Ok(())
    } else {
        Err(OutboundError::Status(status.as_u16()))
    }
}

async fn read(mut response: Response, max: usize) -> Result<Answer, OutboundError> {
    check_status(&response)?;
    let media_type = response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let body = read_body(&mut response, max).await?;
    Ok(Answer { media_type, body })
}

async fn read_body(response: &mut Response, max: usize) -> Result<Vec<u8>, OutboundError> {
    let mut body = Vec::new();
    // The length header is a promise; the bytes are counted.
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > max {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
