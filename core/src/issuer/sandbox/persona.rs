//! Fenna Voorbeeld, who does not exist. Names, numbers and addresses are invented; domains are reserved ones.

use serde_json::{Value, json};

use super::super::mint::{Subject, claim, date};
use super::{IDENTITY, RESIDENCE};
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::env::Timestamp;
use crate::sd_jwt::DisclosurePolicy;

/// A drawn face, 48 × 64 pixels, grey.
const PORTRAIT: &[u8] = include_bytes!("portrait.jpg");

/// Year, month and day of birth.
const BIRTH: (i64, i64, i64) = (1994, 5, 17);

/// Ages the residence card answers for.
const AGES: [i64; 5] = [12, 16, 18, 21, 65];

/// The claims for a configuration of the sandbox, every one disclosable by itself; `None` for another id.
/// `anchors_url` is where the sandbox publishes its trust anchors.
#[must_use]
pub fn subject(configuration_id: &str, anchors_url: &str, now: Timestamp) -> Option<Subject> {
    let claims = match configuration_id {
        IDENTITY => identity_card(anchors_url, now)?,
        RESIDENCE => residence_card(now)?,
        _ => return None,
    };
    Some(Subject {
        claims,
        // PID_21: every claim can be disclosed alone; nested members and array elements too.
        policy: DisclosurePolicy::Everything,
    })
}

/// The whole PID dictionary. `None` when the clock is outside the years 0–9999.
#[must_use]
pub fn identity_card(anchors_url: &str, now: Timestamp) -> Option<Object> {
    let mut c = Object::new();
    claim(&mut c, "family_name", "Voorbeeld");
    claim(&mut c, "given_name", "Fenna");
    let birthdate = format!("{:04}-{:02}-{:02}", BIRTH.0, BIRTH.1, BIRTH.2);
    claim(&mut c, "birthdate", birthdate);
    claim(
        &mut c,
        "place_of_birth",
        json!({ "country": "NL", "region": "Utrecht", "locality": "Voorbeeldstad" }),
    );
    claim(&mut c, "nationalities", json!(["NL", "BE"]));
    claim(
        &mut c,
        "address",
        json!({
            "formatted": "Voorbeeldlaan 12, 0000 AA Voorbeeldstad, Nederland",
            "country": "NL", "region": "Utrecht", "locality": "Voorbeeldstad", "postal_code": "0000 AA",
            "street_address": "Voorbeeldlaan", "house_number": "12",
        }),
    );
    claim(&mut c, "personal_administrative_number", "SANDBOX-000000001");
    let portrait = base64url::encode_standard(PORTRAIT);
    claim(&mut c, "picture", format!("data:image/jpeg;base64,{portrait}"));
    claim(&mut c, "birth_family_name", "Fictief");
    claim(&mut c, "birth_given_name", "Fenna");
    // ISO/IEC 5218: 2 is female.
    claim(&mut c, "sex", 2);
    claim(&mut c, "email", "fenna@voorbeeld.example");
    claim(&mut c, "phone_number", "+31000000000");
    claim(&mut c, "date_of_expiry", date(now.plus(5 * 365 * 86_400))?);
    claim(&mut c, "date_of_issuance", date(now)?);
    claim(&mut c, "issuing_authority", "Assent sandbox, not an authority");
    claim(&mut c, "issuing_country", "NL");
    claim(&mut c, "document_number", "SANDBOX01");
    claim(&mut c, "issuing_jurisdiction", "NL-UT");
    claim(&mut c, "trust_anchor", anchors_url);
    claim(&mut c, "attestation_legal_category", "PID");
    Some(c)
}

/// What the city of Voorbeeldstad knows. `None` when the clock is outside the years 0–9999.
#[must_use]
pub fn residence_card(now: Timestamp) -> Option<Object> {
    let age = age_at(&date(now)?)?;
    let ages = AGES
        .iter()
        .map(|limit| (limit.to_string(), Value::Bool(age >= *limit)));
    let mut c = Object::new();
    claim(&mut c, "email", "fenna@voorbeeld.example");
    claim(&mut c, "library_number", "L-2026-000017");
    claim(&mut c, "municipality", "Voorbeeldstad");
    claim(&mut c, "age_equal_or_over", Value::Object(ages.collect()));
    Some(c)
}

/// Whole years on a day written `YYYY-MM-DD`.
fn age_at(day: &str) -> Option<i64> {
    let mut parts = day.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let had_birthday = (month, day) >= (BIRTH.1, BIRTH.2);
    Some(year - BIRTH.0 - i64::from(!had_birthday))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_change_on_the_birthday() {
        assert_eq!(age_at("2026-05-16"), Some(31));
        assert_eq!(age_at("2026-05-17"), Some(32));
        assert_eq!(age_at("2006-05-17"), Some(12));
    }

    #[test]
    fn every_described_claim_is_there_and_no_other() {
        let now = Timestamp(1_790_000_000);
        for (id, configuration) in super::super::configurations() {
            let subject = subject(&id, "https://issuer.example/anchors", now).unwrap();
            let claims = Value::Object(subject.claims.clone());
            for described in &configuration.claims {
                assert!(described.path.select(&claims).is_ok(), "{id}: {}", described.path);
            }
            for name in subject.claims.keys() {
                let path = crate::claims::ClaimsPath::keys(&[name]).unwrap();
                assert!(
                    configuration.claims.iter().any(|c| c.path == path),
                    "{id}: {name}"
                );
            }
        }
        assert!(subject("other", "", now).is_none());
    }
}
