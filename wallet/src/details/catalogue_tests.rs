use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_groups_stand_together() {
    let ids: BTreeSet<_> = KINDS.iter().map(|kind| kind.id).collect();
    assert_eq!(ids.len(), KINDS.len());
    let claims: Vec<_> = KINDS
        .iter()
        .map(|kind| kind.pid)
        .filter(|pid| !pid.is_empty())
        .collect();
    assert_eq!(claims.iter().collect::<BTreeSet<_>>().len(), claims.len());
    let mut groups: Vec<_> = KINDS.iter().map(|kind| kind.group).collect();
    groups.dedup();
    assert_eq!(
        groups.iter().collect::<BTreeSet<_>>().len(),
        groups.len(),
        "{groups:?}"
    );
    for kind in KINDS {
        assert!(kind.dpv().starts_with("pd:"), "{}", kind.id);
        assert!(kind.parts.iter().any(|part| part.needed), "{}", kind.id);
        let parts: BTreeSet<_> = kind.parts.iter().map(|part| part.name).collect();
        assert_eq!(parts.len(), kind.parts.len());
    }
}

/// What is special for DPV 2.0 (classes of `dpv:SpecialCategoryPersonalData`) is shown only on tap.
#[test]
fn special_categories_are_sensitive() {
    for kind in KINDS {
        if ["pd:BloodType", "pd:Health", "pd:MedicalHealth", "pd:Prescription"].contains(&kind.dpv()) {
            assert!(kind.sensitive, "{}", kind.id);
        }
    }
}

#[test]
fn claims_of_cards_are_found() {
    let of = |keys: &[&str]| of_path(&ClaimsPath::keys(keys).unwrap()).map(|kind| kind.id);
    assert_eq!(of(&["address", "locality"]), Some("address"));
    assert_eq!(of(&["nationalities"]), Some("nationality"));
    assert_eq!(of(&["library_number"]), None);
}

/// The table in `specs/formats/details.md` is this one. `ASSENT_UPDATE=1` writes it.
#[test]
fn the_page_has_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/formats/details.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- catalogue -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let wanted = format!("{before}<!-- catalogue -->\n{}<!-- end -->{after}", table());
    if std::env::var_os("ASSENT_UPDATE").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        wanted,
        "run with ASSENT_UPDATE=1"
    );
}

fn table() -> String {
    let mut lines = vec![
        "| group | kind | parts | how many | OpenID Connect | PID | DPV |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let code = |text: &str| match text {
        "" => String::new(),
        text => format!("`{text}`"),
    };
    for kind in KINDS {
        let part = |part: &Part| {
            let mark = if part.needed { "" } else { "?" };
            format!("`{}`{mark} {}", part.name, part.check.name())
        };
        let parts: Vec<_> = kind.parts.iter().map(part).collect();
        let mut notes = vec![if kind.many { "several" } else { "one" }];
        notes.extend(kind.sensitive.then_some("on tap"));
        notes.extend((kind.own_name == OwnName::Needed).then_some("named"));
        lines.push(format!(
            "| {} | `{}` | {} | {} | {} | {} | `{}` |",
            kind.group,
            kind.id,
            parts.join(", "),
            notes.join(", "),
            code(kind.oidc()),
            code(kind.pid),
            kind.dpv()
        ));
    }
    lines.join("\n") + "\n"
}

/// The app's copy of the table, in its download and not in that of WebAssembly. `ASSENT_UPDATE=1` writes it.
#[test]
fn the_app_has_the_table() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../web/wallet/src/app/catalogue.json"
    );
    let kinds: Vec<_> = KINDS.iter().map(for_the_app).collect();
    let lists = [Check::Country, Check::Language].map(|check| check.options().concat());
    let all = serde_json::json!({ "kinds": kinds, "countries": lists[0], "languages": lists[1] });
    let wanted = format!("{}\n", serde_json::to_string(&all).unwrap());
    if std::env::var_os("ASSENT_UPDATE").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        wanted,
        "run with ASSENT_UPDATE=1"
    );
}

fn for_the_app(kind: &DetailKind) -> serde_json::Value {
    let part = |part: &Part| {
        let choice = match part.check {
            Check::Choice(options) => options,
            _ => &[],
        };
        serde_json::json!({
            "name": part.name, "check": part.check.name(), "needed": part.needed, "most": part.check.most(), "choice": choice,
        })
    };
    let own_name = match kind.own_name {
        OwnName::None => "none",
        OwnName::Possible => "possible",
        OwnName::Needed => "needed",
    };
    serde_json::json!({
        "id": kind.id, "group": kind.group, "many": kind.many, "sensitive": kind.sensitive, "ownName": own_name,
        "oidc": kind.oidc(), "pid": kind.pid, "dpv": kind.dpv(), "parts": kind.parts.iter().map(part).collect::<Vec<_>>(),
    })
}

/// The words for kinds are those of the app's screens.
#[test]
fn the_words_are_those_of_the_screens() {
    for language in ["en", "nl"] {
        let path = format!(
            "{}/../web/ui/messages/{language}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let texts: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for kind in KINDS {
            let key = format!("kind.{}", kind.id);
            assert_eq!(texts[&key], crate::details::kind_name(kind.id, language), "{key}");
        }
    }
    assert_eq!(crate::details::kind_name("shoe", "nl"), "shoe");
}
