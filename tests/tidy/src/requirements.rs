//! `specs/requirements.md` is true: every rule has a row, every place and test named there exists, and every id at a check in
//! the code is one of them.

use std::collections::BTreeSet;

use crate::{File, files, read, root};

/// The families of ids, with their numbers. A rule that is added gets a number here and a row there.
const FAMILIES: &[(&str, &[(u32, u32)])] = &[
    ("VP", &[(1, 19)]),
    ("CP", &[(1, 7)]),
    ("DQ", &[(1, 21)]),
    ("RS", &[(1, 12)]),
    ("VO", &[(1, 2)]),
    ("TD", &[(1, 4)]),
    ("SB", &[(1, 6)]),
    ("CI", &[(1, 7), (10, 16), (20, 31)]),
    ("HP", &[(1, 11)]),
    ("SJ", &[(1, 12)]),
    ("SV", &[(1, 10)]),
    ("TS", &[(1, 11)]),
    ("PF", &[(1, 26)]),
];

/// One row of a table.
struct Row<'a> {
    id: &'a str,
    places: &'a str,
    tests: &'a str,
}

impl Row<'_> {
    fn is_built(&self) -> bool {
        !self.tests.starts_with("not built: ")
    }
}

fn rows(page: &str) -> Vec<Row<'_>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .filter_map(|line| {
            let mut cells = line.split(" | ");
            let (id, _rule, places, tests) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
            Some(Row { id, places, tests })
        })
        .filter(|row| row.id != "Id" && row.id != "---")
        .collect()
}

fn numbers(family: &(&str, &[(u32, u32)])) -> Vec<String> {
    let (name, ranges) = family;
    ranges
        .iter()
        .flat_map(|(first, last)| *first..=*last)
        .map(|number| format!("{name}-{number}"))
        .collect()
}

/// What stands between backticks.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What stands between backticks and has `::` in it.
fn named_tests(text: &str) -> impl Iterator<Item = (&str, &str)> {
    names(text).filter_map(|name| name.split_once("::"))
}

/// True when `file` has the test `name`: a function with a test attribute, a name in the list of the conformance suite of
/// storage, or in JavaScript a title.
fn has_test(file: &File, name: &str) -> bool {
    if file.path.ends_with(".mjs") {
        let quoted = |quote: char| file.text.contains(&format!("test({quote}{name}{quote}"));
        return quoted('"') || quoted('\'');
    }
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let in_suite = || {
        let listed = lines
            .iter()
            .skip_while(|line| **line != "suite!(")
            .take_while(|line| **line != ");");
        listed.skip(1).any(|line| line.trim_end_matches(',') == name)
    };
    lines.iter().enumerate().any(|(at, line)| {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        let is_it = function.and_then(|rest| rest.split('(').next()) == Some(name);
        // Other attributes may stand between.
        let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        is_it
            && attributes
                .into_iter()
                .any(|line| ["#[test]", "#[tokio::test]"].contains(line))
    }) || in_suite()
}

/// True when `path` without its ending ends in `place`, whole names only.
fn is_at(path: &str, place: &str) -> bool {
    let bare = path.strip_suffix(".rs").unwrap_or(path);
    let folder = |name| bare.strip_suffix(name).unwrap_or(bare);
    [bare, folder("/mod"), folder("/main")]
        .into_iter()
        .any(|bare| bare == place || bare.ends_with(&format!("/{place}")))
}

