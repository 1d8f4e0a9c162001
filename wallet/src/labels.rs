//! Names and texts for details: the issuer's own labels first, then the built-in dictionary of the person
//! identification data (PID Rulebook 1.7), then the path itself.

use assent_core::claims::{ClaimsPath, PathElement};
use assent_core::oid4vci::metadata::{ClaimDescription, Display};
use serde_json::Value;

/// Label of a detail for people, in `language` (`en`, `nl`) where there is one.
pub(crate) fn label(path: &ClaimsPath, issuer: &[ClaimDescription], language: &str) -> String {
    if let Some(name) = from_issuer(path, issuer, language) {
        return name;
    }
    let keys: Vec<&str> = keys(path).collect();
    if let Some(name) = built_in(&keys, language) {
        return name;
    }
    // A detail inside a known group: "Address: building".
    for split in (1..keys.len()).rev() {
        if let Some(group) = built_in(&keys[..split], language) {
            return format!(
                "{group}: {}",
                keys[split..]
                    .iter()
                    .map(|key| plain(key))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
        }
    }
    keys.iter().map(|key| plain(key)).collect::<Vec<_>>().join(", ")
}

/// The name of a credential type, when it is one we know.
pub(crate) fn card_name(vct: &str, language: &str) -> String {
    let nl = language == "nl";
    match vct {
        "urn:eudi:pid:1" if nl => "Identiteitskaart".to_owned(),
        "urn:eudi:pid:1" => "Identity card".to_owned(),
        "urn:assent:residence:1" if nl => "Bewonerskaart".to_owned(),
        "urn:assent:residence:1" => "Residence card".to_owned(),
        other => other
            .rsplit([':', '/'])
            .find(|part| part.parse::<u32>().is_err())
            .map_or_else(String::new, plain),
    }
}

/// A value as text.
pub(crate) fn text(value: &Value, language: &str) -> String {
    let nl = language == "nl";
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => (if nl { "Ja" } else { "Yes" }).to_owned(),
        Value::Bool(false) => (if nl { "Nee" } else { "No" }).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| text(item, language))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Object(members) => members
            .values()
            .map(|member| text(member, language))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

const PORTRAITS: [&str; 2] = ["picture", "portrait"];
const NUMBERS: [&str; 2] = ["personal_administrative_number", "document_number"];

/// True for a detail to show only on tap: portraits (ARF RPA_07c asks for a separate approval) and personal numbers, and what
/// has one in its `value`.
pub(crate) fn is_sensitive(path: &ClaimsPath, value: &Value) -> bool {
    names(path, value, &|name| {
        PORTRAITS.contains(&name) || NUMBERS.contains(&name)
    })
}

/// True when what `path` selects of `claims` is, or has in it, a portrait or other biometric picture.
pub(crate) fn has_portrait(path: &ClaimsPath, claims: &Value) -> bool {
    let selected = path.select(claims).unwrap_or_default();
    let is_portrait = |name: &str| PORTRAITS.contains(&name);
    let mut values = selected.iter().map(|(_, value)| *value);
    values.any(|value| names(path, value, &is_portrait))
}

/// True when a name on `path`, or of a member somewhere in `value`, is one of these.
fn names(path: &ClaimsPath, value: &Value, is_one: &dyn Fn(&str) -> bool) -> bool {
    keys(path).any(is_one) || has_member(value, is_one)
}

fn has_member(value: &Value, is_one: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| is_one(name) || has_member(member, is_one)),
        Value::Array(items) => items.iter().any(|item| has_member(item, is_one)),
        _ => false,
    }
}

/// Registered claims that say something about the credential, not about the person.
pub(crate) fn is_technical(name: &str) -> bool {
    [
        "iss",
        "iat",
        "nbf",
        "exp",
        "cnf",
        "vct",
        "vct#integrity",
        "status",
        "jti",
        "sub",
        "_sd_alg",
        "aka_vcts",
    ]
    .contains(&name)
}

fn keys(path: &ClaimsPath) -> impl Iterator<Item = &str> {
    path.elements().iter().filter_map(|element| match element {
        PathElement::Key(key) => Some(key.as_str()),
        PathElement::Index(_) | PathElement::All => None,
    })
}

fn from_issuer(path: &ClaimsPath, issuer: &[ClaimDescription], language: &str) -> Option<String> {
    let described = issuer.iter().find(|claim| claim.path == *path).or_else(|| {
        issuer
            .iter()
            .find(|claim| claim.path.elements().len() == path.elements().len() && claim.path.covers(path))
    })?;
    Display::best(&described.display, language)?.name.clone()
}

