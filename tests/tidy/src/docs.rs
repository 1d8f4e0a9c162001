//! The documents agree with the tree: links lead somewhere, every error code is explained.

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

#[test]
fn every_error_code_is_explained() {
    let page = crate::problems::page();
    assert!(
        page == read("specs/problems.md"),
        "specs/problems.md is not current: run `cargo xtask fmt`"
    );
    let empty: Vec<&str> = page.lines().filter(|line| line.contains("|  |")).collect();
    assert!(empty.is_empty(), "codes without a meaning:\n{}", empty.join("\n"));
}