#[test]
fn every_rule_has_one_row_with_a_test_or_a_reason() {
    let page = read("specs/requirements.md");
    let rows = rows(&page);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert(row.id) {
            wrong.push(format!("{} has two rows", row.id));
        }
        let reason = row
            .tests
            .strip_prefix("not built: ")
            .is_some_and(|reason| reason.len() > 10);
        if !reason && named_tests(row.tests).next().is_none() {
            wrong.push(format!("{} names no test and no reason", row.id));
        }
    }
    for id in FAMILIES.iter().flat_map(numbers) {
        if !seen.contains(id.as_str()) {
            wrong.push(format!("{id} has no row"));
        }
    }
    assert!(wrong.is_empty(), "specs/requirements.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_place_named_is_in_the_tree() {
    let page = read("specs/requirements.md");
    let exists = |path: &str| {
        let there = |path: &str| root().join(path).exists();
        there(path) || there(&format!("{path}.rs"))
    };
    let mut wrong = Vec::new();
    for row in rows(&page).iter().filter(|row| row.is_built()) {
        if names(row.places).next().is_none() {
            wrong.push(format!("{} names no place", row.id));
        }
        for place in names(row.places) {
            if !exists(place) && !exists(&format!("core/src/{place}")) {
                wrong.push(format!("{}: {place}", row.id));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "places in specs/requirements.md that do not exist:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_test_named_is_in_the_tree() {
    let page = read("specs/requirements.md");
    let sources = files(".", &["rs", "mjs"]);
    let mut wrong = Vec::new();
    for (place, name) in named_tests(&page) {
        let found = sources
            .iter()
            .any(|file| is_at(&file.path, place) && has_test(file, name));
        // The page explains the form with one name that is none.
        if !found && place != "file" && place != "file.test.mjs" {
            wrong.push(format!("{place}::{name}"));
        }
    }
    // A whole file of tests, or a fuzz target.
    let rows = rows(&page);
    for name in rows
        .iter()
        .filter(|row| row.is_built())
        .flat_map(|row| names(row.tests))
    {
        let target = format!("fuzz/fuzz_targets/{name}.rs");
        let has_some = |file: &File| {
            ["\n#[test]\n", "\n#[tokio::test]\n"]
                .iter()
                .any(|it| file.text.contains(it))
        };
        let is_there = |file: &File| file.path == target || (is_at(&file.path, name) && has_some(file));
        if !name.contains("::") && !sources.iter().any(is_there) {
            wrong.push(name.to_owned());
        }
    }
    assert!(
        wrong.is_empty(),
        "tests named in specs/requirements.md that do not exist:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_id_in_the_code_is_a_rule() {
    let page = read("specs/requirements.md");
    let known: BTreeSet<&str> = rows(&page).iter().map(|row| row.id).collect();
    let mut wrong = Vec::new();
    for file in files(".", &["rs", "mjs", "ts"]) {
        if file.path.starts_with("tests/tidy/") {
            continue;
        }
        for id in ids(&file.text) {
            if !known.contains(id.as_str()) {
                wrong.push(format!("{}: {id}", file.path));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "ids without a row in specs/requirements.md:\n{}",
        wrong.join("\n")
    );
}

/// The ids of our families in a text, e.g. `SJ-4`.
fn ids(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (family, _) in FAMILIES {
        for (at, _) in text.match_indices(&format!("{family}-")) {
            let before = text[..at].chars().next_back();
            let digits: String = text[at + family.len() + 1..]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            if !digits.is_empty() && !before.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_') {
                found.push(format!("{family}-{digits}"));
            }
        }
    }
    found
}

#[test]
fn the_check_can_fail() {
    assert_eq!(ids("SJ-4, (VP-19) and xSJ-4, SJ-x, DEVP-3"), ["VP-19", "SJ-4"]);
    let file = File {
        path: "a/b/mod.rs".into(),
        text: "#[test]\n#[ignore]\nfn one() {}\n\nfn two() {}\nsuite!(\n    three,\n);\n".into(),
    };
    assert!(has_test(&file, "one") && has_test(&file, "three"));
    assert!(!has_test(&file, "two") && !has_test(&file, "on") && !has_test(&file, "suite!("));
    assert!(
        is_at(&file.path, "b") && is_at(&file.path, "a/b") && !is_at(&file.path, "a") && !is_at("ab.rs", "b")
    );
    let page = "| Id | Rule | Where | Tests |\n| --- | --- | --- | --- |\n| A-1 | x | y | `a::b` |\n";
    let rows = rows(page);
    assert_eq!((rows.len(), rows[0].id), (1, "A-1"));
    assert_eq!(named_tests(rows[0].tests).next(), Some(("a", "b")));
}
