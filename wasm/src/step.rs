//! Steps as JSON text.

use assent_wallet::app::{Reply, Step, WalletError};
use serde_json::json;

pub(crate) type Outcome = Result<Step<Reply>, WalletError>;

pub(crate) fn write(outcome: Outcome) -> String {
    match outcome {
        Ok(Step::Send(request)) => json!({ "type": "send", "request": request }),
        Ok(Step::Done(reply)) => json!({ "type": "done", "reply": reply }),
        Err(error) => json!({ "type": "error", "error": error.view() }),
    }
    .to_string()
}

pub(crate) fn not_a_command() -> String {
    json!({ "type": "error", "error": {
        "code": "not-a-command",
        "message": "this is not a command the wallet knows",
        "hint": "Update the app.",
        "blame": "wallet",
        "wasAnythingShared": "no",
    } })
    .to_string()
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
        let status: Command = serde_json::from_str(r#"{"type":"status"}"#).unwrap();
        let done: Value = serde_json::from_str(&write(wallet.start(status, &mut env))).unwrap();
        assert_eq!(done["type"], "done");
        assert_eq!(done["reply"]["type"], "status");
        assert_eq!(done["reply"]["status"]["state"], "empty");
        let cards: Command = serde_json::from_str(r#"{"type":"cards"}"#).unwrap();
        let error: Value = serde_json::from_str(&write(wallet.start(cards, &mut env))).unwrap();
        assert_eq!(error["error"]["code"], "vault-locked");
        assert_eq!(error["error"]["wasAnythingShared"], "no");
    }
}
