//! Every member of every answer, lied about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Stage;
use super::fields::{self, ELSEWHERE, NOT_ASKED, Row};
use super::world::*;
use crate::city::{FieldLie, Tell};

fn lies_of(row: &Row) -> Vec<(String, Tell, Says)> {
    let mut lies = vec![("missing".to_owned(), Tell::Gone, row.gone)];
    for garbage in [json!(7.5), json!({ "lie": 1 })] {
        lies.push((format!("is {garbage}"), Tell::Is(garbage), row.garbled));
    }
    let told = row.lies.iter();
    lies.extend(told.map(|(name, lie, says)| ((*name).to_owned(), Tell::Changed(*lie), *says)));
    lies
}

/// Tells every lie of these rows; gives how many.
fn tell(rows: &[Row]) -> usize {
    let mut stage = Stage::new();
    let mut truths: Vec<(super::talks::Talk, Result<Value, String>)> = Vec::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows {
        let truth = match truths
            .iter()
            .find(|(talk, _)| std::ptr::fn_addr_eq(*talk, row.talk))
        {
            Some((_, truth)) => truth.clone(),
            None => {
                let truth = (row.talk)(&mut stage);
                truths.push((row.talk, truth.clone()));
                truth
            }
        };
        for (name, tell, says) in lies_of(row) {
            if let NotAsked = says {
                continue;
            }
            let lie = FieldLie::new(row.answer, row.field, tell);
            let told = lie.told();
            stage.city.field_lie = Some(lie);
            let heard = (row.talk)(&mut stage);
            stage.city.field_lie = None;
            let right = match (&heard, says) {
                (Err(code), Refused(expected)) => code == expected,
                (_, Ignored) => heard == truth,
                (Ok(shown), Stated) => truth.as_ref() != Ok(shown),
                _ => false,
            };
            let heard = heard.map(|_| "went on");
            let what = format!("{} {}: {name}", row.answer, row.field);
            if told.get() == 0 {
                wrong.push(format!("{what}: was never told"));
            } else if !right {
                wrong.push(format!("{what}: the wallet said {heard:?}"));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    count
}

#[test]
fn no_lie_about_a_member_of_what_opens_a_vault_is_accepted() {
    assert!(tell(&fields::vault()) >= 50);
}

#[test]
fn no_lie_about_what_was_written_is_accepted() {
    assert!(tell(&fields::writes()) >= 25);
}

#[test]
fn no_lie_to_the_owner_about_emergency_access_is_accepted() {
    assert!(tell(&fields::owner()) >= 130);
}

#[test]
fn no_lie_to_the_contact_is_accepted() {
    assert!(tell(&fields::contact()) >= 30);
}

#[test]
fn no_lie_about_signing_in_is_accepted() {
    assert!(tell(&fields::finding()) >= 70);
}

#[test]
fn no_lie_in_the_mailbox_and_the_registry_is_accepted() {
    assert!(tell(&fields::around()) >= 8);
}

fn read(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Members of a schema by their names from the top.
fn members(schema: &Value, all: &Value, at: &str, found: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return members(&all[name], all, at, found);
    }
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        members(choice, all, at, found);
    }
    if schema["items"].is_object() {
        let at = format!("{at}[]");
        found.insert(at.clone());
        members(&schema["items"], all, &at, found);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        found.insert(at.clone());
        members(schema, all, &at, found);
    }
}

/// Every answer that the vault service gives, and the members of each.
fn answers() -> BTreeMap<String, BTreeSet<String>> {
    let api: Value = serde_json::from_str(&read("specs/openapi.json")).unwrap();
    let ours = [
        "/v1/vaults",
        "/v1/pairing/",
        "/v1/sign-in",
        "/v1/registry/",
        "/v1/wallet/",
    ];
    let mut answers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        if !ours.iter().any(|start| path.starts_with(start)) {
            continue;
        }
        for (method, operation) in operations.as_object().unwrap() {
            let responses = operation["responses"].as_object().into_iter().flatten();
            for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
                for content in response["content"]
                    .as_object()
                    .into_iter()
                    .flat_map(|map| map.values())
                {
                    let name = format!("{} {path}", method.to_uppercase());
                    let found = answers.entry(name).or_default();
                    members(&content["schema"], &api["components"]["schemas"], "", found);
                }
            }
        }
    }
    answers
}

/// A member that comes new into an answer needs a lie about it.
#[test]
fn every_member_of_every_answer_has_lies() {
    let rows = fields::rows();
    let told = rows
        .iter()
        .flat_map(lies_of)
        .filter(|lie| !matches!(lie.2, NotAsked));
    let told = told.count();
    assert!(told >= 421, "{told}");
    let mut lied: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        assert!(
            !matches!(row.gone, NotAsked) || !row.lies.is_empty(),
            "{} {}",
            row.answer,
            row.field
        );
        let fields = lied.entry(row.answer).or_default();
        fields.extend(Some(row.field).filter(|field| !field.is_empty()));
    }
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(answer, _, _)| *answer).collect();
    let not_asked: BTreeSet<&str> = NOT_ASKED.iter().map(|(answer, _)| *answer).collect();
    let answers = answers();
    assert!(answers.len() >= 25, "{}", answers.len());
    for (answer, members) in &answers {
        let answer = answer.as_str();
        if elsewhere.contains(answer) || not_asked.contains(answer) {
            assert!(!lied.contains_key(answer), "{answer} is in two tables");
            continue;
        }
        let lied = lied
            .remove(answer)
            .unwrap_or_else(|| panic!("no lies about {answer}"));
        let members: BTreeSet<&str> = members.iter().map(String::as_str).collect();
        assert_eq!(lied, members, "lies and members of {answer}");
    }
    assert!(lied.is_empty(), "no such answers: {lied:?}");
    for answer in elsewhere.union(&not_asked) {
        assert!(answers.contains_key(*answer), "no such answer: {answer}");
    }
    for (answer, file, test) in ELSEWHERE {
        assert!(read(file).contains(test), "{answer}: {file} has no {test}");
    }
}

/// What no wallet reads is asked nowhere in its code.
#[test]
fn what_is_not_lied_about_is_not_read() {
    let folder = format!("{}/src/app", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(code) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (answer, needle) in NOT_ASKED {
            assert!(
                !code.contains(needle),
                "{} asks {answer}: lie about it",
                path.display()
            );
        }
    }
}
