//! The way through a browser, for an offer whose issuer wants to see the person first.

use std::time::Duration;

use assent_wallet::app::view::{AwaitedCard, CardSummary};
use assent_wallet::app::{Command, Reply};
use serde_json::json;

use super::unexpected;
use crate::browser;
use crate::error::CliError;
use crate::exit::Exit;
use crate::loopback::Loopback;
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
    },
    /// The person goes on with `--answer`.
    Elsewhere(Answer),
}

/// Accepts the open offer by signing in.
pub async fn run(way: &Way, shell: &mut Shell, output: Output) -> Result<Outcome, CliError> {
    let mut loopback = Loopback::open().await?;
    let redirect_uri = loopback.redirect_uri();
    let accept = Command::OfferAccept {
        tx_code: None,
        client_id: Some(CLIENT_ID.to_owned()),
        redirect_uri: Some(redirect_uri.clone()),
    };
    let url = match shell.run(accept).await? {
        Reply::SignIn { url } => url,
        reply => return cards(reply),
    };
    let event = json!({ "url": url.0.as_str(), "redirectUri": redirect_uri });
    if way.elsewhere {
        let text = format!(
            "To sign in, open in any browser:\n{}\nThen run `assent holder receive --answer ADDRESS` with the address that the \
             browser comes back to; its page will not open.",
            url.0.as_str()
        );
        let needed = CliError::new(
            Exit::Refused,
            "sign-in-needed",
            "the issuer wants you to sign in first",
            "Open the address, then run `assent holder receive --answer ADDRESS` with the one the browser comes back to.",
        );
        let answer = Answer::new("assent.holder-sign-in/1", event, text).failing(needed);
        return Ok(Outcome::Elsewhere(answer));
    }
    output.note(&format!("To sign in, open in your browser:\n{}", url.0.as_str()));
    output.event("assent.holder-sign-in/1", &event);
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

/// What the engine said when it received something.
pub fn cards(reply: Reply) -> Result<Outcome, CliError> {
    match reply {
        Reply::Cards { cards, awaited } => Ok(Outcome::Cards { cards, awaited }),
        _ => Err(unexpected()),
    }
}

fn too_late() -> CliError {
    CliError::new(
        Exit::Unreachable,
        "sign-in-timeout",
        "the browser did not come back in time",
        "Give the address it comes back to within an hour to `assent holder receive --answer`, or begin again.",
    )
}
