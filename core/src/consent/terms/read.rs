//! Reading terms, and saying everything that is wrong with them at once.

use serde_json::Value;

use super::super::duration::Duration;
use super::super::legal::{LegalBasis, is_country, outside_eea};
use super::super::texts::{Texts, is_language_tag, is_text};
use super::{Attribute, Authority, ConsentTerms, Controller, MAX_ATTRIBUTES, OptionalAttribute, Recipient};
use crate::claims::ClaimsPath;
use crate::encoding::json::Object;
use crate::error::{Blame, ErrorCode};
use crate::profile::{Endpoint, Profile};

/// Members a service may write.
const KNOWN: [&str; 24] = [
    "purpose",
    "purpose_type",
    "legal_basis",
    "required",
    "optional",
    "retention",
    "validity",
    "recipients",
    "storage_locations",
    "processing_locations",
    "geographic_restrictions",
    "processing_methods",
    "automated_decisions",
    "jurisdiction",
    "controller",
    "service",
    "privacy_policy",
    "privacy_policy_version",
    "rights_contact",
    "authority",
    "withdrawal_endpoint",
    "language",
    "codes_of_conduct",
    "impact_assessment",
];

/// The terms are incomplete or wrong; all problems, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the consent request is not complete: {}", list(problems))]
pub struct TermsError {
    /// Never empty.
    pub problems: Vec<TermsProblem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsProblem {
    /// The field, e.g. `optional[0].path`.
    pub field: String,
    /// What is wrong, in plain words.
    pub reason: String,
}

impl ErrorCode for TermsError {
    fn code(&self) -> &'static str {
        "consent-request-incomplete"
    }

    fn blame(&self) -> Blame {
        Blame::Caller
    }
}

fn list(problems: &[TermsProblem]) -> String {
    let texts: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}", problem.field, problem.reason))
        .collect();
    texts.join("; ")
}

impl ConsentTerms {
    /// Reads what a service wrote. Unknown members are refused: a typing error must not drop a duty.
    /// `withdrawal_endpoint` is filled in where the service left it out.
    ///
    /// # Errors
    /// [`TermsError`] with every problem.
    pub fn parse(
        terms: &Object,
        withdrawal_endpoint: &Endpoint,
        profile: &Profile,
    ) -> Result<Self, TermsError> {
        let mut terms = terms.clone();
        terms
            .entry("withdrawal_endpoint")
            .or_insert_with(|| Value::from(withdrawal_endpoint.as_str()));
        let mut reader = Reader::new(profile);
        for name in terms.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            reader.problem(name, "is not a field of a consent request");
        }
        reader.read(&terms)
    }

    /// Reads complete terms out of a signed consent request. Unknown members are ignored, so that a later version
    /// can add some.
    ///
    /// # Errors
    /// [`TermsError`] with every problem.
    pub fn from_signed(terms: &Object, profile: &Profile) -> Result<Self, TermsError> {
        Reader::new(profile).read(terms)
    }
}

struct Reader<'p> {
    profile: &'p Profile,
    problems: Vec<TermsProblem>,
}

impl<'p> Reader<'p> {
    fn new(profile: &'p Profile) -> Self {
        Self {
            profile,
            problems: Vec::new(),
        }
    }

