//! The documents agree with the tree: links lead somewhere, every error code is explained.

use std::collections::BTreeSet;

use crate::{files, read, root};

#[test]
fn every_relative_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for file in files(".", &["md"]) {
        let folder = root()
            .join(&file.path)
            .parent()
            .map(std::path::Path::to_path_buf)
            .unwrap_or_default();
        for piece in file.text.split("](").skip(1) {
            let Some(target) = piece.split(')').next() else {
                continue;
            };
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') && !folder.join(target).exists() {
                wrong.push(format!("{} → {target}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "dead links:\n{}", wrong.join("\n"));
}

/// Every stable code in an `ErrorCode` implementation: the text after `=>` (or alone) inside `fn code`.
fn codes() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["core/src", "wallet/src", "server/src", "wallet-cli/src"] {
        for file in files(folder, &["rs"]).into_iter().filter(|file| !file.is_test()) {
            let code: Vec<&str> = file.code().collect();
            for body in code.join("\n").split("fn code(&self) -> &'static str").skip(1) {
                let end = body.find("\n    }").unwrap_or(body.len());
                for text in body[..end].split('"').skip(1).step_by(2) {
                    if !text.is_empty()
                        && text
                            .chars()
                            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                    {
                        found.insert(text.to_owned());
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_error_code_is_explained() {
    let page = read("specs/problems.md");
    if page.is_empty() && codes().is_empty() {
        return;
    }
    let missing: Vec<String> = codes()
        .into_iter()
        .filter(|code| !page.contains(&format!("`{code}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "specs/problems.md does not explain: {}",
        missing.join(", ")
    );
}
