//! Terms as JSON: what goes into the signed consent request.

use serde_json::{Map, Value};

use super::{Attribute, ConsentTerms, Recipient};
use crate::encoding::json::Object;
use crate::encoding::record::{ToJson as _, put};
use crate::record;

impl ConsentTerms {
    /// The complete terms, defaults written out. [`ConsentTerms::from_signed`] reads them back to the same value.
    #[must_use]
    pub fn to_object(&self) -> Object {
        let mut out = Map::new();
        self.purpose.put_json(&mut out, "purpose");
        self.legal_basis.put_json(&mut out, "legal_basis");
        let required = self.required.iter().map(attribute).map(Value::Object);
        put(&mut out, "required", required.collect());
        put(&mut out, "optional", self.optional_json());
        self.retention.put_json(&mut out, "retention");
        self.validity.put_json(&mut out, "validity");
        put(
            &mut out,
            "recipients",
            self.recipients.iter().map(recipient).collect(),
        );
        for (name, texts) in [
            ("storage_locations", &self.storage_locations),
            ("processing_locations", &self.processing_locations),
            ("geographic_restrictions", &self.geographic_restrictions),
            ("processing_methods", &self.processing_methods),
            ("codes_of_conduct", &self.codes_of_conduct),
        ] {
            texts.put_json(&mut out, name);
        }
        self.automated_decisions.put_json(&mut out, "automated_decisions");
        self.jurisdiction.put_json(&mut out, "jurisdiction");
        put(&mut out, "controller", self.controller_json());
        self.privacy_policy.put_json(&mut out, "privacy_policy");
        self.rights_contact.put_json(&mut out, "rights_contact");
        let authority = record!({ "name": self.authority.name, "url": self.authority.url });
        put(&mut out, "authority", authority);
        self.withdrawal_endpoint.put_json(&mut out, "withdrawal_endpoint");
        self.language.put_json(&mut out, "language");
        for (name, value) in [
            ("purpose_type", &self.purpose_type),
            ("service", &self.service),
            ("privacy_policy_version", &self.privacy_policy_version),
            ("impact_assessment", &self.impact_assessment),
        ] {
            if let Some(value) = value {
                value.put_json(&mut out, name);
            }
        }
        out
    }

    fn optional_json(&self) -> Value {
        let entries = self.optional.iter().map(|optional| {
            let mut out = attribute(&optional.attribute);
            if let Some(purpose) = &optional.purpose {
                purpose.put_json(&mut out, "purpose");
            }
            if let Some(group) = &optional.group {
                group.put_json(&mut out, "group");
            }
            Value::Object(out)
        });
        entries.collect()
    }

    fn controller_json(&self) -> Value {
        let mut out = Map::new();
        self.controller.name.put_json(&mut out, "name");
        self.controller.contact.put_json(&mut out, "contact");
        self.controller.address.put_json(&mut out, "address");
        self.controller.party_type.put_json(&mut out, "type");
        if let Some(id) = &self.controller.id {
            id.put_json(&mut out, "id");
        }
        if let Some(country) = &self.controller.country {
            country.put_json(&mut out, "country");
        }
        Value::Object(out)
    }
}

fn attribute(attribute: &Attribute) -> Object {
    let mut out = Map::new();
    attribute.vct.put_json(&mut out, "vct");
    put(&mut out, "path", attribute.path.to_json());
    if let Some(category) = &attribute.special_category {
        category.put_json(&mut out, "special_category");
    }
    out
}

fn recipient(recipient: &Recipient) -> Value {
    match &recipient.country {
        Some(country) => record!({ "name": recipient.name, "country": country }),
        None => record!({ "name": recipient.name }),
    }
}
