//! Plain data for screens: camelCase in JSON, texts only where they came from outside (names, purposes, labels).
//! Everything the wallet itself says is a code; user interfaces hold the words.
//!
//! Times are whole seconds since 1970 (UTC).

mod cards;
mod details;
mod devices;
mod documents;
mod request;
mod sharing;
mod vault;

pub use cards::{
    AwaitedCard, CardChoice, CardState, CardSummary, CardUse, CardView, FailedCard, OfferView, OfferedCard,
    TxCodeView,
};
pub use details::{CardDetail, DetailVersion, HolderView, OriginView, OwnDetail, Parts};
pub use devices::{DeviceView, PairingState, PairingView};
pub use documents::{DocumentView, FileView, UploadView};
pub use request::{
    DetailView, MissingCard, OptionalSet, OtherCard, Outcome, Recognisability, RecognisabilityView,
    RequestView, RequiredBlock, ResultView, RetentionView, ServiceTrust, ServiceView, Warning,
};
pub use sharing::{
    EntrySummary, EntryView, Proof, PurposeView, ReceiptView, SharedDetail, SharingState, SharingView,
};
pub use vault::{HomeView, MethodView, PasskeyQuestion, PointQuestion, SettingsView, StatusView, VaultState};

use assent_core::encoding::record::{FromJson, ToJson, Value};
use std::fmt;

use crate::vault::RecoveryCode;

/// Text that is personal or secret: shown on a screen, never printed by the program.
#[derive(Clone, Default, PartialEq, Eq, ToJson, FromJson)]
#[serde(transparent)]
pub struct SecretText(pub String);

/// Data that are personal or secret, for another part of the app: never printed by the program.
#[derive(Clone, PartialEq, ToJson)]
#[serde(transparent)]
pub struct SecretValue(pub Value);

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(redacted)")
    }
}

impl SecretText {
    /// A recovery code as it is shown: its groups.
    pub(crate) fn groups(code: &RecoveryCode) -> Vec<Self> {
        let groups = code.groups();
        groups.iter().map(|group| Self(group.to_string())).collect()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}
