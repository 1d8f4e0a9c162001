//! `assent doctor`: one page about this machine and, if asked, a server.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::bridge::Bridge;
use crate::error::CliError;
use crate::exit::Exit;
use crate::http::Client;
use crate::output::Answer;
use crate::system;

/// A clock that is more than a minute off breaks expiry checks.
const MAX_SKEW: i64 = 60;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also check this server, e.g. http://localhost:8470
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Wallet file to look at
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The assent-w3c program, if it is not beside this one
    #[arg(long, value_name = "PATH")]
    bridge: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    Absent,
    Bad,
}

struct Check {
    name: &'static str,
    mark: Mark,
    text: String,
}

impl Check {
    fn json(&self) -> Value {
        let state = match self.mark {
            Mark::Good => "ok",
            Mark::Absent => "absent",
            Mark::Bad => "bad",
        };
        json!({ "name": self.name, "state": state, "text": self.text })
    }

    fn line(&self) -> String {
        let mark = match self.mark {
            Mark::Good => "ok     ",
            Mark::Absent => "absent ",
            Mark::Bad => "BAD    ",
        };
        format!("{mark} {:<9} {}", self.name, self.text)
    }
}

/// Runs every check; ends with 1 when one is bad.
pub async fn run(args: Args) -> Result<Answer, CliError> {
    let mut checks = vec![
        Check {
            name: "version",
            mark: Mark::Good,
            text: format!("assent {}", env!("CARGO_PKG_VERSION")),
        },
        clock(),
        randomness(),
        bridge(args.bridge),
        state(args.state),
    ];
    if let Some(server) = &args.server {
        checks.extend(remote(server).await?);
    }
    let bad = checks.iter().any(|check| check.mark == Mark::Bad);
    let data = json!({ "checks": checks.iter().map(Check::json).collect::<Vec<_>>() });
    let mut lines: Vec<String> = checks.iter().map(Check::line).collect();
    if args.server.is_none() {
        lines.push("\nNext: assent doctor --server http://localhost:8470".to_owned());
    }
    let exit = if bad { Exit::Failed } else { Exit::Done };
    Ok(Answer::new("assent.doctor/1", data, lines.join("\n")).ending(exit))
}

fn clock() -> Check {
    let now = system::now();
    // 2026-01-01: this program is younger than that, so an earlier clock is wrong.
    let mark = if now.0 > 1_767_225_600 {
        Mark::Good
    } else {
        Mark::Bad
    };
    let text = now.to_rfc3339().unwrap_or_else(|| "not a date".to_owned());
    Check {
        name: "clock",
        mark,
        text,
    }
}

fn randomness() -> Check {
    use assent_core::env::SecureRandom as _;
    let mut bytes = [0; 16];
    let (mark, text) = match system::OsRandom.fill(&mut bytes) {
        Ok(()) => (Mark::Good, "the system gives randomness"),
        Err(_) => (Mark::Bad, "the system gives no randomness"),
    };
    Check {
        name: "random",
        mark,
        text: text.to_owned(),
    }
}

fn bridge(given: Option<PathBuf>) -> Check {
    let was_given = given.is_some();
    let (mark, text) = match Bridge::find(given).and_then(|bridge| bridge.about()) {
        Ok(about) => (Mark::Good, about),
        Err(error) if was_given => (Mark::Bad, error.message),
        Err(error) => (
            Mark::Absent,
            format!("{}; W3C credentials cannot be checked", error.message),
        ),
    };
    Check {
        name: "w3c",
        mark,
        text,
    }
}

fn state(given: Option<PathBuf>) -> Check {
    use std::os::unix::fs::PermissionsExt as _;
    let path = given.or_else(system::default_state);
    let (mark, text) = match path.as_ref().map(|path| (path, std::fs::metadata(path))) {
        None => (Mark::Absent, "no home folder".to_owned()),
        Some((path, Err(_))) => (Mark::Absent, format!("no wallet at {}", path.display())),
        Some((path, Ok(meta))) if meta.permissions().mode() & 0o077 != 0 => (
            Mark::Bad,
            format!("others can read {}: chmod 600 it", path.display()),
        ),
        Some((path, Ok(_))) => (Mark::Good, path.display().to_string()),
    };
    Check {
        name: "wallet",
        mark,
        text,
    }
}

async fn remote(server: &str) -> Result<Vec<Check>, CliError> {
    let base = server.trim_end_matches('/');
    let client = Client::new()?;
    let ready = client
        .get(&format!("{base}/readyz"), "application/json", 64 << 10)
        .await;
    let response = match ready {
        Ok(response) => response,
        Err(error) => {
            return Ok(vec![Check {
                name: "server",
                mark: Mark::Bad,
                text: error.message,
            }]);
        }
    };
    let mut checks = vec![Check {
        name: "server",
        mark: Mark::Good,
        text: format!("{base} is ready"),
    }];
    if let Some(skew) = response.header("date").and_then(skew) {
        let mark = if skew.abs() <= MAX_SKEW {
            Mark::Good
        } else {
            Mark::Bad
        };
        checks.push(Check {
            name: "skew",
            mark,
            text: format!("this clock and the server's differ by {} s", skew.abs()),
        });
    }
    let anchors = client
        .get(
            &format!("{base}/v1/registry/anchors"),
            "application/json",
            1 << 20,
        )
        .await;
    checks.push(match anchors {
        Ok(_) => Check {
            name: "anchors",
            mark: Mark::Good,
            text: "the registry publishes trust anchors".to_owned(),
        },
        Err(error) => Check {
            name: "anchors",
            mark: Mark::Absent,
            text: error.message,
        },
    });
    Ok(checks)
}

/// Seconds between the server's `Date` (RFC 9110 §5.6.7, IMF-fixdate) and our clock.
fn skew(date: &str) -> Option<i64> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(date, format).ok()?;
    Some(system::now().0 - date.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_http_dates() {
        let then = super::skew("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(super::system::now().0 - then, 784_111_777);
        assert!(super::skew("yesterday").is_none());
    }
}
