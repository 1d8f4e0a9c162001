//! What the sandbox issues.

use std::collections::BTreeMap;

use crate::claims::ClaimsPath;
use crate::issuer::IssuerSettings;
use crate::oid4vci::metadata::{ClaimDescription, Display, ProofType};
use crate::oid4vci::{CredentialConfiguration, CredentialKind};
use crate::profile::Endpoint;

/// Configuration id of the identity card.
pub const IDENTITY: &str = "identity";

/// Type of the identity card: that of a PID (rulebook 1.7 §4).
pub const IDENTITY_VCT: &str = "urn:eudi:pid:1";

/// Configuration id of the residence card.
pub const RESIDENCE: &str = "residence";

/// Type of the residence card.
pub const RESIDENCE_VCT: &str = "urn:assent:residence:1";

/// Path, English name, Dutch name, always there.
type Row = (&'static [&'static str], &'static str, &'static str, bool);

/// The PID dictionary (CIR 2024/2977; rulebook 1.7), SD-JWT names. There is no `age_equal_or_over` in a PID since
/// rulebook 1.1: ages as yes or no are on the residence card.
const IDENTITY_CLAIMS: [Row; 31] = [
    (&["family_name"], "Family name", "Achternaam", true),
    (&["given_name"], "Given name", "Voornaam", true),
    (&["birthdate"], "Date of birth", "Geboortedatum", true),
    (&["place_of_birth"], "Place of birth", "Geboorteplaats", true),
    (
        &["place_of_birth", "country"],
        "Country of birth",
        "Geboorteland",
        false,
    ),
    (
        &["place_of_birth", "region"],
        "Region of birth",
        "Geboorteregio",
        false,
    ),
    (
        &["place_of_birth", "locality"],
        "Town of birth",
        "Plaats van geboorte",
        false,
    ),
    (&["nationalities"], "Nationalities", "Nationaliteiten", true),
    (&["address"], "Address", "Adres", false),
    (&["address", "formatted"], "Full address", "Volledig adres", false),
    (&["address", "country"], "Country", "Land", false),
    (&["address", "region"], "Region", "Provincie", false),
    (&["address", "locality"], "Town", "Woonplaats", false),
    (&["address", "postal_code"], "Postal code", "Postcode", false),
    (&["address", "street_address"], "Street", "Straat", false),
    (&["address", "house_number"], "House number", "Huisnummer", false),
    (
        &["personal_administrative_number"],
        "Personal number",
        "Persoonsnummer",
        false,
    ),
    (&["picture"], "Photo", "Foto", false),
    (
        &["birth_family_name"],
        "Family name at birth",
        "Achternaam bij geboorte",
        false,
    ),
    (
        &["birth_given_name"],
        "Given name at birth",
        "Voornaam bij geboorte",
        false,
    ),
    (&["sex"], "Sex", "Geslacht", false),
    (&["email"], "Email", "E-mail", false),
    (&["phone_number"], "Phone", "Telefoon", false),
    (&["date_of_expiry"], "Valid until", "Geldig tot", true),
    (&["date_of_issuance"], "Issued on", "Uitgegeven op", false),
    (&["issuing_authority"], "Issued by", "Uitgegeven door", true),
    (&["issuing_country"], "Issuing country", "Land van uitgifte", true),
    (&["document_number"], "Document number", "Documentnummer", false),
    (
        &["issuing_jurisdiction"],
        "Issuing region",
        "Regio van uitgifte",
        false,
    ),
    (&["trust_anchor"], "Trust anchor", "Vertrouwensanker", false),
    (
        &["attestation_legal_category"],
        "Legal category",
        "Juridische categorie",
        true,
    ),
];

const RESIDENCE_CLAIMS: [Row; 9] = [
    (&["email"], "Email", "E-mail", true),
    (&["library_number"], "Library number", "Bibliotheeknummer", true),
    (&["municipality"], "Municipality", "Gemeente", true),
    (&["age_equal_or_over"], "Age", "Leeftijd", true),
    (&["age_equal_or_over", "12"], "12 or over", "12 of ouder", false),
    (&["age_equal_or_over", "16"], "16 or over", "16 of ouder", false),
    (&["age_equal_or_over", "18"], "18 or over", "18 of ouder", false),
    (&["age_equal_or_over", "21"], "21 or over", "21 of ouder", false),
    (&["age_equal_or_over", "65"], "65 or over", "65 of ouder", false),
];

/// The two configurations, by id.
#[must_use]
pub fn configurations() -> BTreeMap<String, CredentialConfiguration> {
    let identity = ["Identity card (sandbox)", "Identiteitskaart (proef)"];
    let residence = ["Residence card (sandbox)", "Bewonerskaart (proef)"];
    BTreeMap::from([
        (
            IDENTITY.to_owned(),
            configuration(IDENTITY_VCT, IDENTITY, identity, &IDENTITY_CLAIMS),
        ),
        (
            RESIDENCE.to_owned(),
            configuration(RESIDENCE_VCT, RESIDENCE, residence, &RESIDENCE_CLAIMS),
        ),
    ])
}

/// Settings of a sandbox issuer.
#[must_use]
pub fn settings(identifier: Endpoint) -> IssuerSettings {
    IssuerSettings {
        display: names("Assent sandbox", "Assent proefomgeving"),
        type_integrity: super::types()
            .iter()
            .map(|known| (known.vct().to_owned(), known.integrity()))
            .collect(),
        ..IssuerSettings::new(identifier, configurations())
    }
}

fn configuration(vct: &str, scope: &str, name: [&str; 2], rows: &[Row]) -> CredentialConfiguration {
    let claims = rows.iter().filter_map(|(path, english, dutch, mandatory)| {
        Some(ClaimDescription {
            path: ClaimsPath::keys(path)?,
            mandatory: *mandatory,
            display: names(english, dutch),
        })
    });
    CredentialConfiguration {
        kind: CredentialKind::SdJwtVc { vct: vct.to_owned() },
        scope: Some(scope.to_owned()),
        binding_methods: vec!["jwk".to_owned()],
        signing_algorithms: vec!["ES256".to_owned()],
        proof_types: std::iter::once((
            "jwt".to_owned(),
            ProofType {
                signing_algorithms: vec!["ES256".to_owned()],
                key_attestations_required: None,
            },
        ))
        .collect(),
        display: names(name[0], name[1]),
        claims: claims.collect(),
    }
}

fn names(english: &str, dutch: &str) -> Vec<Display> {
    vec![Display::named(english, "en"), Display::named(dutch, "nl")]
}
