//! Sends what core and the wallet ask to send. No cookies, no redirects, bounded in size and time.

use std::path::PathBuf;
use std::time::Duration;

use assent_core::http::{HttpRequest, HttpResponse, Method};
use assent_wallet::app::NetworkFailure;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::time::{Instant, timeout_at};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::trace;

/// Flags of every command that sends requests.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct NetworkArgs {
    /// PEM file with authorities to trust for https, beside those of this machine
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
}

impl NetworkArgs {
    fn authorities(&self) -> Result<Vec<reqwest::Certificate>, CliError> {
        let Some(path) = &self.ca_file else {
            return Ok(Vec::new());
        };
        let malformed = || {
            CliError::new(
                Exit::Configuration,
                "ca-file-malformed",
                format!("{} does not hold certificates of authorities", path.display()),
                "The file of --ca-file holds one or more certificates in PEM form.",
            )
        };
        let pem = files::read_text(path)?;
        let mut usable = RootCertStore::empty();
        let mut out = Vec::new();
        for found in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let der = found.map_err(|_| malformed())?;
            out.push(reqwest::Certificate::from_der(&der).map_err(|_| malformed())?);
            usable.add(der).map_err(|_| malformed())?;
        }
        if out.is_empty() {
            return Err(malformed());
        }
        Ok(out)
    }
}

/// What to do when this machine cannot make a client.
const NO_CLIENT: &str =
    "Check the certificates of this machine (Debian package ca-certificates), or name some with --ca-file.";

/// How long an answer may take, besides the time that its bytes and those sent need.
const PATIENCE: Duration = Duration::from_secs(30);
/// The slowest line that is waited for, in bytes a millisecond. A fixed time would keep people with slow lines from
/// changing a large vault.
const SLOWEST: usize = 8;

/// Sends requests.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
}

impl Client {
    /// A client that follows no redirects (OpenID4VP 1.0 §14.8).
    pub fn new(network: &NetworkArgs) -> Result<Self, CliError> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inner = reqwest::Client::builder()
            .tls_certs_merge(network.authorities()?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("assent/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| CliError::new(Exit::Failed, "http-client", error.to_string(), NO_CLIENT))?;
        Ok(Self { inner })
    }

    /// Sends one request. Every way to get no usable answer is the same failure.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NetworkFailure> {
        self.traced(&request).await.map_err(|_| NetworkFailure)
    }

    /// The answer, or why there is none, in words that quote nothing of it.
    async fn traced(&self, request: &HttpRequest) -> Result<HttpResponse, String> {
        let pending = trace::request(request, "");
        let result = self.exchange(request).await;
        match &result {
            Ok(response) => pending.answered(response),
            Err(why) => pending.failed(why),
        }
        result
    }

    /// Sends a request whose body or answer is bytes. Gives status and body.
    pub async fn send_bytes(
        &self,
        request: &HttpRequest,
        body: Option<Vec<u8>>,
    ) -> Result<(u16, Vec<u8>), NetworkFailure> {
        let pending = trace::request(request, " (bytes)");
        let answer = self
            .whole(request, body)
            .await
            .map(|(response, body)| (response.status().as_u16(), body));
        match &answer {
            // Only how many bytes: they are a document's.
            Ok((status, body)) => pending.answered_bytes(*status, body.len()),
            Err(why) => pending.failed(why),
        }
        answer.map_err(|_| NetworkFailure)
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, String> {
        let body = request.body.clone().map(String::into_bytes);
        let (response, body) = self.whole(request, body).await?;
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        Ok(HttpResponse {
            status: response.status().as_u16(),
            headers,
            body: String::from_utf8(body).map_err(|_| "not text".to_owned())?,
        })
    }

    /// The answer with its body, bounded in size and time.
    async fn whole(
        &self,
        request: &HttpRequest,
        body: Option<Vec<u8>>,
    ) -> Result<(reqwest::Response, Vec<u8>), String> {
        let mut deadline = Deadline::new(body.as_ref().map_or(0, Vec::len));
        let mut response = deadline.within(self.begin(request, body)).await?;
        let mut body = Vec::new();
        loop {
            let next = async { response.chunk().await.map_err(|error| reason(&error)) };
            let Some(chunk) = deadline.within(next).await? else {
                return Ok((response, body));
            };
            if body.len() + chunk.len() > request.max_response {
                return Err(format!("longer than {} bytes", request.max_response));
            }
            deadline.arrived(chunk.len());
            body.extend_from_slice(&chunk);
        }
    }

    async fn begin(&self, request: &HttpRequest, body: Option<Vec<u8>>) -> Result<reqwest::Response, String> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut out = self.inner.request(method, &request.url);
        for (name, value) in &request.headers {
            out = out.header(name, value);
        }
        if let Some(body) = body {
            out = out.body(body);
        }
        out.send().await.map_err(|error| reason(&error))
    }

    /// The body of a successful GET.
    pub async fn get(&self, url: &str, accept: &str, max: usize) -> Result<HttpResponse, CliError> {
        let unreachable = |what: String| {
            CliError::new(
                Exit::Unreachable,
                "remote-unreachable",
                what,
                "Check the address and your connection, then try again.",
            )
        };
        let response = self
            .traced(&HttpRequest::get(url, accept, max))
            .await
            .map_err(|why| unreachable(format!("no usable answer from {url}: {why}")))?;
        if response.status == 404 {
            return Err(CliError::new(
                Exit::NotFound,
                "remote-not-found",
                format!("{url} does not exist"),
                "Check the address.",
            ));
        }
        if !response.is_success() {
            return Err(unreachable(format!(
                "{url} answered with status {}",
                response.status
            )));
        }
        Ok(response)
    }
}

/// Until when to wait: a while, and what the bytes need on a slow line.
#[derive(Debug)]
struct Deadline {
    until: Instant,
}

impl Deadline {
    /// Begins now, with so many bytes to send.
    fn new(bytes: usize) -> Self {
        let until = Instant::now() + PATIENCE;
        let mut out = Self { until };
        out.arrived(bytes);
        out
    }

    fn arrived(&mut self, bytes: usize) {
        self.until += Duration::from_millis((bytes / SLOWEST) as u64);
    }

    async fn within<T>(&self, step: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let late = |_| Err("took too long".to_owned());
        timeout_at(self.until, step).await.unwrap_or_else(late)
    }
}

/// What went wrong on the way, down to its cause, e.g. `cannot connect: Connection refused (os error 111)`. The address
/// is left out: its query may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "took too long"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "the connection failed"
    };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    match cause {
        Some(cause) => format!("{kind}: {cause}"),
        None => kind.to_owned(),
    }
}
