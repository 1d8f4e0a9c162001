//! The layers inside `core`: a module may use only lower ones (core/src/lib.rs names them).

use crate::{File, files};

const LAYERS: &[(&str, u8)] = &[
    ("error", 1),
    ("env", 1),
    ("sorted", 1),
    ("encoding", 1),
    ("claims", 1),
    ("crypto", 1),
    ("http", 1),
    ("profile", 1),
    ("sd_jwt", 3),
    ("status", 2),
    ("trust", 4),
    ("dcql", 4),
    ("oid4vci", 5),
    ("oid4vp", 5),
    ("consent", 6),
    ("verifier", 7),
    ("issuer", 7),
];

fn layer(module: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, layer)| *layer)
}

/// The module of `core` that a file belongs to: `core/src/sd_jwt/vc.rs` → `sd_jwt`.
fn module(file: &File) -> &str {
    let rest = file.path.strip_prefix("core/src/").unwrap_or(&file.path);
    rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs")
}

/// The modules named after `crate::` in a text, also in `use crate::{a, b::c}`.
fn used(text: &str) -> Vec<String> {
    text.split("crate::")
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => first_names(group),
            None => vec![name_at(rest)],
        })
        .collect()
}

fn name_at(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first name of each member of `a, b::{c, d}, e}…`.
fn first_names(group: &str) -> Vec<String> {
    let mut names = vec![name_at(group)];
    let mut depth = 0_usize;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name_at(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn every_module_of_core_has_a_layer() {
    for file in files("core/src", &["rs"])
        .into_iter()
        .filter(|file| !file.is_test())
    {
        let module = module(&file);
        assert!(
            module == "lib" || layer(module).is_some(),
            "say in which layer core::{module} is (tests/tidy/src/layers.rs)"
        );
    }
}

#[test]
fn modules_use_only_lower_layers() {
    let mut wrong = Vec::new();
    for file in files("core/src", &["rs"])
        .into_iter()
        .filter(|file| !file.is_test())
    {
        let own = module(&file).to_owned();
        let Some(own_layer) = layer(&own) else { continue };
        let code: String = file
            .code()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join(" ");
        for name in used(&code) {
            if let Some(other) = layer(&name)
                && name != own
                && (other > own_layer || (other == own_layer && own_layer > 1))
            {
                wrong.push(format!(
                    "{}: {own} (layer {own_layer}) uses {name} (layer {other})",
                    file.path
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reads_use_lines() {
    assert_eq!(used("use crate::sd_jwt::vc::X;"), ["sd_jwt"]);
    assert_eq!(
        used("use crate::{env::Env, error::{A, B}, http};"),
        ["env", "error", "http"]
    );
    assert_eq!(used("x: crate::trust::Y, z: crate::dcql::Q"), ["trust", "dcql"]);
}
