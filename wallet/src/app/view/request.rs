//! The request screen and its result.

use assent_core::encoding::record::{FromJson, ToJson};
use serde_json::Value;

use super::{CardChoice, SecretText};

/// What could be checked about a service, in four words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub enum ServiceTrust {
    /// Its certificate leads to a trusted register.
    Verified,
    /// Verified, but it asks for more than it says it needs.
    AsksForMore,
    /// Who it is could not be checked.
    Unverified,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Stable identifier, the key of history filters.
    pub id: String,
    /// Registered name when verified, else the domain.
    pub name: String,
    /// What could be checked.
    pub trust: ServiceTrust,
    /// Country of registration (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// Domain the answer goes to.
    pub domain: String,
    /// More about it: pairs of a code (`client-id`, `organization-id`, `certificate-issuer`, `contact`) and text.
    pub details: Vec<(String, String)>,
}

/// One detail of a card.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct DetailView {
    /// Claims path (JSON array).
    pub path: Value,
    /// Label in the language of the settings.
    pub label: String,
    /// The value as text.
    pub value: SecretText,
    /// True for details to show only on tap (portrait, national number).
    pub sensitive: bool,
}

/// Another card that fits. What it would show can differ: another value, more elements of a list, another of the
/// combinations that the service accepts.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct OtherCard {
    /// Card id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What is shared when it is chosen.
    pub details: Vec<DetailView>,
    /// Things to know when it is chosen.
    pub warnings: Vec<Warning>,
}

/// Details that come together from one card, without a switch.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct RequiredBlock {
    /// Credential query id.
    pub query_id: String,
    /// What is shared.
    pub details: Vec<DetailView>,
    /// The proposed card.
    pub card: CardChoice,
    /// Other cards that fit.
    pub other_cards: Vec<OtherCard>,
    /// Things to know about the proposed card's answer.
    pub warnings: Vec<Warning>,
}

/// One switch.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct OptionalSet {
    /// Id to send back in `requestShare.optional`.
    pub set_id: String,
    /// Why, as the service states it.
    pub purpose: Option<String>,
    /// What the switch shares; without values when `available` is false.
    pub details: Vec<DetailView>,
    /// The proposed card, when there is one.
    pub card: Option<CardChoice>,
    /// Other cards that fit.
    pub other_cards: Vec<OtherCard>,
    /// Credential query ids the switch stands for.
    pub query_ids: Vec<String>,
    /// False when no card has these details.
    pub available: bool,
    /// Things to know about the proposed card's answer; they count when the switch is on.
    pub warnings: Vec<Warning>,
}

/// A card that is needed and not here.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct MissingCard {
    /// Credential type.
    pub vct: String,
    /// Name for people.
    pub name: String,
    /// Names of the details asked from it.
    pub details: Vec<String>,
}

/// How recognisable the citizen will be, computed from what is really sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToJson, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum Recognisability {
    /// The service cannot tell that it is the same person next time.
    NotAtAll,
    /// The service can tell that the same visitor came back.
    SameVisitor,
    /// The service knows who it is.
    AsYou,
}

/// Recognisability with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct RecognisabilityView {
    /// The level, for the request when nothing optional is switched on, else for the choice that was asked about.
    pub level: Recognisability,
    /// Why, as codes.
    pub reasons: Vec<String>,
    /// For the request: the level with each switch on, as pairs of set id and level.
    pub with_optional: Vec<(String, Recognisability)>,
}

/// How long the service says it keeps the details.
#[derive(Debug, Clone, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct RetentionView {
    /// ISO 8601 duration as stated, e.g. `P30D`.
    pub text: String,
    /// True when a registrar vouches for it. The service's own word is not that.
    pub attested: bool,
}

/// Something to know before deciding.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Stable kebab-case code.
    pub code: String,
    /// In English.
    pub text: String,
    /// True when it must be in `requestShare.understood` before anything is shared.
    pub must_understand: bool,
}

impl Warning {
    /// A warning.
    #[must_use]
    pub fn new(code: &str, text: impl Into<String>, must_understand: bool) -> Self {
        Self {
            code: code.to_owned(),
            text: text.into(),
            must_understand,
        }
    }
}

/// The request screen.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// Names this request with everything that is shown of it; goes back with `requestShare`.
    pub shown: String,
    /// Who asks.
    pub service: ServiceView,
    /// Why, in the language of the settings when the service gave it.
    pub purpose: Option<String>,
    /// What is needed.
    pub required: Vec<RequiredBlock>,
    /// What can be added.
    pub optional: Vec<OptionalSet>,
    /// What is needed and not here.
    pub missing: Vec<MissingCard>,
    /// How recognisable the citizen will be.
    pub recognisability: RecognisabilityView,
    /// How long it is kept.
    pub retention: Option<RetentionView>,
    /// Who else gets it; `None` when the service says nothing.
    pub recipients: Option<Vec<String>>,
    /// Privacy policy.
    pub policy_url: Option<String>,
    /// True when a consent receipt will be kept by both sides.
    pub receipt: bool,
    /// True when the request asks for consent that can be withdrawn later.
    pub can_withdraw: bool,
    /// True when the answer leads back to the service on this device.
    pub same_device: bool,
    /// Things to know first, whatever is chosen.
    pub warnings: Vec<Warning>,
    /// False when required cards are missing.
    pub can_share: bool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The service has the details and said so.
    Shared,
    /// Refused; the service got only that.
    Declined,
    /// Nothing was sent.
    FailedBeforeSending,
    /// The service got the answer and refused it.
    Refused,
    /// The answer was sent; whether it arrived is not known.
    UnknownWhetherReceived,
}

/// The result screen.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ResultView {
    /// How it ended.
    pub outcome: Outcome,
    /// Name of the service.
    pub service: String,
    /// How many details were shared.
    pub count: usize,
    /// History entry.
    pub entry_id: String,
    /// Receipt, when one was made.
    pub receipt_id: Option<String>,
    /// Sharing that can be stopped, when there is one.
    pub sharing_id: Option<String>,
    /// True when the service countersigned the receipt.
    pub countersigned: bool,
    /// Where to go back to.
    pub redirect_uri: Option<String>,
    /// Things to know.
    pub warnings: Vec<Warning>,
}
