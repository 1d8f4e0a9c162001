//! `specs/problems.md`: every stable error code, what it means and what to do, read out of the source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{File, files};

const HEAD: &str = "\
# Problems

Every stable code in an error answer (RFC 9457 `type`, the CLI's `--json`, the wallet's screens), what it means and what
to do. Written by `cargo xtask fmt` from the source; do not edit. Texts in `{…}` are filled in at run time.
";

/// Where a code is used, for the reader: folder prefix → heading.
const PARTS: &[(&str, &str)] = &[
    ("core/src", "Formats and protocols (core)"),
    ("wallet/src", "The wallet"),
    ("server/src", "The server"),
    ("wallet-cli/src", "The command line"),
];

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    meaning: String,
    action: String,
}

/// The page as it should be.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for (folder, heading) in PARTS {
        let mut entries = BTreeMap::new();
        let mut sources = files(folder, &["rs"]);
        sources.retain(|file| !file.is_test());
        for file in &sources {
            entries.extend(entries_of(file, &sources));
        }
        if !entries.is_empty() {
            let _ = write!(
                page,
                "\n## {heading}\n\n| code | what happened | what to do |\n| --- | --- | --- |\n"
            );
            for (code, Entry { meaning, action }) in entries {
                let _ = writeln!(page, "| `{code}` | {meaning} | {action} |");
            }
        }
    }
    page
}

/// The codes of one file: from `ErrorCode` implementations, and from errors made in place.
///
/// The error itself may be defined in another file of the same package.
fn entries_of(file: &File, package: &[File]) -> BTreeMap<String, Entry> {
    let code = code_of(file);
    let mut found = BTreeMap::new();
    for block in code.split("ErrorCode for ").skip(1) {
        let Some(body) = function(block, "fn code(&self)") else {
            continue;
        };
        let error = block.split([' ', '{']).next().unwrap_or_default();
        let blame = function(block, "fn blame(&self)").unwrap_or_default();
        let own_first = std::iter::once(file).chain(package);
        let definition = own_first
            .map(|file| definition(&code_of(file), error))
            .find(|text| !text.is_empty());
        let definition = definition.unwrap_or_default();
        let mut variant = String::new();
        for (patterns, text) in arms(body) {
            // The arms of a match inside an arm belong to the variant before them.
            if let Some(name) = patterns.split("Self::").nth(1) {
                variant = name_at(name);
            } else if patterns.trim() == "_" {
                variant.clear();
            }
            let Some(code) = kebab(text) else { continue };
            found.insert(
                code.to_owned(),
                Entry {
                    meaning: meaning(&definition, &variant),
                    action: action(blame, &variant).to_owned(),
                },
            );
        }
    }
    for (code, entry) in command_line_errors(&code) {
        let better = |old: &Entry| old.meaning == UNSAID && entry.meaning != UNSAID;
        if found.get(&code).is_none_or(better) {
            found.insert(code, entry);
        }
    }
    for (maker, has_hint) in [
        ("Problem::new(", false),
        ("WalletError::new(", true),
        (NOT_POSSIBLE, false),
    ] {
        for rest in code.split(maker).skip(1) {
            let call = rest.split(';').next().unwrap_or_default();
            let mut texts = call.split('"').skip(1).step_by(2);
            let Some(code) = texts.next().and_then(kebab_text) else {
                continue;
            };
            let hint = if has_hint {
                texts.clone().nth(1).filter(|hint| !hint.is_empty())
            } else {
                None
            };
            let text = if has_hint {
                texts.next()
            } else {
                texts.max_by_key(|text| text.len())
            };
            let Some(text) = text else { continue };
            let later = ["INTERNAL", "UNAVAILABLE", "TOO_MANY", "TIMEOUT"]
                .iter()
                .any(|word| call.contains(word));
            let action = hint.unwrap_or(if maker == NOT_POSSIBLE {
                "Check what you entered."
            } else if later {
                "Try again later."
            } else {
                "Correct the request."
            });
            found.entry(code.to_owned()).or_insert_with(|| Entry {
                meaning: text.to_owned(),
                action: action.to_owned(),
            });
        }
    }
    found
}

/// What the wallet says of something that was entered.
const NOT_POSSIBLE: &str = "WalletError::not_possible(";

/// For an error whose whole text is made at run time.
const UNSAID: &str = "The message says it.";

/// The errors a command makes in place: `CliError::new(exit, code, message, hint)`.
fn command_line_errors(code: &str) -> Vec<(String, Entry)> {
    let calls = code.split("CliError::new(").skip(1);
    calls
        .filter_map(|rest| {
            let [exit, code, message, hint] = arguments(rest)[..] else {
                return None;
            };
            let text = |argument: &str| argument.split('"').nth(1).unwrap_or_default().replace('|', "\\|");
            let meaning = Some(text(message)).filter(|text| !text.is_empty());
            let action = Some(text(hint)).filter(|text| !text.is_empty());
            let entry = Entry {
                meaning: meaning.unwrap_or_else(|| UNSAID.to_owned()),
                action: action.unwrap_or_else(|| by_exit(exit).to_owned()),
            };
            Some((kebab(code)?.to_owned(), entry))
        })
        .collect()
}

