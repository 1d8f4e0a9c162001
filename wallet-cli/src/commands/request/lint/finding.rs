//! What a lint found.

use serde_json::{Value, json};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Wallets will refuse the request.
    Error,
    /// Some wallets will refuse it, or people will.
    Warning,
    /// It could be better.
    Advice,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Stable kebab-case code.
    pub code: String,
    /// Where in the request, e.g. `credentials[0].claims[1]`; empty for the whole.
    pub at: String,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub advice: String,
}

impl Finding {
    /// Wallets will refuse the request.
    pub fn error(code: &str, at: &str, message: impl Into<String>) -> Self {
        Self::of(Level::Error, code, at, message.into(), "")
    }

    /// Some wallets will refuse it, or people will.
    pub fn warning(code: &str, at: &str, message: impl Into<String>, advice: &str) -> Self {
        Self::of(Level::Warning, code, at, message.into(), advice)
    }

    /// It could be better.
    pub fn advice(code: &str, at: &str, message: impl Into<String>, advice: &str) -> Self {
        Self::of(Level::Advice, code, at, message.into(), advice)
    }

    fn of(level: Level, code: &str, at: &str, message: String, advice: &str) -> Self {
        Self {
            level,
            code: code.to_owned(),
            at: at.to_owned(),
            message,
            advice: advice.to_owned(),
        }
    }

    /// For `--json`.
    pub fn json(&self) -> Value {
        json!({
            "level": self.name(),
            "code": self.code,
            "at": self.at,
            "message": self.message,
            "advice": self.advice,
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let place = if self.at.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.at)
        };
        let advice = if self.advice.is_empty() {
            String::new()
        } else {
            format!("\n  {}", self.advice)
        };
        format!("{}: {place}{} ({}){advice}", self.name(), self.message, self.code)
    }

    fn name(&self) -> &'static str {
        match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Advice => "hint",
        }
    }
}
