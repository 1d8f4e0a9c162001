//! Command-line words, without a parser library: `--name value`, `--name=value`, `--flag` and plain words.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

/// Options that take a value; every other `--word` is a flag.
const WITH_VALUE: &[&str] = &[
    "only",
    "skip",
    "port",
    "library-port",
    "data",
    "seconds",
    "input",
    "output",
];

/// What stood after the command.
#[derive(Debug, Default)]
pub struct Args {
    options: BTreeMap<String, String>,
    flags: Vec<String>,
    /// Plain words, in order.
    pub words: Vec<String>,
}

impl Args {
    /// Reads the words after the command.
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let mut args = Self::default();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                args.words.push(word);
                continue;
            };
            if let Some((name, value)) = name.split_once('=') {
                args.options.insert(name.to_owned(), value.to_owned());
            } else if WITH_VALUE.contains(&name) {
                let Some(value) = words.next() else {
                    bail!("--{name} needs a value")
                };
                args.options.insert(name.to_owned(), value);
            } else {
                args.flags.push(name.to_owned());
            }
        }
        Ok(args)
    }

    /// True when `--name` was given.
    pub fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    /// The value of `--name`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// The value of `--name`, split at commas.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.option(name)
            .map(|value| value.split(',').map(str::trim).collect())
            .unwrap_or_default()
    }

    /// A number option, or its default.
    pub fn number(&self, name: &str, default: u32) -> Result<u32> {
        match self.option(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| anyhow::anyhow!("--{name} must be a number, not `{text}`")),
        }
    }
}
