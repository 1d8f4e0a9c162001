//! One line of the page.

use serde_json::{Value, json};

/// How it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// As it should be.
    Good,
    /// Not there, which is allowed.
    Absent,
    /// It works, not for long or not for all.
    Look,
    /// Something will fail.
    Bad,
}

/// What was looked at.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) mark: Mark,
    /// What was seen.
    pub(super) text: String,
    /// What to do about it; empty when nothing.
    pub(super) hint: String,
}

impl Check {
    pub(super) fn new(name: &'static str, mark: Mark, text: impl Into<String>) -> Self {
        Self {
            name,
            mark,
            text: text.into(),
            hint: String::new(),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(super) fn json(&self) -> Value {
        let state = match self.mark {
            Mark::Good => "ok",
            Mark::Absent => "absent",
            Mark::Look => "look",
            Mark::Bad => "bad",
        };
        json!({ "name": self.name, "state": state, "text": self.text, "hint": self.hint })
    }

    pub(super) fn lines(&self) -> String {
        let mark = match self.mark {
            Mark::Good => "ok",
            Mark::Absent => "absent",
            Mark::Look => "look",
            Mark::Bad => "BAD",
        };
        let line = format!("{mark:<6} {:<8} {}", self.name, self.text);
        if self.hint.is_empty() {
            line
        } else {
            format!("{line}\n{:<16}→ {}", "", self.hint)
        }
    }
}