    fn problem(&mut self, field: &str, reason: &str) {
        self.problems.push(TermsProblem {
            field: field.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn read(mut self, o: &Object) -> Result<ConsentTerms, TermsError> {
        let purpose = self.texts(o, "purpose");
        let purpose_type = self.opt_iri(o, "purpose_type");
        let legal_basis = self.legal_basis(o);
        let required = self.attributes(o, "required");
        let optional = self.optional(o);
        let retention = self.duration(o, "retention");
        let validity = match o.get("validity") {
            None => retention.clone(),
            Some(_) => self.duration(o, "validity"),
        };
        let recipients = self.recipients(o);
        let storage_locations = self.countries(o, "storage_locations");
        let processing_locations = match o.get("processing_locations") {
            None => storage_locations.clone(),
            Some(_) => self.countries(o, "processing_locations"),
        };
        let geographic_restrictions = self.opt_list(o, "geographic_restrictions");
        let processing_methods = match o.get("processing_methods") {
            None => vec!["dpv:Collect".to_owned(), "dpv:Use".to_owned()],
            Some(_) => self.opt_list(o, "processing_methods"),
        };
        let automated_decisions = self.opt_bool(o, "automated_decisions");
        let jurisdiction = self.text(o, "", "jurisdiction");
        if jurisdiction.as_deref().is_some_and(|code| !is_country(code)) {
            self.problem("jurisdiction", "must be an ISO 3166-1 alpha-2 code");
        }
        let controller = self.controller(o);
        let service = self.opt_text(o, "", "service");
        let privacy_policy = self.endpoint(o, "privacy_policy");
        let privacy_policy_version = self.opt_text(o, "", "privacy_policy_version");
        let rights_contact = self.text(o, "", "rights_contact");
        let authority = self.authority(o);
        let withdrawal_endpoint = self.endpoint(o, "withdrawal_endpoint");
        let language = self.text(o, "", "language");
        if language.as_deref().is_some_and(|tag| !is_language_tag(tag)) {
            self.problem("language", "must be a BCP 47 language tag");
        }
        let codes_of_conduct = self.opt_list(o, "codes_of_conduct");
        let impact_assessment = self.opt_text(o, "", "impact_assessment");

        self.check_attributes(&required, &optional, legal_basis);
        let countries = storage_locations.iter().chain(&processing_locations).chain(
            recipients
                .iter()
                .filter_map(|recipient| recipient.country.as_ref()),
        );
        // GDPR Articles 44–49: outside the EEA the safeguards must be named.
        if geographic_restrictions.is_empty() && countries.into_iter().any(|code| outside_eea(code)) {
            self.problem(
                "geographic_restrictions",
                "must name the safeguards for data outside the EEA",
            );
        }
        let complete = (|| {
            Some(ConsentTerms {
                purpose: purpose?,
                purpose_type,
                legal_basis: legal_basis?,
                required,
                optional,
                retention: retention?,
                validity: validity?,
                recipients,
                storage_locations,
                processing_locations,
                geographic_restrictions,
                processing_methods,
                automated_decisions,
                jurisdiction: jurisdiction?,
                controller: controller?,
                service,
                privacy_policy: privacy_policy?,
                privacy_policy_version,
                rights_contact: rights_contact?,
                authority: authority?,
                withdrawal_endpoint: withdrawal_endpoint?,
                language: language?,
                codes_of_conduct,
                impact_assessment,
            })
        })();
        match complete {
            Some(terms) if self.problems.is_empty() => Ok(terms),
            _ => Err(TermsError {
                problems: self.problems,
            }),
        }
    }

    fn check_attributes(
        &mut self,
        required: &[Attribute],
        optional: &[OptionalAttribute],
        legal_basis: Option<LegalBasis>,
    ) {
        if required.is_empty() && optional.is_empty() {
            self.problem(
                "required",
                "must name at least one attribute, or there must be optional ones",
            );
        }
        if required.len() + optional.len() > MAX_ATTRIBUTES {
            self.problem("required", "has too many attributes");
        }
        let all: Vec<&Attribute> = required
            .iter()
            .chain(optional.iter().map(|o| &o.attribute))
            .collect();
        for (index, attribute) in all.iter().enumerate() {
            let overlaps = |other: &&Attribute| {
                other.vct == attribute.vct
                    && (other.path.covers(&attribute.path) || attribute.path.covers(&other.path))
            };
            // An attribute that is both required and optional could not be refused; one switch would control another.
            if all[..index].iter().any(overlaps) {
                let message = format!("asks for {} of {} twice", attribute.path, attribute.vct);
                self.problem("required", &message);
            }
            // GDPR Article 9: a special category needs explicit consent (C-09).
            if attribute.special_category.is_some() && legal_basis == Some(LegalBasis::Consent) {
                self.problem("legal_basis", "must be eu-gdpr:A9-2-a for a special category");
            }
        }
    }

    fn attributes(&mut self, o: &Object, name: &str) -> Vec<Attribute> {
        let entries = self.list(o, name);
        entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| self.attribute(entry, &format!("{name}[{index}]"), &[]))
            .collect()
    }

    fn optional(&mut self, o: &Object) -> Vec<OptionalAttribute> {
        let entries = self.list(o, "optional");
        let mut out = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("optional[{index}]");
            let attribute = self.attribute(entry, &at, &["purpose", "group"]);
            let purpose = entry
                .get("purpose")
                .and_then(|value| match Texts::from_json(value) {
                    Ok(texts) => Some(texts),
                    Err(bad) => {
                        self.problem(&format!("{at}.purpose"), &bad.to_string());
                        None
                    }
                });
            let group = match entry.as_object() {
                Some(object) => self.opt_text(object, &at, "group"),
                None => None,
            };
            out.extend(attribute.map(|attribute| OptionalAttribute {
                attribute,
                purpose,
                group,
            }));
        }
        out
    }

    fn attribute(&mut self, entry: &Value, at: &str, more: &[&str]) -> Option<Attribute> {
        let Some(object) = entry.as_object() else {
            self.problem(at, "must be an object with vct and path");
            return None;
        };
        let known = ["vct", "path", "special_category"];
        for name in object.keys().map(String::as_str) {
            if !known.contains(&name) && !more.contains(&name) {
                self.problem(&format!("{at}.{name}"), "is not known");
            }
        }
        let vct = self.text(object, at, "vct");
        let special_category = self.opt_text(object, at, "special_category");
        let path = match object.get("path").map(ClaimsPath::from_json) {
            Some(Ok(path)) => Some(path),
            _ => {
                self.problem(
                    &format!("{at}.path"),
                    "must be a claims path such as [\"address\", \"locality\"]",
                );
                None
            }
        };
        Some(Attribute {
            vct: vct?,
            path: path?,
            special_category,
        })
    }

    fn recipients(&mut self, o: &Object) -> Vec<Recipient> {
        if !o.contains_key("recipients") {
            self.problem(
                "recipients",
                "is missing; an empty list says that nobody else gets the data",
            );
        }
        let entries = self.list(o, "recipients");
        let mut out = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("recipients[{index}]");
            match entry {
                Value::String(name) if is_text(name) => out.push(Recipient {
                    name: name.clone(),
                    country: None,
                }),
                Value::Object(object) => {
                    let name = self.text(object, &at, "name");
                    let country = self.country(object, &at);
                    out.extend(name.map(|name| Recipient { name, country }));
                }
                _ => self.problem(&at, "must be a name, or an object with name and country"),
            }
        }
        out
    }

