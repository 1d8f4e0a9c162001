use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::details::{KINDS, kind};

/// 2026-11-18.
const NOW: Timestamp = Timestamp(1_795_000_000);

fn object(value: Value) -> Object {
    record::object(value).unwrap()
}

fn single(id: &str, text: &str) -> Result<String, DetailError> {
    let kind = kind(id).unwrap();
    match checked(kind, &object(json!({ "value": text })), "own", NOW) {
        Ok((parts, _)) => Ok(parts["value"].as_str().unwrap().to_owned()),
        Err(problems) => {
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].0, "value");
            Err(problems[0].1)
        }
    }
}

#[test]
fn e_mail() {
    for good in [
        "a@b.example",
        "jo.van+den-berg@mail.example.nl",
        "用户@例子.广告",
        "o'neill@x.ie",
    ] {
        assert_eq!(single("email", &format!("  {good}\t")).unwrap(), good);
    }
    for bad in [
        "a",
        "a@",
        "@b.nl",
        "a@b",
        "a b@c.nl",
        "a@b..nl",
        ".a@b.nl",
        "a.@b.nl",
        "a..b@c.nl",
        "a@-b.nl",
        "a@b.nl.",
        "a@@b.nl",
        "a@b.nl, c@d.nl",
        "<a@b.nl>",
    ] {
        assert_eq!(single("email", bad), Err(DetailError::Email), "{bad}");
    }
    let local = "a".repeat(65);
    assert_eq!(single("email", &format!("{local}@b.nl")), Err(DetailError::Email));
    let long = format!("{}@{}.nl", "a".repeat(60), "b.".repeat(120));
    assert_eq!(single("email", &long), Err(DetailError::TooLong));
}

#[test]
fn phone_numbers() {
    for good in [
        "+31 6 1234 5678",
        "0031612345678",
        "+31 (0)6-12 34 56 78",
        "+31.6/12345678",
    ] {
        assert_eq!(single("phone", good).unwrap(), "+31612345678", "{good}");
    }
    assert_eq!(single("phone", "06 12345678"), Err(DetailError::PhoneCountry));
    for bad in [
        "+31 6 12",
        "+0612345678",
        "+31 6 12345678901234",
        "call me",
        "+31+6 12345678",
        "+31 6 1234567x",
    ] {
        assert_eq!(single("phone", bad), Err(DetailError::Phone), "{bad}");
    }
}

#[test]
fn web_addresses() {
    assert_eq!(single("website", "me.example/a").unwrap(), "https://me.example/a");
    assert_eq!(
        single("website", "HTTP://me.example").unwrap(),
        "HTTP://me.example"
    );
    for bad in [
        "javascript://x.nl",
        "ftp://x.nl",
        "https://bank.nl@evil.nl",
        "localhost",
        "https://",
        "a b.nl",
        "https://.nl",
        "https://a.nl/a b",
        "javascript:alert(1)",
        "data:text/html,x.y",
    ] {
        assert_eq!(single("website", bad), Err(DetailError::Url), "{bad}");
    }
}

#[test]
fn days() {
    for good in ["2000-02-29", "1850-01-01", "2026-11-18"] {
        assert_eq!(single("birthdate", good).unwrap(), good);
    }
    for bad in [
        "1900-02-29",
        "2001-04-31",
        "2001-13-01",
        "2001-00-10",
        "2001-01-00",
        "1849-12-31",
        "01-02-2003",
        "2001-1-1",
        "+200-01-01",
        "２００１-01-01",
    ] {
        assert_eq!(single("birthdate", bad), Err(DetailError::Day), "{bad}");
    }
    assert_eq!(single("birthdate", "2026-11-20"), Err(DetailError::DayToCome));
}

#[test]
fn codes_and_choices() {
    assert_eq!(single("nationality", "nl").unwrap(), "NL");
    assert_eq!(single("nationality", "XX"), Err(DetailError::Country));
    assert_eq!(single("language", "NL").unwrap(), "nl");
    assert_eq!(single("language", "xx"), Err(DetailError::Language));
    assert_eq!(single("blood_group", "AB-").unwrap(), "AB-");
    assert_eq!(single("blood_group", "AB"), Err(DetailError::Choice));
    assert_eq!(single("passport", "nx-12 34.5/6").unwrap(), "nx-12 34.5/6");
    assert_eq!(single("passport", "a\"b"), Err(DetailError::Code));
    assert_eq!(single("bsn", "123 456 782").unwrap(), "123456782");
    assert_eq!(single("bsn", "123456789"), Err(DetailError::Bsn));
}

