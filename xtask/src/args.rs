//! Command-line words, without a parser library: `--name value`, `--name=value`, `--flag` and plain words. What a command
//! does not know is an error, so that a typing mistake never runs something else.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

/// One `--name` of a command.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    /// Without the dashes.
    pub name: &'static str,
    /// What its value is, for the help; empty for a flag.
    pub value: &'static str,
    /// One line of help.
    pub about: &'static str,
}

/// What stood after the command.
#[derive(Debug, Default)]
pub struct Args {
    options: BTreeMap<String, String>,
    flags: Vec<String>,
    /// Plain words, in order.
    pub words: Vec<String>,
}

impl Args {
    /// Reads the words after the command, which knows these options and at most `max_words` plain words.
    pub fn parse(words: impl Iterator<Item = String>, known: &[Opt], max_words: usize) -> Result<Self> {
        let mut args = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            if word == "-h" {
                args.flags.push("help".to_owned());
                continue;
            }
            let Some(name) = word.strip_prefix("--") else {
                args.words.push(word);
                continue;
            };
            let (name, given) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            let option = known.iter().find(|option| option.name == name);
            match (option, given) {
                (None, None) if name == "help" => args.flags.push(name.to_owned()),
                (None, _) => bail!("there is no option `--{name}` here; --help shows what there is"),
                (Some(option), None) if option.value.is_empty() => args.flags.push(name.to_owned()),
                (Some(option), Some(_)) if option.value.is_empty() => bail!("--{name} takes no value"),
                (Some(_), given) => match given.or_else(|| words.next()) {
                    Some(value) => drop(args.options.insert(name.to_owned(), value)),
                    None => bail!("--{name} needs a value"),
                },
            }
        }
        if let Some(word) = args.words.get(max_words) {
            bail!("`{word}` is one word too many; --help shows what there is");
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

#[cfg(test)]
mod tests {
    use super::{Args, Opt};

    const KNOWN: &[Opt] = &[
        Opt {
            name: "port",
            value: "N",
            about: "",
        },
        Opt {
            name: "fresh",
            value: "",
            about: "",
        },
    ];

    fn parse(words: &str) -> anyhow::Result<Args> {
        Args::parse(words.split_whitespace().map(str::to_owned), KNOWN, 1)
    }

    #[test]
    fn reads_what_is_known() {
        let args = parse("--port 1 --fresh word").unwrap();
        assert_eq!(args.option("port"), Some("1"));
        assert!(args.flag("fresh") && !args.flag("help"));
        assert_eq!(args.words, ["word"]);
        assert_eq!(parse("--port=2").unwrap().number("port", 9).unwrap(), 2);
        assert!(parse("--port x").unwrap().number("port", 9).is_err());
        assert!(parse("--help").unwrap().flag("help") && parse("-h").unwrap().flag("help"));
    }

    #[test]
    fn refuses_the_rest() {
        for wrong in ["--prot 1", "--port", "--fresh=yes", "one two", "--fresh-all"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