    fn controller(&mut self, o: &Object) -> Option<Controller> {
        let object = self.object(o, "controller")?;
        let (name, contact, address) = (
            self.text(object, "controller", "name"),
            self.text(object, "controller", "contact"),
            self.text(object, "controller", "address"),
        );
        let id = self.opt_text(object, "controller", "id");
        let party_type = self.opt_text(object, "controller", "type");
        let country = self.country(object, "controller");
        Some(Controller {
            name: name?,
            contact: contact?,
            address: address?,
            id,
            party_type: party_type.unwrap_or_else(|| "dpv:Organisation".to_owned()),
            country,
        })
    }

    fn authority(&mut self, o: &Object) -> Option<Authority> {
        let object = self.object(o, "authority")?;
        let (name, url) = (
            self.text(object, "authority", "name"),
            self.text(object, "authority", "url"),
        );
        Some(Authority {
            name: name?,
            url: url?,
        })
    }

    fn country(&mut self, o: &Object, at: &str) -> Option<String> {
        let country = self.opt_text(o, at, "country")?;
        if !is_country(&country) {
            self.problem(&format!("{at}.country"), "must be an ISO 3166-1 alpha-2 code");
        }
        Some(country)
    }

    fn legal_basis(&mut self, o: &Object) -> Option<LegalBasis> {
        let text = self.text(o, "", "legal_basis")?;
        let basis = LegalBasis::from_name(&text);
        if basis.is_none() {
            self.problem(
                "legal_basis",
                "must be one of eu-gdpr:A6-1-a … A6-1-f or eu-gdpr:A9-2-a",
            );
        }
        basis
    }

