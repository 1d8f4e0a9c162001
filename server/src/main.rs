//! The `assent-server` program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use assent_server::clock::Clock;
use assent_server::config::{Config, Issue, LogConfig, NOT_AN_ADDRESS};
use assent_server::serve::{ServeError, Server};
use assent_server::state::{self, Keys};
use assent_server::store::{Database, KeyDatabase};
use clap::{Args, Parser, Subcommand};
use secrecy::ExposeSecret as _;
use tracing_subscriber::EnvFilter;

/// Vaults, trust anchors, cards and presentations with consent.
#[derive(Debug, Parser)]
#[command(name = "assent-server", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve requests until told to stop.
    Serve(Settings),
    /// Bring the database to this version's layout.
    Migrate(Settings),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the description of the HTTP interface (OpenAPI 3.1).
    Openapi,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say what is wrong with the configuration, and where.
    Check(Settings),
}

#[derive(Debug, Args)]
struct Settings {
    /// Try everything on this machine: generated keys, SQLite, made-up cards, plain http.
    #[arg(long)]
    sandbox: bool,
    /// TOML file with the settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Where to keep the database and generated keys.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder with the built wallet app.
    #[arg(long, value_name = "DIR")]
    wallet: Option<PathBuf>,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| NOT_AN_ADDRESS)
}

impl Settings {
    fn load(self) -> Result<Config, ServeError> {
        let mut config = match &self.config {
            Some(path) => Config::from_file(path, self.sandbox).map_err(ServeError::Config)?,
            None if self.sandbox => Config {
                public_url: String::new(),
                ..Config::sandbox(Config::default().listen, "data".into())
            },
            None => {
                return Err(ServeError::Config(vec![Issue::new(
                    "--config",
                    "give a configuration file, or --sandbox to try things out",
                )]));
            }
        };
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        // A file for the sandbox says only what is to be different.
        if config.sandbox && config.public_url.is_empty() {
            config.public_url = format!("http://localhost:{}", config.listen.port());
        }
        if let Some(data) = self.data {
            config.data_dir = data;
        }
        if self.wallet.is_some() {
            config.wallet.dir = self.wallet;
        }
        Ok(config)
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assent-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::Serve(settings) => {
            let config = settings.load()?;
            start_logs(&config.log)?;
            runtime.block_on(serve(config))
        }
        Command::Migrate(settings) => {
            let config = settings.load()?;
            let url = state::database_url(&config)?;
            let keys_url = state::key_store_url(&config)?;
            runtime.block_on(async {
                let database = Database::open(url.expose_secret()).await?;
                database.migrate().await?;
                database.close().await;
                let keys = KeyDatabase::open(keys_url.expose_secret()).await?;
                keys.migrate().await?;
                println!("The {} database is up to date.", database.kind());
                Ok(())
            })
        }
        Command::Config(ConfigCommand::Check(settings)) => check(&settings.load()?),
        Command::Openapi => {
            println!("{}", assent_server::api::describe().to_pretty_json()?);
            Ok(())
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let server = Server::prepare(config, Clock::System).await?;
    let config = &server.state().config;
    println!("Assent is at {}", config.public_url);
    println!("  listens on   {}", server.address());
    if let Some(address) = server.metrics_address() {
        println!("  metrics      http://{address}/metrics");
    }
    if config.sandbox {
        let key = assent_server::sandbox::library_key_file(&config.data_dir);
        println!("  cards        {}/sandbox", config.public_url);
        println!("  API          {}/docs", config.public_url);
        println!("  service key  {}", key.display());
    }
    let stopper = server.stopper();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: running requests may finish");
        stopper.stop();
    });
    Ok(server.run().await?)
}

fn check(config: &Config) -> anyhow::Result<()> {
    let mut issues = config.issues();
    issues.extend(config.outbound.authorities().err());
    if let Err(more) = Keys::load(config) {
        issues.extend(more);
    }
    // The sandbox makes what is missing when it starts.
    if !config.sandbox {
        issues.extend(state::load_sealing(config).err());
        issues.extend(config.vault.blobs.open(&config.data_dir).err());
    }
    match state::database_url(config) {
        Ok(_) => issues.extend(state::key_store_url(config).err()),
        // The key store's default is beside it: one complaint is enough.
        Err(issue) => issues.push(issue),
    }
    issues.extend(check_files(config));
    for note in config.notes() {
        println!("note: {note}");
    }
    if issues.is_empty() {
        println!("The configuration is in order.");
        return Ok(());
    }
    Err(ServeError::Config(issues).into())
}

/// What the server would only find when it starts.
fn check_files(config: &Config) -> Vec<Issue> {
    let mut out = Vec::new();
    if let Err(error) = EnvFilter::try_new(&config.log.filter) {
        out.push(Issue::new("log.filter", error.to_string()));
    }
    if let Some(tls) = &config.tls {
        for (name, path) in [
            ("tls.certificate_file", &tls.certificate_file),
            ("tls.key_file", &tls.key_file),
        ] {
            if let Err(error) = std::fs::File::open(path) {
                out.push(Issue::new(
                    name,
                    format!("cannot read {}: {error}", path.display()),
                ));
            }
        }
    }
    out.extend(config.wallet.issue());
    if let Some(program) = &config.w3c_bridge.program
        && !program.is_file()
    {
        out.push(Issue::new(
            "w3c_bridge.program",
            format!("{} is not a file", program.display()),
        ));
    }
    out.extend(config.outbound.authorities().err());
    out
}

fn start_logs(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).context("log.filter")?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    if config.json {
        logs.json().init();
    } else {
        logs.init();
    }
    Ok(())
}
