//! Which kinds of details there are.

use assent_core::claims::{ClaimsPath, PathElement};

/// One kind of detail.
#[derive(Debug, Clone, Copy)]
pub struct DetailKind {
    /// Stable name, in records and messages.
    pub id: &'static str,
    /// The group it is listed under.
    pub group: &'static str,
    /// What it consists of.
    pub parts: &'static [Part],
    /// Claim of the person identification data as SD-JWT VC (PID Rulebook §4); empty when there is none.
    pub pid: &'static str,
    /// Whether there can be several.
    pub many: bool,
    /// Shown only on tap: what DPV and GDPR Art. 9 call special, and numbers that follow a person.
    pub sensitive: bool,
    /// Whether the person names it.
    pub own_name: OwnName,
}

/// Whether a detail has a name of the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnName {
    /// The kind says it all.
    None,
    /// To tell several apart: "work", "parents".
    Possible,
    /// Without it nobody knows what it is.
    Needed,
}

/// A part of a detail. Most have one, called `value`; others have those of the claim.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Member of the claim, or `value`.
    pub name: &'static str,
    /// What is accepted.
    pub check: Check,
    /// Whether it must be there.
    pub needed: bool,
}

/// What a part accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// One line.
    Line,
    /// Several lines.
    Lines,
    /// E-mail address (RFC 5321 §4.1.2, §4.5.3.1).
    Email,
    /// Telephone number (ITU-T E.164).
    Phone,
    /// Web address, https or http.
    Url,
    /// Calendar day (ISO 8601-1, `YYYY-MM-DD`), not after today.
    PastDay,
    /// Country (ISO 3166-1 alpha-2).
    Country,
    /// Language (ISO 639-1).
    Language,
    /// Bank account (ISO 13616 IBAN).
    Iban,
    /// Dutch citizen service number, with its eleven-test (Besluit BSN, Art. 2).
    Bsn,
    /// A number of a document or membership: letters, digits and what stands between them.
    Code,
    /// Postcode.
    Postcode,
    /// One of these.
    Choice(&'static [&'static str]),
}

impl Check {
    /// Most characters.
    #[must_use]
    pub fn most(self) -> usize {
        match self {
            Self::Lines => 4000,
            Self::Email => 254,
            Self::Url => 1000,
            Self::Code | Self::Postcode => 60,
            _ => 200,
        }
    }
}

const fn needed(name: &'static str, check: Check) -> Part {
    Part {
        name,
        check,
        needed: true,
    }
}

const fn possible(name: &'static str, check: Check) -> Part {
    Part {
        name,
        check,
        needed: false,
    }
}

const LINE: &[Part] = &[needed("value", Check::Line)];
const LINES: &[Part] = &[needed("value", Check::Lines)];
const CODE: &[Part] = &[needed("value", Check::Code)];
const COUNTRY: &[Part] = &[needed("value", Check::Country)];

/// ISO/IEC 5218 with the values the PID Rulebook adds.
const SEXES: &[&str] = &["1", "2", "3", "4", "5", "6", "0", "9"];
const BLOOD: &[&str] = &["O-", "O+", "A-", "A+", "B-", "B+", "AB-", "AB+"];

/// OpenID Connect Core 1.0 §5.1.1, with the house number of the PID.
const ADDRESS: &[Part] = &[
    needed("street_address", Check::Line),
    possible("house_number", Check::Line),
    possible("postal_code", Check::Postcode),
    needed("locality", Check::Line),
    possible("region", Check::Line),
    needed("country", Check::Country),
];
const PLACE: &[Part] = &[
    possible("locality", Check::Line),
    possible("region", Check::Line),
    needed("country", Check::Country),
];

const fn one(id: &'static str, group: &'static str, parts: &'static [Part], pid: &'static str) -> DetailKind {
    DetailKind {
        id,
        group,
        parts,
        pid,
        many: false,
        sensitive: false,
        own_name: OwnName::None,
    }
}

