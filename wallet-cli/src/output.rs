//! What a command says: data on standard output, messages on standard error, for people or as JSON.

use assent_core::encoding::record::ToJson as _;
use std::io::{self, IsTerminal as _, Write as _};

use assent_wallet::app::Shared;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::exit::Exit;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    color: bool,
    verbose: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a command found out.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Name and version of the data's shape, e.g. `assent.trust-list/1`.
    pub schema: &'static str,
    /// The data for `--json`.
    pub data: Value,
    /// The same for people. Without a final line break.
    pub text: String,
    /// Things to know.
    pub warnings: Vec<Warning>,
    /// Why this is not `ok`; it also says how the program ends.
    pub error: Option<CliError>,
}

/// Something to know that is no failure.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// Stable kebab-case code.
    pub code: String,
    /// In English.
    pub message: String,
}

impl Answer {
    /// An answer without warnings that ends with `Done`.
    pub fn new(schema: &'static str, data: Value, text: impl Into<String>) -> Self {
        Self {
            schema,
            data,
            text: text.into(),
            warnings: Vec::new(),
            error: None,
        }
    }

    /// The same answer, with what makes it a failure. The text for people must say it too.
    #[must_use]
    pub fn failing(mut self, error: impl Into<Option<CliError>>) -> Self {
        self.error = error.into();
        self
    }

    fn exit(&self) -> Exit {
        self.error.as_ref().map_or(Exit::Done, |error| error.exit)
    }

    /// The same answer with one more warning.
    #[must_use]
    pub fn warn(mut self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.warnings.push(Warning {
            code: code.into(),
            message: message.into(),
        });
        self
    }
}

impl Output {
    /// From the global flags.
    pub fn new(json: bool, color: Color, verbose: bool) -> Self {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            // https://no-color.org: any non-empty value switches colour off.
            Color::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                io::stderr().is_terminal() && !unwanted
            }
        };
        Self { json, color, verbose }
    }

    /// True when somebody looks at the terminal, and nothing else is written there meanwhile.
    pub fn is_watched(self) -> bool {
        !self.json && !self.verbose && io::stderr().is_terminal()
    }

    /// True when a program reads the output.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// A message for the person at the terminal; nothing with `--json`.
    pub fn note(self, text: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", harmless(text));
        }
    }

    /// Something a program that reads along must act on before the command ends: with `--json` one object on one line of
    /// standard error; nothing for people, who get a note.
    pub fn event(self, schema: &str, data: &Value) {
        if self.json {
            let event = json!({ "schema": schema, "data": data }).to_string();
            let _ = writeln!(io::stderr(), "{}", spelled_out(&event));
        }
    }

    /// Prints how the command ended and gives the exit code.
    pub fn finish(self, result: Result<Answer, CliError>) -> Exit {
        match result {
            Ok(answer) => self.answer(&answer),
            Err(error) => self.error(&error),
        }
    }

    fn answer(self, answer: &Answer) -> Exit {
        let printed = if self.json {
            print(&object(
                answer.schema,
                Some(&answer.data),
                answer.error.as_ref(),
                &answer.warnings,
            ))
        } else {
            for warning in &answer.warnings {
                let _ = writeln!(
                    io::stderr(),
                    "{} {} ({})",
                    self.paint("33", "warning:"),
                    sentence(&warning.message),
                    sentence(&warning.code)
                );
            }
            if answer.text.is_empty() {
                Ok(())
            } else {
                print(&harmless(&answer.text))
            }
        };
        match printed {
            // A reader that has seen enough (`| head`) is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let label = self.paint("31", "error:");
                let _ = writeln!(io::stderr(), "{label} cannot write to standard output: {error}");
                Exit::Failed
            }
            _ => answer.exit(),
        }
    }

    fn error(self, error: &CliError) -> Exit {
        if self.json {
            let _ = print(&object("assent.error/1", None, Some(error), &[]));
        } else {
            let mut err = io::stderr();
            let _ = writeln!(err, "{} {}", self.paint("31", "error:"), sentence(&error.message));
            if !error.hint.is_empty() {
                let _ = writeln!(err, "  hint: {}", sentence(&error.hint));
            }
            match error.shared {
                Some(Shared::Unknown) => {
                    let _ = writeln!(err, "  It is not known whether anything was shared.");
                }
                Some(Shared::Yes) => {
                    let _ = writeln!(err, "  The details were shared.");
                }
                Some(Shared::No) | None => {}
            }
            let _ = writeln!(err, "  code: {}", error.code);
        }
        error.exit
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The one shape of `--json`: always these five members; `ok` is true exactly when there is no `error`.
fn object(schema: &str, data: Option<&Value>, error: Option<&CliError>, warnings: &[Warning]) -> String {
    let error = error.map(|error| {
        let mut object = json!({
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "docs": error.docs(),
        });
        if let Some(shared) = error.shared {
            object["wasAnythingShared"] = shared.write_json();
        }
        object
    });
    let object = json!({
        "schema": schema,
        "ok": error.is_none(),
        "data": data,
        "error": error,
        "warnings": warnings,
    });
    spelled_out(&format!("{object:#}"))
}

/// The same JSON with what could steer a terminal written as escapes: a program reads it the same, and a person who looks
/// at it sees what is there. JSON itself escapes only characters below 32.
fn spelled_out(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && (c.is_control() || is_invisible(c)) {
            // All of them are in the first plane.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Text without characters that steer a terminal or turn the reading direction around (Unicode TR 36 §2.10): names
/// and purposes are written by strangers. Line breaks and tabs stay.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|&c| matches!(c, '\n' | '\t') || !(c.is_control() || is_invisible(c)))
        .collect()
}

/// A reason on one line and not endless: what a stranger sent may be quoted in it, such as the name of a member.
pub fn sentence(text: &str) -> String {
    const LONGEST: usize = 1000;
    let line = one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => [line.get(..end).unwrap_or_default(), "…"].concat(),
        None => line,
    }
}

/// A stranger's text on one line, so that it cannot look like lines of ours.
pub fn one_line(text: &str) -> String {
    harmless(&text.replace(char::is_whitespace, " "))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\n\tc\u{202e}d\r\u{9b}e"), "a[2Jb\n\tcde");
        assert_eq!(one_line("Why\n  needed, from\u{2028}x"), "Why   needed, from x");
    }

    #[test]
    fn strangers_cannot_write_lines_of_ours() {
        let reason = "credential_configurations_supported.x\nVerified: yes: is missing";
        assert_eq!(sentence(reason), reason.replace('\n', " "));
        assert_eq!(sentence(&"é".repeat(1000)).chars().count(), 1000);
        assert_eq!(sentence(&"é".repeat(9999)).chars().count(), 1001);
    }

    #[test]
    fn json_is_the_same_and_steers_no_terminal() {
        let names = json!({ "name": "a\u{9b}2Jb\u{7f}c\u{202e}d\u{1b}[e\nf\u{feff}\u{1f600}é" });
        let error = CliError::new(Exit::Failed, "code", "x\u{85}y", "");
        let text = object("assent.test/1", Some(&names), Some(&error), &[]);
        assert!(
            text.chars()
                .all(|c| c == '\n' || !(c.is_control() || is_invisible(c))),
            "{text:?}"
        );
        assert!(text.contains("\u{1f600}é"));
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["data"], names);
        assert_eq!(read["error"]["message"], "x\u{85}y");
    }
}
