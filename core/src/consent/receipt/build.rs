//! The parts of a record that follow from the terms and the choice. Used to make a receipt, and to check that a
//! receipt says what the terms say.

use super::super::compile::Purpose;
use super::super::legal::{LegalBasis as Basis, RecordKind};
use super::super::linkability::Recognisability;
use super::super::request::ConsentRequest;
use super::super::terms::{Attribute, ConsentTerms};
use super::record::{Party, PiiAttribute, PiiInformation, Processing, RightsExercise, SharedCredential};

const AUTHORITY: &str = "authority";

/// The `processing` entry of each granted purpose.
pub(super) fn processing(
    request: &ConsentRequest,
    granted: &[Purpose],
    language: &str,
    level: Recognisability,
) -> Vec<Processing> {
    granted
        .iter()
        .map(|purpose| entry(request, purpose, language, level))
        .collect()
}

fn entry(request: &ConsentRequest, purpose: &Purpose, language: &str, level: Recognisability) -> Processing {
    let terms = &request.terms;
    Processing {
        processing_id: purpose.id.clone(),
        purpose: purpose.text.best(language).1.to_owned(),
        purpose_type: terms.purpose_type.clone(),
        lawful_basis: terms.legal_basis,
        pii_information: purpose
            .attributes
            .iter()
            .map(|attribute| pii(attribute, purpose.required))
            .collect(),
        pii_controllers: vec![controller_id(request)],
        recipient_third_parties: (1..=terms.recipients.len()).map(recipient_id).collect(),
        services: terms.service.iter().cloned().collect(),
        collection_method: "openid4vp".to_owned(),
        processing_method: terms.processing_methods.clone(),
        automated_decisions: terms.automated_decisions,
        storage_locations: terms.storage_locations.clone(),
        processing_locations: terms.processing_locations.clone(),
        geographic_restrictions: terms.geographic_restrictions.clone(),
        jurisdiction: terms.jurisdiction.clone(),
        retention_period: terms.retention.clone(),
        withdrawal_method: RightsExercise {
            right: "dpv:WithdrawConsent".to_owned(),
            is_exercised_at: terms.withdrawal_endpoint.to_string(),
        },
        privacy_rights: rights(terms),
        codes_of_conduct: terms.codes_of_conduct.clone(),
        impact_assessment: terms.impact_assessment.clone(),
        authority_party: AUTHORITY.to_owned(),
        disclosure_mode: match level {
            Recognisability::NotAtAll => "anonymous",
            Recognisability::SameVisitor => "pseudonymous",
            Recognisability::AsYou => "identified",
        }
        .to_owned(),
    }
}

fn pii(attribute: &Attribute, required: bool) -> PiiInformation {
    let category = attribute.category();
    PiiInformation {
        pii_type: category.pii_type.to_owned(),
        pii_attribute_id: PiiAttribute {
            format: "dc+sd-jwt".to_owned(),
            credential_type: attribute.vct.clone(),
            path: attribute.path.clone(),
        },
        pii_optional: if required { "dpv:Required" } else { "dpv:Optional" }.to_owned(),
        sensitive_pii_category: category.sensitive.then(|| "dpv:SensitivePersonalData".to_owned()),
        special_pii_category: attribute.special_category.clone(),
    }
}

/// GDPR Articles 13(2) and 14(2): the rights that go with the legal basis.
fn rights(terms: &ConsentTerms) -> Vec<RightsExercise> {
    let exercise = |right: &str, at: &str| RightsExercise {
        right: right.to_owned(),
        is_exercised_at: at.to_owned(),
    };
    let contact = terms.rights_contact.as_str();
    let mut out = Vec::new();
    if terms.record_kind() == RecordKind::Consent {
        out.push(exercise("eu-gdpr:A7-3", terms.withdrawal_endpoint.as_str()));
    }
    for right in ["eu-gdpr:A15", "eu-gdpr:A16", "eu-gdpr:A17", "eu-gdpr:A18"] {
        out.push(exercise(right, contact));
    }
    match terms.legal_basis {
        Basis::Consent | Basis::ExplicitConsent | Basis::Contract => {
            out.push(exercise("eu-gdpr:A20", contact))
        }
        Basis::PublicTask | Basis::LegitimateInterests => out.push(exercise("eu-gdpr:A21", contact)),
        Basis::LegalObligation | Basis::VitalInterests => {}
    }
    if terms.automated_decisions {
        out.push(exercise("eu-gdpr:A22", contact));
    }
    out.push(exercise("eu-gdpr:A77", &terms.authority.url));
    out
}

/// The `event_type` of the first event.
pub(super) fn event_type(basis: Basis) -> &'static str {
    match basis {
        Basis::ExplicitConsent => "dpv:ExplicitlyExpressedConsent",
        Basis::Consent => "dpv:ExpressedConsent",
        _ => "dpv:Notice",
    }
}

/// The parties of the record.
pub(super) fn parties(request: &ConsentRequest) -> Vec<Party> {
    let terms = &request.terms;
    let mut out = vec![
        Party {
            party_id: controller_id(request),
            party_name: terms.controller.name.clone(),
            party_role: "dpv:DataController".to_owned(),
            party_type: terms.controller.party_type.clone(),
            party_address: Some(terms.controller.address.clone()),
            party_contact: Some(terms.controller.contact.clone()),
            party_country: terms.controller.country.clone(),
        },
        Party {
            party_id: AUTHORITY.to_owned(),
            party_name: terms.authority.name.clone(),
            party_role: "dpv:Authority".to_owned(),
            party_type: "dpv:DataProtectionAuthority".to_owned(),
            party_address: None,
            party_contact: Some(terms.authority.url.clone()),
            party_country: None,
        },
    ];
    for (index, recipient) in terms.recipients.iter().enumerate() {
        out.push(Party {
            party_id: recipient_id(index + 1),
            party_name: recipient.name.clone(),
            party_role: "dpv:ThirdParty".to_owned(),
            party_type: "dpv:Organisation".to_owned(),
            party_address: None,
            party_contact: None,
            party_country: recipient.country.clone(),
        });
    }
    out
}

/// What the granted purposes share, by credential query.
pub(super) fn shared(granted: &[Purpose]) -> Vec<SharedCredential> {
    let mut out: Vec<SharedCredential> = Vec::new();
    for purpose in granted {
        let mut types: Vec<&str> = Vec::new();
        for attribute in &purpose.attributes {
            let position = match types.iter().position(|vct| *vct == attribute.vct) {
                Some(position) => position,
                None => {
                    types.push(&attribute.vct);
                    types.len() - 1
                }
            };
            let Some(id) = purpose.query_ids.get(position) else {
                continue;
            };
            match out.iter_mut().find(|shared| shared.query_id == *id) {
                Some(shared) => shared.paths.push(attribute.path.clone()),
                None => out.push(SharedCredential {
                    query_id: id.clone(),
                    vct: attribute.vct.clone(),
                    paths: vec![attribute.path.clone()],
                }),
            }
        }
    }
    out
}

fn controller_id(request: &ConsentRequest) -> String {
    request
        .terms
        .controller
        .id
        .clone()
        .unwrap_or_else(|| request.client_id.clone())
}

fn recipient_id(number: usize) -> String {
    format!("recipient-{number}")
}