fn plain(key: &str) -> String {
    let mut text = key.replace(['_', '-'], " ");
    if let Some(first) = text.get(..1).map(str::to_ascii_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

fn built_in(keys: &[&str], language: &str) -> Option<String> {
    if let ["age_equal_or_over", age] = keys {
        return Some(match language {
            "nl" => format!("{age} jaar of ouder"),
            _ => format!("{age} or over"),
        });
    }
    claim_name(&keys.join("."), language).map(str::to_owned)
}

/// What people call a claim that we know, in `language` (`en`, `nl`); its path with dots.
pub(crate) fn claim_name(path: &str, language: &str) -> Option<&'static str> {
    let (_, en, nl) = DICTIONARY.iter().find(|(known, _, _)| *known == path)?;
    Some(if language == "nl" { nl } else { en })
}

/// PID attributes as SD-JWT claims, and those of the residence card.
const DICTIONARY: &[(&str, &str, &str)] = &[
    ("family_name", "Family name", "Achternaam"),
    ("given_name", "First names", "Voornamen"),
    ("birthdate", "Date of birth", "Geboortedatum"),
    ("place_of_birth", "Place of birth", "Geboorteplaats"),
    ("place_of_birth.country", "Country of birth", "Geboorteland"),
    ("place_of_birth.region", "Region of birth", "Geboorteregio"),
    ("place_of_birth.locality", "Town of birth", "Plaats van geboorte"),
    ("nationalities", "Nationalities", "Nationaliteiten"),
    ("address", "Address", "Adres"),
    ("address.formatted", "Full address", "Volledig adres"),
    ("address.country", "Country", "Land"),
    ("address.region", "Region", "Regio"),
    ("address.locality", "Town", "Woonplaats"),
    ("address.postal_code", "Postcode", "Postcode"),
    ("address.street_address", "Street", "Straat"),
    ("address.house_number", "House number", "Huisnummer"),
    (
        "personal_administrative_number",
        "Personal number",
        "Persoonsnummer",
    ),
    ("picture", "Photo", "Foto"),
    ("birth_family_name", "Family name at birth", "Geboortenaam"),
    (
        "birth_given_name",
        "First names at birth",
        "Voornamen bij geboorte",
    ),
    ("sex", "Sex", "Geslacht"),
    ("email", "E-mail", "E-mail"),
    ("phone_number", "Phone number", "Telefoonnummer"),
    ("date_of_expiry", "Valid until", "Geldig tot"),
    ("date_of_issuance", "Issued on", "Uitgegeven op"),
    ("issuing_authority", "Issued by", "Uitgegeven door"),
    ("issuing_country", "Issuing country", "Land van uitgifte"),
    ("issuing_jurisdiction", "Issuing region", "Regio van uitgifte"),
    ("document_number", "Document number", "Documentnummer"),
    ("library_number", "Library number", "Bibliotheeknummer"),
    ("sub", "Number of the holder", "Nummer van de houder"),
    ("municipality", "Municipality", "Gemeente"),
    ("age_equal_or_over", "Age", "Leeftijd"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(value: Value) -> ClaimsPath {
        ClaimsPath::from_json(&value).unwrap()
    }

    #[test]
    fn issuer_first_then_dictionary_then_path() {
        let issuer = [ClaimDescription {
            path: path(json!(["nationalities", null])),
            mandatory: false,
            display: vec![Display::named("Nation", "en"), Display::named("Natie", "nl")],
        }];
        assert_eq!(label(&path(json!(["nationalities", 0])), &issuer, "nl"), "Natie");
        assert_eq!(
            label(&path(json!(["nationalities"])), &issuer, "nl"),
            "Nationaliteiten"
        );
        assert_eq!(
            label(&path(json!(["age_equal_or_over", "16"])), &[], "nl"),
            "16 jaar of ouder"
        );
        assert_eq!(
            label(&path(json!(["address", "building"])), &[], "en"),
            "Address: Building"
        );
        assert_eq!(label(&path(json!(["degree_level"])), &[], "nl"), "Degree level");
        assert_eq!(label(&path(json!(["ålder"])), &[], "en"), "ålder");
    }

    #[test]
    fn values_and_names() {
        assert_eq!(text(&json!(true), "nl"), "Ja");
        assert_eq!(text(&json!(["NL", "BE"]), "en"), "NL, BE");
        assert_eq!(card_name("urn:eudi:pid:1", "nl"), "Identiteitskaart");
        assert_eq!(
            card_name("https://a.example/types/library_card", "en"),
            "Library card"
        );
        let claims =
            json!({ "picture": "data:,", "sex": 2, "holders": [{ "face": { "portrait": "data:," } }] });
        let is_portrait = |at: Value| has_portrait(&path(at), &claims);
        assert!(is_portrait(json!(["picture"])) && !is_portrait(json!(["sex"])));
        assert!(is_portrait(json!(["holders"])) && is_portrait(json!(["holders", null])));
    }
}
