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

/// Paths in code spans, where they begin with a folder of the repository: `wallet/src/present/`, `server/src/news.rs`. What is
/// built is not there yet.
#[test]
fn every_named_path_is_there() {
    let folders: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| root().join(name).is_dir() && !name.starts_with('.') && name != "target")
        .collect();
    let built = ["wallet/dist", "wasm/pkg"];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files(".", &["md"]) {
        let here = root().join(&file.path);
        // Spans end on their line; of three parts between ticks the second is one.
        for line in file.text.lines() {
            for span in line.split('`').skip(1).step_by(2) {
                let path = span.split("::").next().unwrap_or_default().trim_end_matches('/');
                let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
                let Some((top, rest)) = path.split_once('/') else {
                    continue;
                };
                if !path.chars().all(plain)
                    || built.contains(&path)
                    || !folders.iter().any(|name| name == top)
                {
                    continue;
                }
                seen += 1;
                // Modules are named as they are in code: `core/trust` is core/src/trust or core/src/trust.rs.
                let module = format!("{top}/src/{rest}");
                let known = [path, &module].into_iter().any(|path| {
                    ["", ".rs", ".mjs"]
                        .iter()
                        .any(|end| root().join(format!("{path}{end}")).exists())
                });
                let beside = here.parent().is_some_and(|folder| folder.join(path).exists());
                if !known && !beside {
                    wrong.push(format!("{}: {path}", file.path));
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
    assert!(wrong.is_empty(), "named and not there:\n{}", wrong.join("\n"));
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

#[test]
fn decisions_have_numbers_of_their_own() {
    let mut numbers: Vec<String> = files("specs/decisions", &["md"])
        .iter()
        .filter_map(|file| {
            file.path
                .rsplit('/')
                .next()?
                .split_once('-')
                .map(|(number, _)| number.to_owned())
        })
        .collect();
    numbers.sort();
    let twice: Vec<&String> = numbers
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| &pair[0])
        .collect();
    assert!(twice.is_empty(), "two decisions have the number {twice:?}");
    for file in files("specs/decisions", &["md"]) {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if let Some((number, _)) = name.split_once('-') {
            assert!(
                file.text.starts_with(&format!("# {number}")),
                "{}: its title has another number",
                file.path
            );
        }
    }
}

/// Every npm package that a package.json of ours names is explained: in decision 0010, or, for peers, in their README.
#[test]
fn every_npm_package_has_a_reason() {
    let reasons = read("specs/decisions/0010-dependencies.md") + &read("tests/peers/README.md");
    let mut unexplained = Vec::new();
    for file in files(".", &["json"]) {
        if !file.path.ends_with("package.json") {
            continue;
        }
        let manifest: serde_json::Value = serde_json::from_str(&file.text).expect("package.json");
        for section in [
            "dependencies",
            "devDependencies",
            "peerDependencies",
            "optionalDependencies",
        ] {
            let names = manifest[section]
                .as_object()
                .into_iter()
                .flat_map(|section| section.keys());
            for name in names.filter(|name| !name.starts_with("@assent/")) {
                if !reasons.contains(&format!("`{name}`")) {
                    unexplained.push(format!("{}: {name}", file.path));
                }
            }
        }
    }
    assert!(
        unexplained.is_empty(),
        "packages without a reason:\n{}",
        unexplained.join("\n")
    );
}
