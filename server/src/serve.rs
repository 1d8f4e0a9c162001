//! Starting and stopping: bind, read keys, open the database, serve, drain.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use secrecy::ExposeSecret as _;

use crate::clock::Clock;
use crate::config::{Config, Issue};
use crate::erasure::KeyStore;
use crate::outbound::{Network, Outbound, OutboundError};
use crate::sandbox::{self, SandboxError};
use crate::state::{self, AppState, Keys, Stores};
use crate::store::{Database, KeyDatabase, StoreError};

/// How long requests may finish after the signal to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 64;

/// Why the server did not start or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Settings are wrong.
    #[error("the configuration is wrong:\n{}", list(.0))]
    Config(Vec<Issue>),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The certificate or key of the listener cannot be used.
    #[error("cannot use the TLS certificate or key")]
    Tls(#[source] std::io::Error),
    /// The database cannot be used.
    #[error("cannot use the database")]
    Store(#[from] StoreError),
    /// The sandbox cannot be prepared.
    #[error("cannot prepare the sandbox")]
    Sandbox(#[from] SandboxError),
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client")]
    Outbound(#[source] OutboundError),
    /// Serving broke off.
    #[error("serving broke off")]
    Serve(#[source] std::io::Error),
}

fn list(issues: &[Issue]) -> String {
    issues
        .iter()
        .map(|issue| format!("  {issue}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A server that is bound and ready, but not yet answering.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    metrics: Option<TcpListener>,
    tls: Option<RustlsConfig>,
    state: AppState,
    handle: Handle<SocketAddr>,
}

impl Server {
    /// Binds, reads keys, opens the database. A sandbox with port 0 gets its public URL from the port it was given.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn prepare(mut config: Config, clock: Clock) -> Result<Self, ServeError> {
        // Every TLS connection of the process, in and out, is on ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The sandbox needs its port first; otherwise what is wrong with the settings is said before anything is taken.
        if !config.sandbox {
            let issues = config.issues();
            if !issues.is_empty() {
                return Err(ServeError::Config(issues));
            }
        }
        let listener = listen_on(config.listen)?;
        let address = listener
            .local_addr()
            .map_err(|error| ServeError::Listen(config.listen, error))?;
        if config.sandbox {
            if config.public_url.is_empty() || config.public_url.ends_with(":0") {
                let scheme = if config.tls.is_some() { "https" } else { "http" };
                config.public_url = format!("{scheme}://localhost:{}", address.port());
            }
            sandbox::prepare(&mut config)?;
            if !address.ip().is_loopback() {
                tracing::warn!(
                    "the sandbox listens beyond this machine: anybody there gets made-up cards, and its calls may go to \
                     this machine"
                );
            }
        }
        let mut issues = config.issues();
        issues.extend(config.wallet.issue());
        if !issues.is_empty() {
            return Err(ServeError::Config(issues));
        }
        let keys = Keys::load(&config).map_err(ServeError::Config)?;
        let sealing = state::load_sealing(&config).map_err(|issue| ServeError::Config(vec![issue]))?;
        let url = state::database_url(&config).map_err(|issue| ServeError::Config(vec![issue]))?;
        let store = Database::open(url.expose_secret()).await?;
        if config.database.migrate_on_start == Some(true) {
            store.migrate().await?;
        } else if !store.is_current().await? {
            // Better no server than one that fails at every request.
            return Err(StoreError::NotCurrent.into());
        }
        let url = state::key_store_url(&config).map_err(|issue| ServeError::Config(vec![issue]))?;
        let keys_database = KeyDatabase::open(url.expose_secret()).await?;
        if config.database.migrate_on_start == Some(true) {
            keys_database.migrate().await?;
        } else if !keys_database.is_current().await? {
            return Err(StoreError::NotCurrent.into());
        }
        keys_database.belongs_to(&store).await?;
        let sealing_of_keys =
            state::load_sealing(&config).map_err(|issue| ServeError::Config(vec![issue]))?;
        let rest_keys = KeyStore::new(keys_database, sealing_of_keys);
        let tls = match &config.tls {
            Some(tls) => Some(
                RustlsConfig::from_pem_chain_file(&tls.certificate_file, &tls.key_file)
                    .await
                    .map_err(ServeError::Tls)?,
            ),
            None => None,
        };
        let network = if config.sandbox {
            Network::Sandbox
        } else {
            Network::Public
        };
        let authorities = config
            .outbound
            .authorities()
            .map_err(|issue| ServeError::Config(vec![issue]))?;
        let outbound = Outbound::new(network, &authorities).map_err(ServeError::Outbound)?;
        let blobs = config
            .vault
            .blobs
            .open(&config.data_dir)
            .map_err(|issue| ServeError::Config(vec![issue]))?;
        let stores = Stores {
            store,
            rest_keys,
            blobs,
        };
        let metrics = config.metrics.listen.map(listen_on).transpose()?;
        crate::http::telemetry::metrics_handle();
        Ok(Self {
            listener,
            metrics,
            tls,
            state: AppState::new(config, stores, keys, sealing, clock, outbound),
            handle: Handle::new(),
        })
    }

    /// The shared state, for those who start the server inside their own process (tests).
    #[must_use]
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.state.config.listen)
    }

    /// Where measurements are served, when they have an address of their own.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
    }

    /// Stops the server when told to.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper {
            handle: self.handle.clone(),
            state: self.state.clone(),
        }
    }

    /// Serves until stopped, then flushes the database.
    ///
    /// # Errors
    /// [`ServeError::Serve`].
    pub async fn run(self) -> Result<(), ServeError> {
        let app = crate::api::build(self.state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let sweeper = tokio::spawn(crate::jobs::run(self.state.clone()));
        let metrics = self
            .metrics
            .map(|listener| serve_metrics(listener, self.state.clone()))
            .transpose()
            .map_err(ServeError::Serve)?;
        let header_time = Duration::from_secs(self.state.config.limits.header_seconds);
        let served = match self.tls {
            Some(tls) => {
                let mut server =
                    axum_server::from_tcp_rustls(self.listener, tls).map_err(ServeError::Serve)?;
                limit_header_time(server.http_builder(), header_time);
                server.handle(self.handle).serve(app).await
            }
            None => {
                let mut server = axum_server::from_tcp(self.listener).map_err(ServeError::Serve)?;
                limit_header_time(server.http_builder(), header_time);
                server.handle(self.handle).serve(app).await
            }
        };
        sweeper.abort();
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        self.state.rest_keys.close().await;
        self.state.store.close().await;
        served.map_err(ServeError::Serve)
    }
}

fn listen_on(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let failed = |error| ServeError::Listen(address, error);
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// Measurements on their own address, until the rest has stopped.
fn serve_metrics(listener: TcpListener, state: AppState) -> std::io::Result<tokio::task::JoinHandle<()>> {
    let header_time = Duration::from_secs(state.config.limits.header_seconds);
    let mut server = axum_server::from_tcp(listener)?;
    limit_header_time(server.http_builder(), header_time);
    let app = crate::api::metrics_router(state).into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move {
        if let Err(error) = server.serve(app).await {
            tracing::error!(%error, "measurements are no longer served");
        }
    }))
}

/// Closes connections whose request headers do not arrive in time, so that idle callers cannot hold them all.
fn limit_header_time(builder: &mut Builder<TokioExecutor>, longest: Duration) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(longest);
    // HTTP/2 has no such limit; a peer that is gone is noticed by its silence.
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(longest))
        .keep_alive_timeout(longest)
        .max_concurrent_streams(MAX_STREAMS);
}

/// Tells a running server to stop.
#[derive(Debug, Clone)]
pub struct Stopper {
    handle: Handle<SocketAddr>,
    state: AppState,
}

impl Stopper {
    /// Takes the server out of rotation, stops accepting, lets running requests finish.
    pub fn stop(&self) {
        self.state.ready.store(false, Ordering::Relaxed);
        self.state.listeners.close();
        self.state.pairings.close();
        self.handle.graceful_shutdown(Some(DRAIN));
    }
}