    fn duration(&mut self, o: &Object, name: &str) -> Option<Duration> {
        let text = self.text(o, "", name)?;
        let duration = Duration::parse(&text);
        if let Err(bad) = &duration {
            self.problem(name, &bad.to_string());
        }
        duration.ok()
    }

    fn endpoint(&mut self, o: &Object, name: &str) -> Option<Endpoint> {
        let text = self.text(o, "", name)?;
        let endpoint = Endpoint::parse(&text, self.profile);
        if endpoint.is_err() {
            self.problem(name, "must be an https address");
        }
        endpoint.ok()
    }

    fn texts(&mut self, o: &Object, name: &str) -> Option<Texts> {
        match o.get(name).map(Texts::from_json) {
            Some(Ok(texts)) => Some(texts),
            Some(Err(bad)) => {
                self.problem(name, &bad.to_string());
                None
            }
            None => {
                self.problem(name, "is missing");
                None
            }
        }
    }

    fn countries(&mut self, o: &Object, name: &str) -> Vec<String> {
        if !o.contains_key(name) {
            self.problem(name, "is missing");
            return Vec::new();
        }
        let list = self.opt_list(o, name);
        if list.is_empty() || !list.iter().all(|code| is_country(code)) {
            self.problem(name, "must be a list of ISO 3166-1 alpha-2 codes");
        }
        list
    }

    fn opt_iri(&mut self, o: &Object, name: &str) -> Option<String> {
        let text = self.opt_text(o, "", name)?;
        let plain = text.bytes().all(|b| b.is_ascii_graphic());
        if !plain || !text.contains(':') {
            self.problem(
                name,
                "must be an IRI or a prefixed name such as dpv:ServiceProvision",
            );
        }
        Some(text)
    }

    fn opt_bool(&mut self, o: &Object, name: &str) -> bool {
        match o.get(name) {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.problem(name, "must be true or false");
                false
            }
        }
    }

    fn object<'o>(&mut self, o: &'o Object, name: &str) -> Option<&'o Object> {
        let object = o.get(name).and_then(Value::as_object);
        if object.is_none() {
            let reason = if o.contains_key(name) {
                "must be an object"
            } else {
                "is missing"
            };
            self.problem(name, reason);
        }
        object
    }

    fn list(&mut self, o: &Object, name: &str) -> Vec<Value> {
        match o.get(name) {
            None => Vec::new(),
            Some(Value::Array(list)) if list.len() <= MAX_ATTRIBUTES => list.clone(),
            Some(_) => {
                self.problem(name, "must be a list of at most 64 entries");
                Vec::new()
            }
        }
    }

    fn opt_list(&mut self, o: &Object, name: &str) -> Vec<String> {
        let entries = self.list(o, name);
        let texts: Vec<String> = entries
            .iter()
            .filter_map(|entry| entry.as_str().filter(|text| is_text(text)))
            .map(str::to_owned)
            .collect();
        if texts.len() != entries.len() {
            self.problem(name, "must be a list of texts");
        }
        texts
    }

    fn opt_text(&mut self, o: &Object, at: &str, name: &str) -> Option<String> {
        o.contains_key(name).then(|| self.text(o, at, name)).flatten()
    }

    fn text(&mut self, o: &Object, at: &str, name: &str) -> Option<String> {
        let field = if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        };
        match o.get(name) {
            Some(Value::String(text)) if is_text(text) => return Some(text.clone()),
            Some(_) => self.problem(&field, "must be a text of 1 to 500 characters"),
            None => self.problem(&field, "is missing"),
        }
        None
    }
}
