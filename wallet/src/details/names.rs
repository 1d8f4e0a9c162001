//! What kinds of details are called elsewhere: for people who build on them. No app needs it at run time, so that it is not in
//! the browser's download.

use super::catalogue::{Check, DetailKind};
use super::codes;
use crate::labels::claim_name;

/// By kind: claim of OpenID Connect Core 1.0 §5.1 or OpenID Connect for Identity Assurance, or nothing; and term of the Data
/// Privacy Vocabulary's personal data taxonomy (DPV 2.0 PD).
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("email", "email", "pd:EmailAddress"),
    ("phone", "phone_number", "pd:TelephoneNumber"),
    ("website", "website", "pd:Contact"),
    ("emergency_contact", "", "pd:Relationship"),
    ("given_name", "given_name", "pd:Name"),
    ("family_name", "family_name", "pd:Name"),
    ("middle_name", "middle_name", "pd:Name"),
    ("nickname", "nickname", "pd:Name"),
    ("title", "title", "pd:Name"),
    ("birth_given_name", "birth_given_name", "pd:Name"),
    ("birth_family_name", "birth_family_name", "pd:Name"),
    ("birthdate", "birthdate", "pd:BirthDate"),
    ("place_of_birth", "place_of_birth", "pd:PlaceOfBirth"),
    ("nationality", "nationalities", "pd:Nationality"),
    ("gender", "gender", "pd:Gender"),
    ("language", "locale", "pd:Language"),
    ("address", "address", "pd:PhysicalAddress"),
    ("bank_account", "", "pd:FinancialAccountNumber"),
    ("blood_group", "", "pd:BloodType"),
    ("allergy", "", "pd:Health"),
    ("medicine", "", "pd:Prescription"),
    ("health_insurance", "", "pd:Insurance"),
    ("health_note", "", "pd:MedicalHealth"),
    ("personal_number", "", "pd:OfficialID"),
    ("bsn", "", "pd:OfficialID"),
    ("passport", "", "pd:Passport"),
    ("identity_document", "", "pd:OfficialID"),
    ("driving_licence", "", "pd:OfficialID"),
    ("tax_number", "", "pd:OfficialID"),
    ("membership", "", "pd:UID"),
    ("occupation", "", "pd:Job"),
    ("employer", "", "pd:CurrentEmployment"),
    ("education", "", "pd:EducationQualification"),
    ("other", "", "pd:Identifying"),
    ("note", "", "pd:Identifying"),
];

/// By kind: what people call it, in English and Dutch, where cards do not have it under the same name. The app has the same
/// words in its catalogue of texts.
const WORDS: &[(&str, &str, &str)] = &[
    ("email", "E-mail address", "E-mailadres"),
    ("website", "Website", "Website"),
    ("emergency_contact", "Emergency contact", "Contact bij nood"),
    ("middle_name", "Middle name", "Tweede naam"),
    ("nickname", "Name people call you", "Roepnaam"),
    ("title", "Title", "Titel"),
    ("nationality", "Nationality", "Nationaliteit"),
    ("gender", "Gender", "Geslacht"),
    ("language", "Language", "Taal"),
    ("bank_account", "Bank account", "Bankrekening"),
    ("blood_group", "Blood group", "Bloedgroep"),
    ("allergy", "Allergy", "Allergie"),
    ("medicine", "Medicine", "Medicijn"),
    ("health_insurance", "Health insurance", "Zorgverzekering"),
    ("health_note", "Note about health", "Notitie over gezondheid"),
    ("personal_number", "Personal number", "Persoonsnummer"),
    ("bsn", "Citizen service number (BSN)", "Burgerservicenummer (BSN)"),
    ("passport", "Passport number", "Paspoortnummer"),
    (
        "identity_document",
        "Identity document number",
        "Nummer identiteitsbewijs",
    ),
    ("driving_licence", "Driving licence number", "Rijbewijsnummer"),
    ("tax_number", "Tax number", "Fiscaal nummer"),
    ("membership", "Membership", "Lidmaatschap"),
    ("occupation", "Occupation", "Beroep"),
    ("employer", "Employer", "Werkgever"),
    ("education", "Education", "Opleiding"),
    ("other", "Something else", "Iets anders"),
    ("note", "Note", "Notitie"),
];

/// What people call a kind, in `language` (`en`, `nl`); the stable name of one that is not known.
#[must_use]
pub fn kind_name<'a>(id: &'a str, language: &str) -> &'a str {
    if let Some((_, en, nl)) = WORDS.iter().find(|(known, _, _)| *known == id) {
        return if language == "nl" { nl } else { en };
    }
    // A detail of the same name on a card.
    claim_name(elsewhere(id).1, language).unwrap_or(id)
}

fn elsewhere(id: &str) -> (&'static str, &'static str, &'static str) {
    let found = ELSEWHERE.iter().find(|(known, _, _)| *known == id);
    found.copied().unwrap_or_default()
}

impl DetailKind {
    /// Claim of OpenID Connect; empty when there is none.
    #[must_use]
    pub fn oidc(&self) -> &'static str {
        elsewhere(self.id).1
    }

    /// Term of the Data Privacy Vocabulary.
    #[must_use]
    pub fn dpv(&self) -> &'static str {
        elsewhere(self.id).2
    }
}

impl Check {
    /// What it is called in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Lines => "lines",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::PastDay => "day",
            Self::Country => "country",
            Self::Language => "language",
            Self::Iban => "iban",
            Self::Bsn => "bsn",
            Self::Code => "code",
            Self::Postcode => "postcode",
            Self::Choice(_) => "choice",
        }
    }

    /// What can be chosen; empty where anything can be written.
    #[must_use]
    pub fn options(self) -> Vec<&'static str> {
        match self {
            Self::Choice(options) => options.to_vec(),
            Self::Country => codes::countries(),
            Self::Language => codes::languages(),
            _ => Vec::new(),
        }
    }
}
