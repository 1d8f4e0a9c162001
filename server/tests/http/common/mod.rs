//! A real server on a port of its own, and a small client.

pub mod asking;
pub mod holder;
pub mod login;
pub mod passkey;
mod scratch;
pub mod timing;
pub mod vault;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use assent_core::encoding::form;
use assent_server::clock::Clock;
use assent_server::config::{Config, ServiceConfig};
use assent_server::serve::{Server, Stopper};
use serde_json::Value;

pub use scratch::Scratch;

/// The API key of the service [`second_service`] adds.
pub const MUSEUM_KEY: &str = "the-key-of-the-museum-0123456789abcdef";

/// Adds the service `museum` to the sandbox. It borrows the library's certificate.
pub fn second_service(config: &mut Config) {
    let keys = config.data_dir.join("sandbox");
    config.verifier.services.push(ServiceConfig {
        api_key: Some(MUSEUM_KEY.to_owned().into()),
        webhook_secret: Some("the-webhook-secret-of-the-museum-0123".to_owned().into()),
        ..ServiceConfig::new("museum", keys.join("library.pem"), keys.join("library.key.pem"))
    });
}

/// Longest wait for what comes in its own time: a machine with much to do is no fault.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `done`; panics with what it waited for when that never comes.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        panic!("never: {what}");
    }
}

/// A sandbox server in this process. Stops and deletes its data when dropped.
pub struct Sandbox {
    pub base: String,
    pub client: reqwest::Client,
    pub dir: tempfile::TempDir,
    pub state: assent_server::state::AppState,
    /// Where measurements are, when they have an address of their own.
    pub metrics: Option<SocketAddr>,
    clock: Arc<AtomicI64>,
    stopper: Stopper,
    running: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Sandbox {
    /// Starts one with the settings of `serve --sandbox`.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts one with changed settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::sandbox(([127, 0, 0, 1], 0).into(), dir.path().join("data"));
        change(&mut config);
        let clock = Arc::new(AtomicI64::new(Clock::System.now().0));
        let server = Server::prepare(config, Clock::Set(clock.clone())).await.unwrap();
        let state = server.state().clone();
        let base = server.state().config.public_url.clone();
        let (stopper, metrics) = (server.stopper(), server.metrics_address());
        let running = tokio::spawn(async { server.run().await.unwrap() });
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            base,
            client,
            dir,
            state,
            metrics,
            clock,
            stopper,
            running: tokio::sync::Mutex::new(Some(running)),
        }
    }

    /// Waits until it has stopped.
    pub async fn stopped(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.await.unwrap();
        }
    }

    /// Stops it as a signal would.
    pub fn stop(&self) {
        self.stopper.stop();
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The API key of the ready-made service.
    pub fn library_key(&self) -> String {
        std::fs::read_to_string(self.data().join("library.key")).unwrap()
    }

    /// The server's time.
    pub fn server_now(&self) -> assent_core::env::Timestamp {
        Clock::Set(self.clock.clone()).now()
    }

    /// Lets time pass. By itself none does: the server's clock stands still from the start on.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::read(self.client.post(self.url(path)).json(body).send().await.unwrap()).await
    }

    /// Posts a form.
    pub async fn form<'a>(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Answer {
        let mut request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form::encode(pairs));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a request with a bearer token and more headers.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self
            .client
            .request(method.parse().unwrap(), self.url(path))
            .bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::read(request.send().await.unwrap()).await
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    #[track_caller]
    pub fn access_token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Checks that this is an error with the given status and code, in the form of OAuth 2.0.
    #[track_caller]
    pub fn oauth(&self, status: u16, code: &str) {
        let said = self.json();
        assert_eq!(
            (self.status, said["error"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
    }

    /// Checks that this is a problem with the given status and code, in the form of RFC 9457.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let body = self.json();
        assert_eq!(body["code"], code);
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("https://assent.example/problems/{code}"));
        assert!(body["title"].is_string() && body["detail"].is_string());
    }
}
