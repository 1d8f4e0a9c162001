//! What a person should know before deciding.

use crate::app::view::Warning;

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedWarning {
    pub(crate) code: &'static str,
    text: &'static str,
    /// Sharing needs it confirmed.
    pub(crate) must_understand: bool,
}

impl NamedWarning {
    pub(crate) fn view(&self) -> Warning {
        Warning::new(self.code, self.text, self.must_understand)
    }

    /// ARF RPA_05: who asks could not be authenticated; the person may still choose.
    pub(super) const UNVERIFIED: Self = Self::must("service-unverified", "We could not check who is asking.");
    /// A2: more is asked than the terms say.
    pub(super) const ASKS_FOR_MORE: Self = Self::must(
        "asks-for-more",
        "This service asks for more than it says it needs.",
    );
    /// The signed terms do not belong to this request.
    pub(super) const TERMS_UNUSABLE: Self = Self::must(
        "terms-unusable",
        "The terms that came with this request cannot be trusted.",
    );
    /// ARF RPA_07c: a portrait needs its own approval.
    pub(super) const PORTRAIT: Self = Self::must("portrait", "Your photo is asked for.");
    /// ISSU_47 would reuse a copy; we ask first.
    pub(super) const COPY_REUSED: Self = Self::must(
        "card-copy-reused",
        "You used all copies of this card. Sharing again makes you recognisable.",
    );
    /// The answer is protected by the connection only.
    pub(super) const NOT_ENCRYPTED: Self = Self::may(
        "response-not-encrypted",
        "The answer is protected by the connection only.",
    );
    /// Phishing across devices: the code may have been shown by someone else.
    pub(super) const OTHER_DEVICE: Self =
        Self::may("other-device", "Check that you are on the website named here.");
    /// Most services need an age limit, not the date.
    pub(super) const BIRTH_DATE: Self = Self::may(
        "birth-date",
        "Your full date of birth is asked for, not just your age.",
    );

    const fn must(code: &'static str, text: &'static str) -> Self {
        Self {
            code,
            text,
            must_understand: true,
        }
    }

    const fn may(code: &'static str, text: &'static str) -> Self {
        Self {
            code,
            text,
            must_understand: false,
        }
    }
}
