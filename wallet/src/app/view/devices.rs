//! Devices.

use assent_core::encoding::record::ToJson;

/// How far adding a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum PairingState {
    /// This device is new, shows its code and waits for the other one.
    Code,
    /// The other device must say something.
    Waiting,
    /// The new device shows digits; the person types them on the other one.
    Digits,
    /// The person said yes on this device, which is new; the other one must still give the vault.
    Receiving,
    /// This device gave the vault.
    Given,
    /// This device is new and has the vault, which is open.
    Received,
}

/// A device that is being added.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct PairingView {
    /// How far it is.
    pub state: PairingState,
    /// What to show as a QR code, on the new device.
    pub code: Option<String>,
    /// Six digits, on the new device.
    pub digits: Option<String>,
    /// What the new device calls itself, on the one that gives.
    pub name: Option<String>,
    /// When it is over.
    pub until: i64,
    /// False when the service was not reached: try again after a while.
    pub reached: bool,
}

/// A device that has the vault.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// Its id.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub added_at: i64,
    /// About when it last opened the vault; `None` for one that was added and never came.
    pub seen_at: Option<i64>,
    /// It is the one in use.
    pub this_one: bool,
    /// It has a key of its own that opens the vault.
    pub own_key: bool,
}