/// What to do when the error has no hint of its own, by how the program ends.
fn by_exit(exit: &str) -> &'static str {
    match exit.rsplit("::").next().unwrap_or_default().trim() {
        "Usage" => "Correct the command line.",
        "NotFound" => "Check the name or address.",
        "Configuration" => "Correct the file or setting.",
        "Unreachable" => "Try again later.",
        "Interrupted" => "Start it again when you like.",
        _ => "Report it if it stays.",
    }
}

/// The arguments of a call, from after its opening bracket.
fn arguments(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_i32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'(' | b'[' | b'{' => depth += 1,
            b',' if depth == 0 => {
                found.push(text[from..at].trim());
                from = at + 1;
            }
            b')' | b']' | b'}' if depth == 0 => {
                found.push(text[from..at].trim());
                break;
            }
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    found.retain(|argument| !argument.is_empty());
    found
}

fn code_of(file: &File) -> String {
    file.code().collect::<Vec<_>>().join("\n")
}

/// The definition of an error enum or struct; empty when it is not in this text.
fn definition(code: &str, name: &str) -> String {
    for keyword in ["enum", "struct"] {
        for end in [" {", "<", ";", "("] {
            if let Some(at) = code.find(&format!("{keyword} {name}{end}")) {
                // The attributes of a struct stand before it.
                let from = code[..at].rfind("\n\n").unwrap_or(0);
                let to = code[at..].find("\n}").map_or(code.len(), |length| at + length);
                return code[from..to].to_owned();
            }
        }
    }
    String::new()
}

/// What a variant says of itself: its `#[error]` text, or its documentation where the text only passes something on.
fn meaning(definition: &str, variant: &str) -> String {
    let (mut doc, mut error) = (String::new(), String::new());
    let mut lines = definition.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            doc.push_str(text);
        } else if line.starts_with("#[error") {
            error = line.split('"').nth(1).unwrap_or_default().to_owned();
            while error.is_empty() && lines.peek().is_some_and(|next| next.trim().starts_with('"')) {
                error = lines
                    .next()
                    .and_then(|next| next.split('"').nth(1))
                    .unwrap_or_default()
                    .to_owned();
            }
        } else if !line.is_empty() && !line.starts_with(['#', ')']) {
            if !variant.is_empty() && name_at(line) == variant
                || variant.is_empty() && line.contains("struct ")
            {
                break;
            }
            doc.clear();
            error.clear();
        }
    }
    if doc.is_empty() && error.is_empty() {
        // No variant of that name, e.g. the last arm `_`: what the error says of itself as a whole.
        let own = definition
            .lines()
            .map(str::trim)
            .take_while(|line| !line.contains("enum "));
        doc = own.filter_map(|line| line.strip_prefix("///")).collect();
    }
    let passed_on =
        error.is_empty() || (error.starts_with('{') && error.ends_with('}') && !error[1..].contains('{'));
    let text = if passed_on { doc.trim() } else { error.trim() };
    text.replace('|', "\\|")
}

/// What to do, by whose fault it is.
fn action(blame: &str, variant: &str) -> &'static str {
    let arm = arms(blame).into_iter().find(|(patterns, _)| {
        patterns
            .split("Self::")
            .skip(1)
            .any(|name| name_at(name) == variant)
    });
    let constant = if blame.contains("match ") {
        arm.map(|(_, value)| value).or_else(|| {
            arms(blame)
                .into_iter()
                .find(|(patterns, _)| patterns.trim() == "_")
                .map(|(_, value)| value)
        })
    } else {
        Some(blame)
    };
    let word = constant
        .and_then(|text| text.split("Blame::").nth(1))
        .map(name_at)
        .unwrap_or_default();
    match word.as_str() {
        "Caller" => "Correct the call and try again.",
        "Network" => "Try again later.",
        "Us" => "Look in our log; report it if it stays.",
        _ => "The other side must correct what it sent.",
    }
}

/// The body of a method: from its name to the brace that ends it.
fn function<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let at = block.find(name)?;
    let end = block[at..]
        .find("\n    }")
        .map_or(block.len(), |length| at + length);
    // The next implementation's methods are not ours.
    (!block[..at].contains("\n}\n")).then(|| &block[at..end])
}

/// The arms of a match: the patterns before each `=>`, and the first line after it.
fn arms(body: &str) -> Vec<(&str, &str)> {
    let pieces: Vec<&str> = body.split("=>").collect();
    pieces
        .windows(2)
        .filter_map(|pair| {
            let [before, after] = pair else { return None };
            // What is left of the arm before ends at a comma or brace that precedes this arm's first pattern.
            let start = before.find("Self::").or_else(|| before.rfind('_')).unwrap_or(0);
            let value = after
                .lines()
                .find(|line| !line.trim().is_empty() && line.trim() != "{")?;
            Some((&before[start..], value))
        })
        .collect()
}

fn name_at(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn kebab(text: &str) -> Option<&str> {
    kebab_text(text.split('"').nth(1)?)
}

fn kebab_text(text: &str) -> Option<&str> {
    let ok = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    ok.then_some(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn calls_are_read_to_their_end() {
        let text =
            r#"Exit::Failed, "a-b", format!("x; {}, ({y}", f(1, 2)), "do \"this\", then that",) + rest"#;
        let arguments = super::arguments(text);
        assert_eq!(arguments.len(), 4, "{arguments:?}");
        assert_eq!(arguments[1], r#""a-b""#);
        assert_eq!(arguments[3], r#""do \"this\", then that""#);
    }
}
