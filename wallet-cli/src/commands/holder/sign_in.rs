//! The way through a browser, for an offer whose issuer wants to see the person first.

use std::time::Duration;

use assent_wallet::app::view::{AwaitedCard, CardSummary, FailedCard, SecretText};
use assent_wallet::app::{Command, Reply};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::unexpected;
use crate::ask;
use crate::browser;
use crate::error::CliError;
use crate::exit::Exit;
use crate::loopback::{ELSEWHERE, Loopback};
use crate::output::{Answer, Output};
use crate::progress::Progress;
use crate::wallet::Shell;

/// How this program is known to issuers: one name for all who use it.
pub const CLIENT_ID: &str = "assent-cli";

/// How to go.
#[derive(Debug)]
pub struct Way {
    /// The browser is on another machine.
    pub elsewhere: bool,
    /// Open the page here.
    pub open: bool,
    /// How long to wait for the browser.
    pub timeout: Duration,
}

/// Where it ended.
#[derive(Debug)]
pub enum Outcome {
    /// The issuer gave, or will.
    Cards {
        /// What came.
        cards: Vec<CardSummary>,
        /// What comes later.
        awaited: Vec<AwaitedCard>,
        /// What does not come.
        failed: Vec<FailedCard>,
    },
    /// The person goes on with `--answer`.
    Elsewhere(Answer),
}

/// Accepts the open offer by signing in.
pub async fn run(way: &Way, shell: &mut Shell, output: Output) -> Result<Outcome, CliError> {
    if way.elsewhere {
        return elsewhere(shell, output).await;
    }
    let mut loopback = Loopback::open().await?;
    let redirect_uri = loopback.redirect_uri();
    let url = match begin(&redirect_uri, shell).await? {
        Reply::SignIn { url } => url,
        reply => return cards(reply),
    };
    output.note(&format!(
        "To sign in, open in a browser on this machine (for one on another, stop this and add --elsewhere):\n{}",
        url.0.as_str()
    ));
    output.event("assent.holder-sign-in/1", &event(&url, &redirect_uri));
    if way.open && !browser::open(&url.0) {
        output.note("No browser could be opened here: open the address yourself.");
    }
    let limit = tokio::time::sleep(way.timeout);
    tokio::pin!(limit);
    loop {
        let waiting = Progress::start("Waiting for the browser", output);
        // Only the waiting ends in time: what came in time is finished.
        let answer = tokio::select! {
            answer = loopback.answer() => answer?,
            () = &mut limit => return Err(too_late()),
        };
        drop(waiting);
        match shell.run(Command::OfferReturn { answer }).await {
            // From somebody else: any page and program here can send something. The right one may still come.
            Err(error) if error.code == "sign-in-not-expected" => {}
            reply => return cards(reply?),
        }
    }
}

/// With the browser on another machine: the person brings the address it came back to, here or later.
async fn elsewhere(shell: &mut Shell, output: Output) -> Result<Outcome, CliError> {
    let url = match begin(ELSEWHERE, shell).await? {
        Reply::SignIn { url } => url,
        reply => return cards(reply),
    };
    let page = format!(
        "To sign in, open in any browser:\n{}\nIt ends at a page that does not open. Copy its address, all of it, from the \
         browser's address bar, within a minute: most issuers wait no longer.",
        url.0.as_str()
    );
    let data = event(&url, ELSEWHERE);
    if !ask::somebody_there(output) {
        let text = format!("{page}\nThen run `assent holder receive --answer 'ADDRESS'`.");
        return Ok(later(data, text));
    }
    output.note(&page);
    loop {
        let answer = ask::text_with("Its address (empty: later)", "")?;
        let answer = Zeroizing::new(answer.trim().to_owned());
        if answer.is_empty() {
            let text = "Run `assent holder receive --answer 'ADDRESS'` when you have it.";
            return Ok(later(data, text.to_owned()));
        }
        match shell.run(Command::OfferReturn { answer }).await {
            // Another one, or not all of it: the right one may still come.
            Err(error) if error.code == "sign-in-not-expected" => {
                output.note("This is not the address that belongs to this sign-in, or not all of it.");
            }
            reply => return cards(reply?),
        }
    }
}

async fn begin(redirect_uri: &str, shell: &mut Shell) -> Result<Reply, CliError> {
    let accept = Command::OfferAccept {
        tx_code: None,
        client_id: Some(CLIENT_ID.to_owned()),
        redirect_uri: Some(redirect_uri.to_owned()),
    };
    shell.run(accept).await
}

fn event(url: &SecretText, redirect_uri: &str) -> Value {
    json!({ "url": url.0.as_str(), "redirectUri": redirect_uri })
}

fn later(data: Value, text: String) -> Outcome {
    let needed = CliError::new(
        Exit::Refused,
        "sign-in-needed",
        "the issuer wants you to sign in first",
        "Open the address, then run `assent holder receive --answer 'ADDRESS'` with the one the browser comes back to.",
    );
    Outcome::Elsewhere(Answer::new("assent.holder-sign-in/1", data, text).failing(needed))
}

/// What the engine said when it received something.
pub fn cards(reply: Reply) -> Result<Outcome, CliError> {
    match reply {
        Reply::Cards {
            cards,
            awaited,
            failed,
        } => Ok(Outcome::Cards {
            cards,
            awaited,
            failed,
        }),
        _ => Err(unexpected()),
    }
}

fn too_late() -> CliError {
    CliError::new(
        Exit::Unreachable,
        "sign-in-timeout",
        "the browser did not come back in time",
        "Begin again; with a browser on another machine, add --elsewhere.",
    )
}
