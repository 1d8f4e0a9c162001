//! The `assent-w3c` process: checks W3C credentials for us (interop/README.md has its protocol).

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assent_core::encoding::json::{self, Limits};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::trace;

/// Longest answer accepted.
const MAX_ANSWER: u64 = 4 << 20;

/// A bridge program that was found.
#[derive(Debug, Clone)]
pub struct Bridge {
    program: PathBuf,
    allow_did_web: bool,
}

impl Bridge {
    /// The given program, or `assent-w3c` beside this one.
    pub fn find(given: Option<PathBuf>) -> Result<Self, CliError> {
        let program = match given {
            Some(path) => Some(path),
            None => std::env::current_exe()
                .ok()
                .and_then(|me| me.parent().map(|folder| folder.join("assent-w3c"))),
        };
        match program {
            Some(program) if program.is_file() => Ok(Self {
                program,
                allow_did_web: false,
            }),
            _ => Err(CliError::new(
                Exit::Configuration,
                "w3c-bridge-not-found",
                "the assent-w3c program was not found",
                "Build it with `cargo build` in interop/, then give its path with --bridge.",
            )),
        }
    }

    /// The same bridge, with leave to fetch did:web documents.
    #[must_use]
    pub fn allow_did_web(mut self, allow: bool) -> Self {
        self.allow_did_web = allow;
        self
    }

    /// What the bridge says about itself.
    pub fn about(&self) -> Result<String, CliError> {
        let answer = self.ask(&json!({ "id": "about", "action": "about" }))?;
        let text = |name: &str| answer["about"][name].as_str().unwrap_or("?").to_owned();
        Ok(format!(
            "{} {}, ssi {}",
            self.program.display(),
            text("version"),
            text("ssi")
        ))
    }

    /// The verdict on a W3C credential: a compact JWT, or a JSON object with a proof.
    pub fn verify(&self, credential: &Value, now: i64) -> Result<Value, CliError> {
        let request = json!({ "id": "verify", "action": "verify", "credential": credential, "now": now });
        let mut answer = self.ask(&request)?;
        match answer.get_mut("verdict").map(Value::take) {
            Some(verdict) if verdict["verified"].is_boolean() => Ok(verdict),
            _ => Err(broken("its answer has no verdict")),
        }
    }

    fn ask(&self, request: &Value) -> Result<Value, CliError> {
        let step = trace::step();
        let answer = self.exchange(request);
        step.done("asking the W3C bridge");
        answer
    }

    fn exchange(&self, request: &Value) -> Result<Value, CliError> {
        let mut command = Command::new(&self.program);
        command.arg("--once");
        if self.allow_did_web {
            command.arg("--allow-did-web");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| unstartable(&self.program, &error))?;
        if let Some(mut input) = child.stdin.take() {
            // A bridge that ended early is noticed below, by its missing answer.
            let _ = input.write_all(format!("{request}\n").as_bytes());
        }
        let mut answer = Vec::new();
        if let Some(out) = child.stdout.take() {
            let _ = out.take(MAX_ANSWER).read_to_end(&mut answer);
        }
        let _ = child.wait();
        let limits = Limits {
            bytes: MAX_ANSWER as usize,
            depth: 32,
        };
        let answer = json::parse(&answer, limits).map_err(|_| broken("its answer is not JSON"))?;
        if answer["ok"] != true || answer["id"] != request["id"] {
            let code = answer["error"]["code"].as_str().unwrap_or("unknown");
            return Err(broken(&format!("it answered `{code}`")));
        }
        Ok(answer)
    }
}

fn unstartable(program: &Path, error: &std::io::Error) -> CliError {
    CliError::new(
        Exit::Configuration,
        "w3c-bridge-not-startable",
        format!("cannot start {}: {error}", program.display()),
        "Give the path of the assent-w3c program with --bridge.",
    )
}

fn broken(what: &str) -> CliError {
    CliError::new(
        Exit::Failed,
        "w3c-bridge-broken",
        format!("the assent-w3c program failed: {what}"),
        "Use the assent-w3c of the same version.",
    )
}