const fn many(
    id: &'static str,
    group: &'static str,
    parts: &'static [Part],
    pid: &'static str,
) -> DetailKind {
    DetailKind {
        many: true,
        own_name: OwnName::Possible,
        ..one(id, group, parts, pid)
    }
}

const fn sensitive(kind: DetailKind) -> DetailKind {
    DetailKind {
        sensitive: true,
        ..kind
    }
}

const fn named(kind: DetailKind) -> DetailKind {
    DetailKind {
        own_name: OwnName::Needed,
        ..kind
    }
}

/// All kinds, in the order in which they are offered; those of a group stand together.
pub const KINDS: &[DetailKind] = &[
    many("email", "contact", &[needed("value", Check::Email)], "email"),
    many(
        "phone",
        "contact",
        &[needed("value", Check::Phone)],
        "phone_number",
    ),
    many("website", "contact", &[needed("value", Check::Url)], ""),
    many(
        "emergency_contact",
        "contact",
        &[needed("name", Check::Line), needed("phone", Check::Phone)],
        "",
    ),
    one("given_name", "name", LINE, "given_name"),
    one("family_name", "name", LINE, "family_name"),
    one("middle_name", "name", LINE, ""),
    one("nickname", "name", LINE, ""),
    one("title", "name", LINE, ""),
    one("birth_given_name", "name", LINE, "birth_given_name"),
    one("birth_family_name", "name", LINE, "birth_family_name"),
    one(
        "birthdate",
        "person",
        &[needed("value", Check::PastDay)],
        "birthdate",
    ),
    one("place_of_birth", "person", PLACE, "place_of_birth"),
    many("nationality", "person", COUNTRY, "nationalities"),
    one(
        "gender",
        "person",
        &[needed("value", Check::Choice(SEXES))],
        "sex",
    ),
    many("language", "person", &[needed("value", Check::Language)], ""),
    many("address", "address", ADDRESS, "address"),
    sensitive(many(
        "bank_account",
        "money",
        &[needed("iban", Check::Iban), possible("holder", Check::Line)],
        "",
    )),
    sensitive(one(
        "blood_group",
        "health",
        &[needed("value", Check::Choice(BLOOD))],
        "",
    )),
    sensitive(many("allergy", "health", LINE, "")),
    sensitive(many("medicine", "health", LINE, "")),
    sensitive(many(
        "health_insurance",
        "health",
        &[needed("number", Check::Code), possible("insurer", Check::Line)],
        "",
    )),
    sensitive(many("health_note", "health", LINES, "")),
    sensitive(many(
        "personal_number",
        "numbers",
        CODE,
        "personal_administrative_number",
    )),
    sensitive(one("bsn", "numbers", &[needed("value", Check::Bsn)], "")),
    sensitive(many("passport", "numbers", CODE, "")),
    sensitive(many("identity_document", "numbers", CODE, "document_number")),
    sensitive(many("driving_licence", "numbers", CODE, "")),
    sensitive(many("tax_number", "numbers", CODE, "")),
    many(
        "membership",
        "numbers",
        &[needed("organisation", Check::Line), needed("number", Check::Code)],
        "",
    ),
    many("occupation", "work", LINE, ""),
    many("employer", "work", LINE, ""),
    many("education", "work", LINE, ""),
    named(many("other", "other", LINE, "")),
    sensitive(named(many("note", "other", LINES, ""))),
];

/// The kind of this name.
#[must_use]
pub fn kind(id: &str) -> Option<&'static DetailKind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// The kind that a claim of a card is, or is a part of.
pub(crate) fn of_path(path: &ClaimsPath) -> Option<&'static DetailKind> {
    let Some(PathElement::Key(first)) = path.elements().first() else {
        return None;
    };
    KINDS
        .iter()
        .find(|kind| !kind.pid.is_empty() && kind.pid == first)
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
