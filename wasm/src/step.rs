//! Steps as JSON text.

use assent_core::encoding::json::{self, Limits};
use assent_core::encoding::record::FromJson;
use assent_core::http::HttpRequest;
use assent_core::record;
use assent_wallet::app::{Reply, Step, WalletError};

pub(crate) type Outcome = Result<Step<Reply>, WalletError>;

/// A message from the page: answers of services are in it, bounded by the requests that asked for them.
const MESSAGE: Limits = Limits {
    bytes: 64 << 20,
    depth: 32,
};

/// Reads what the page sent; `None` when it is not what is expected.
pub(crate) fn read<T: FromJson>(text: &str) -> Option<T> {
    T::read_json(json::parse(text.as_bytes(), MESSAGE).ok()?).ok()
}

pub(crate) fn write(outcome: Outcome) -> String {
    match outcome {
        Ok(Step::Send(request)) => return self::request(Ok(request)),
        Ok(Step::Done(reply)) => record!({ "type": "done", "reply": reply }),
        Err(error) => record!({ "type": "error", "error": error.view() }),
    }
    .to_string()
}

/// A request outside of any command.
pub(crate) fn request(request: Result<HttpRequest, WalletError>) -> String {
    match request {
        Ok(request) => record!({ "type": "send", "request": request }),
        Err(error) => record!({ "type": "error", "error": error.view() }),
    }
    .to_string()
}

/// Something done outside of any command.
pub(crate) fn outcome(outcome: Result<(), WalletError>) -> String {
    match outcome {
        Ok(()) => record!({ "type": "done" }),
        Err(error) => record!({ "type": "error", "error": error.view() }),
    }
    .to_string()
}

pub(crate) fn not_a_command() -> String {
    let error = record!({
        "code": "not-a-command",
        "message": "this is not a command the wallet knows",
        "hint": "Update the app.",
        "blame": "wallet",
        "wasAnythingShared": "no",
    });
    record!({ "type": "error", "error": error }).to_string()
}

#[cfg(test)]
mod tests {
    use assent_core::env::{Env, Timestamp};
    use assent_wallet::app::{Command, Surroundings, Wallet};
    use serde_json::Value;

    use super::*;
    use crate::host::PlatformRandom;

    #[test]
    fn steps_and_errors_are_json() {
        let mut wallet = Wallet::new(Surroundings {
            operator: "https://a.example".into(),
            sandbox: false,
        });
        let mut rng = PlatformRandom;
        let mut env = Env {
            now: Timestamp(1_795_000_000),
            rng: &mut rng,
        };
        let status: Command = read(r#"{"type":"status"}"#).unwrap();
        let done: Value = serde_json::from_str(&write(wallet.start(status, &mut env))).unwrap();
        assert_eq!(done["type"], "done");
        assert_eq!(done["reply"]["type"], "status");
        assert_eq!(done["reply"]["status"]["state"], "empty");
        let cards: Command = read(r#"{"type":"cards"}"#).unwrap();
        let error: Value = serde_json::from_str(&write(wallet.start(cards, &mut env))).unwrap();
        assert_eq!(error["error"]["code"], "vault-locked");
        assert_eq!(error["error"]["wasAnythingShared"], "no");
    }
}