#[test]
fn every_problem_of_a_form_is_told_at_once() {
    let address = kind("address").unwrap();
    let check = |value: Value| checked(address, &object(value), "", NOW);
    let (parts, _) = check(json!({
        "street_address": "Voorbeeldstraat", "house_number": " 1 a ", "postal_code": "1234ab", "locality": "Utrecht", "country": "nl"
    }))
    .unwrap();
    assert_eq!(
        Value::Object(parts),
        json!({ "street_address": "Voorbeeldstraat", "house_number": "1 a", "postal_code": "1234 AB", "locality": "Utrecht", "country": "NL" })
    );
    let problems = check(json!({ "postal_code": "0234 AB", "country": "NL", "planet": "Mars", "region": 7 }))
        .unwrap_err();
    assert_eq!(
        problems,
        [
            ("planet".to_owned(), DetailError::NoSuchPart),
            ("street_address".to_owned(), DetailError::Empty),
            ("postal_code".to_owned(), DetailError::Postcode),
            ("locality".to_owned(), DetailError::Empty),
        ]
    );
    let account = kind("bank_account").unwrap();
    let problems = checked(account, &object(json!({ "iban": "NL91ABNA0417164301" })), "", NOW).unwrap_err();
    assert_eq!(problems, [("iban".to_owned(), DetailError::IbanChecksum)]);
}

#[test]
fn own_names() {
    let free = kind("other").unwrap();
    let value = object(json!({ "value": "x" }));
    let problems = checked(free, &value, " \u{202e} ", NOW).unwrap_err();
    assert_eq!(problems, [(OWN_NAME.to_owned(), DetailError::NoName)]);
    let problems = checked(free, &value, &"n".repeat(81), NOW).unwrap_err();
    assert_eq!(problems, [(OWN_NAME.to_owned(), DetailError::TooLong)]);
    assert_eq!(checked(free, &value, " Shoe  size ", NOW).unwrap().1, "Shoe size");
    // A kind that says it all keeps no name.
    assert_eq!(
        checked(
            kind("birthdate").unwrap(),
            &object(json!({ "value": "2000-01-01" })),
            "x",
            NOW
        )
        .unwrap()
        .1,
        ""
    );
}

#[test]
fn what_cannot_be_seen_is_taken_out() {
    assert_eq!(
        single("nickname", "\u{202e}evil\u{200b}\u{feff} \u{7} name\u{2066}").unwrap(),
        "evil name"
    );
    // Joiners are part of words.
    assert_eq!(single("nickname", "می\u{200c}خواهم").unwrap(), "می\u{200c}خواهم");
    assert_eq!(single("nickname", "two\nlines").unwrap(), "two lines");
    assert_eq!(single("health_note", " a \n\n  b\r\n").unwrap(), "a\n\nb");
    for nothing in ["", "  ", "\u{202e}", "\n\t"] {
        assert_eq!(single("nickname", nothing), Err(DetailError::Empty));
    }
}

proptest! {
    /// Checking again changes nothing, nothing hidden is left, and no text is longer than it may be.
    #[test]
    fn there_is_one_form(
        which in 0..KINDS.len(),
        texts in proptest::collection::vec("(\\PC|\u{202e}|\u{200b}|\n| ){0,40}", 6),
        own in "\\PC{0,90}",
    ) {
        let kind = &KINDS[which];
        let mut parts = Object::new();
        for (part, text) in kind.parts.iter().zip(&texts) {
            record::put(&mut parts, part.name, record::text(text));
        }
        if let Ok((once, name)) = checked(kind, &parts, &own, NOW) {
            let twice = checked(kind, &once, &name, NOW);
            prop_assert_eq!(twice, Ok((once.clone(), name)));
            for part in kind.parts {
                if let Some(text) = once.get(part.name).and_then(|text| text.as_str()) {
                    prop_assert!(text.chars().count() <= part.check.most());
                    let hidden = text.contains(['\u{202e}', '\u{200b}']);
                    prop_assert!(!hidden && text.trim() == text);
                }
            }
        }
    }

    #[test]
    fn no_choice_is_refused(which in 0..KINDS.len(), seed in any::<usize>()) {
        for part in KINDS[which].parts {
            let options = part.check.options();
            if !options.is_empty() {
                let option = options[seed % options.len()];
                prop_assert_eq!(one(part, option, "", NOW).unwrap(), option);
            }
        }
    }
}

/// Every code of a problem that screens have words for has words for shells without screens.
#[test]
fn every_problem_has_a_text() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/ui/messages/en.json");
    let words: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let ours = words
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, text)| **text == "Correct it and save again.")
        .map(|(key, _)| key.trim_start_matches("problem.").trim_end_matches(".next"));
    let mut count = 0;
    for code in ours {
        assert!(super::problem_text(code).is_some(), "{code}");
        count += 1;
    }
    assert_eq!(count, DetailError::ALL.len());
    assert_eq!(super::problem_text("detail"), None);
}
