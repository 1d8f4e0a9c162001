//! What kind of personal data a claim is: its Data Privacy Vocabulary category, whether it names a person, and
//! whether it needs special care.

use crate::claims::{ClaimsPath, PathElement};

/// The kind of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    /// Category of the DPV personal data taxonomy, e.g. `pd:Name`; `pd:Identifying` is used for what we do not know.
    pub pii_type: &'static str,
    /// It tells who the person is, or nearly so. Unknown claims count as identifying.
    pub identifying: bool,
    /// Deserves a warning: biometric, or a number that follows a person through life.
    pub sensitive: bool,
}

const fn plain(pii_type: &'static str) -> Category {
    Category {
        pii_type,
        identifying: false,
        sensitive: false,
    }
}

const fn identifying(pii_type: &'static str) -> Category {
    Category {
        pii_type,
        identifying: true,
        sensitive: false,
    }
}

const fn sensitive(pii_type: &'static str) -> Category {
    Category {
        pii_type,
        identifying: true,
        sensitive: true,
    }
}

/// The category of the claim at `path`, by the names of the PID rulebook and of our residence card. Claims of other
/// names are taken for identifying: a mistake then errs on the careful side.
#[must_use]
pub fn category(path: &ClaimsPath) -> Category {
    let mut keys = path.elements().iter().filter_map(|element| match element {
        PathElement::Key(key) => Some(key.as_str()),
        _ => None,
    });
    let (first, second) = (keys.next().unwrap_or_default(), keys.next());
    match (first, second) {
        ("family_name" | "given_name" | "birth_family_name" | "birth_given_name", _) => {
            identifying("pd:Name")
        }
        ("birthdate", _) => identifying("pd:BirthDate"),
        ("place_of_birth", Some("country")) => plain("pd:BirthPlace"),
        ("place_of_birth", _) => identifying("pd:BirthPlace"),
        ("nationalities", _) => plain("pd:Nationality"),
        ("address", Some("country" | "region" | "locality")) => plain("pd:Location"),
        ("address", _) => identifying("pd:PhysicalAddress"),
        ("municipality", _) => plain("pd:Location"),
        ("personal_administrative_number", _) => sensitive("pd:OfficialID"),
        ("document_number" | "library_number", _) => identifying("pd:UID"),
        ("picture", _) => sensitive("pd:FacialPrint"),
        ("sex", _) => plain("pd:Gender"),
        ("email", _) => identifying("pd:EmailAddress"),
        ("phone_number", _) => identifying("pd:TelephoneNumber"),
        ("age_equal_or_over", Some(_)) => plain("pd:AgeRange"),
        ("age_equal_or_over", None) => plain("pd:Age"),
        (
            "issuing_authority" | "issuing_country" | "issuing_jurisdiction" | "attestation_legal_category",
            _,
        ) => plain("pd:Country"),
        // Dates of issue and expiry are shared by everyone who got the document that day.
        ("date_of_expiry" | "date_of_issuance", _) => plain("pd:OfficialID"),
        _ => identifying("pd:Identifying"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_town_is_not_an_address_and_the_unknown_is_identifying() {
        let of = |keys: &[&str]| category(&ClaimsPath::keys(keys).unwrap());
        assert!(!of(&["address", "locality"]).identifying);
        assert!(of(&["address", "street_address"]).identifying);
        assert!(of(&["address"]).identifying);
        assert!(!of(&["age_equal_or_over", "16"]).identifying);
        assert!(of(&["something_new"]).identifying);
        assert!(of(&["picture"]).sensitive);
    }
}
