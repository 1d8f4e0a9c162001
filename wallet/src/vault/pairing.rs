//! Adding a device: the new one shows a code to scan, both show six digits, the old one hands over the vault.
//!
//! ```text
//! new device                                     old device
//!   QR: session, ephemeral HPKE key ───────────────►
//!   ◄──────────────────────── 1  commitment to its nonce
//!   2  its nonce, device key, name ────────────────►
//!   ◄──────────────────────── 3  the nonce
//!   six digits from everything said so far: typed from the new one into the old one; then said to fit on the new one
//!   ◄──────────────────────── 4  root key and what the vault is known by, sealed to the ephemeral key
//! ```
//!
//! The messages go through a mailbox that may do what it likes with them. Whoever puts a key of its own in between must
//! bring about the same six digits on both sides, and must name its nonce before it sees the other one: one try, one chance
//! in a million. After other digits, or a broken message, there is no way on.

use std::fmt;

use assent_core::crypto::{SoftwareKey, constant_time_eq, sha256};
use assent_core::encoding::base64url;
use assent_core::env::{SecureRandom, Timestamp};
use assent_core::error::{Audience, Blame, ErrorCode};
use ciborium::Value;
use zeroize::Zeroizing;

use super::cbor::{self, Fields};
use super::context::VaultId;
use super::hpke::{self, POINT};
use super::manifest::Pin;
use super::root::RootKey;
use super::sealed::Known;
use super::slot::Unlocking;
use super::unlocked::UnlockedVault;
use super::{VaultError, keyring};

/// What the text of the QR code begins with.
const SCHEME: &str = "assent-pair:1.";
/// How long a pairing may take, in seconds.
const LIFETIME: i64 = 600;
/// Longest message, in bytes.
const MAX_MESSAGE: usize = 4096;

/// Why a pairing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// What was scanned is not a pairing code.
    #[error("this is not the code of a new device")]
    NotACode,
    /// It took longer than ten minutes.
    #[error("the pairing took too long")]
    Expired,
    /// A message was changed, or comes from somebody else.
    #[error("somebody interfered with the pairing")]
    Broken,
    /// The digits typed are not the digits here.
    #[error("the devices show different digits: somebody is between them")]
    DigitsDiffer,
    /// The platform gave no randomness.
    #[error("the platform gave no randomness")]
    Random,
}

impl ErrorCode for PairingError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotACode => "pairing-not-a-code",
            Self::Expired => "pairing-expired",
            Self::Broken => "pairing-broken",
            Self::DigitsDiffer => "pairing-digits-differ",
            Self::Random => "random-unavailable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::NotACode | Self::Expired => Blame::Caller,
            Self::Broken | Self::DigitsDiffer => Blame::Peer,
            Self::Random => Blame::Us,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

impl From<super::cbor::BadCbor> for PairingError {
    fn from(_: super::cbor::BadCbor) -> Self {
        Self::Broken
    }
}

impl From<assent_core::env::RandomUnavailable> for PairingError {
    fn from(_: assent_core::env::RandomUnavailable) -> Self {
        Self::Random
    }
}

/// What the new device brings: nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The public half of its own key, when its platform keeps one.
    pub device_key: Option<[u8; POINT]>,
    /// What it calls itself.
    pub name: String,
}

/// What the new device gets.
pub struct Paired {
    /// Where the vault lives.
    pub address: String,
    /// The vault.
    pub vault: VaultId,
    /// What the vault is known by.
    pub known: Known,
    /// As if one of its slots had been opened.
    pub unlocking: Unlocking,
}

/// The new device, waiting for the commitment.
pub struct NewDevice {
    session: [u8; 16],
    key: SoftwareKey,
    started: Timestamp,
}

/// The new device, waiting for the other nonce.
pub struct NewDeviceAnswered {
    new: NewDevice,
    commitment: [u8; 32],
    answer: Vec<u8>,
}

/// The new device, showing its digits.
pub struct NewDeviceChecking {
    key: SoftwareKey,
    transcript: [u8; 32],
    started: Timestamp,
}

/// The new device, told by the citizen that the digits are the same.
pub struct NewDeviceSure {
    key: SoftwareKey,
    transcript: [u8; 32],
    started: Timestamp,
}

/// The old device, waiting for the answer.
pub struct OldDevice {
    session: [u8; 16],
    theirs: [u8; POINT],
    nonce: [u8; 32],
    started: Timestamp,
}

/// The old device, waiting for the digits of the new one.
pub struct OldDeviceChecking {
    theirs: [u8; POINT],
    transcript: [u8; 32],
    newcomer: Newcomer,
    started: Timestamp,
}

/// The old device, told by the citizen that the digits are the same.
pub struct OldDeviceSure {
    theirs: [u8; POINT],
    transcript: [u8; 32],
    newcomer: Newcomer,
}

impl NewDevice {
    /// Begins. Returns the text for the QR code.
    ///
    /// # Errors
    /// [`PairingError::Random`].
    pub fn start(now: Timestamp, rng: &mut dyn SecureRandom) -> Result<(Self, String), PairingError> {
        let mut session = [0; 16];
        rng.fill(&mut session)?;
        let key = SoftwareKey::generate(rng)?;
        let code = [&session[..], &keyring::public(&key)].concat();
        let text = [SCHEME, &base64url::encode(&code)].concat();
        Ok((
            Self {
                session,
                key,
                started: now,
            },
            text,
        ))
    }

    /// Where its messages are: the mailbox's name.
    #[must_use]
    pub fn session(&self) -> String {
        base64url::encode(&self.session)
    }

    /// Takes message 1, gives message 2.
    ///
    /// # Errors
    /// [`PairingError`].
    pub fn commitment(
        self,
        message: &[u8],
        newcomer: &Newcomer,
        now: Timestamp,
        rng: &mut dyn SecureRandom,
    ) -> Result<(NewDeviceAnswered, Vec<u8>), PairingError> {
        in_time(self.started, now)?;
        let commitment = message.try_into().map_err(|_| PairingError::Broken)?;
        let mut nonce = [0; 32];
        rng.fill(&mut nonce)?;
        let answer = cbor::encode(&Value::Array(vec![
            cbor::bytes(&nonce),
            newcomer.device_key.map_or(Value::Null, |key| cbor::bytes(&key)),
            Value::from(newcomer.name.as_str()),
        ]));
        Ok((
            NewDeviceAnswered {
                new: self,
                commitment,
                answer: answer.clone(),
            },
            answer,
        ))
    }
}

impl NewDeviceAnswered {
    /// Takes message 3.
    ///
    /// # Errors
    /// [`PairingError::Broken`] when the nonce is not the one that was committed to.
    pub fn nonce(self, message: &[u8], now: Timestamp) -> Result<NewDeviceChecking, PairingError> {
        let NewDevice {
            session,
            key,
            started,
        } = self.new;
        in_time(started, now)?;
        let nonce = message.try_into().map_err(|_| PairingError::Broken)?;
        let own = keyring::public(&key);
        if !constant_time_eq(&commitment_to(&session, &own, &nonce), &self.commitment) {
            return Err(PairingError::Broken);
        }
        let transcript = transcript(&session, &own, &self.answer, &nonce);
        Ok(NewDeviceChecking {
            key,
            transcript,
            started,
        })
    }
}

impl NewDeviceChecking {
    /// The digits to show.
    #[must_use]
    pub fn digits(&self) -> String {
        digits(&self.transcript)
    }

    /// Takes the digits that the citizen saw here, and that the old device took. Without this anybody who saw the code could hand
    /// over a vault of their own.
    ///
    /// # Errors
    /// [`PairingError::DigitsDiffer`]: the pairing is over, there is no second try.
    pub fn confirm(self, seen: &str, now: Timestamp) -> Result<NewDeviceSure, PairingError> {
        in_time(self.started, now)?;
        same_digits(seen, &self.transcript)?;
        Ok(NewDeviceSure {
            key: self.key,
            transcript: self.transcript,
            started: self.started,
        })
    }
}

impl NewDeviceSure {
    /// Takes message 4: the end of it.
    ///
    /// # Errors
    /// [`PairingError::Broken`] when it was not sealed by who said the rest, or was changed.
    pub fn finish(self, message: &[u8], now: Timestamp) -> Result<Paired, PairingError> {
        in_time(self.started, now)?;
        if message.len() > MAX_MESSAGE {
            return Err(PairingError::Broken);
        }
        let opened =
            hpke::open(&self.key, &info(&self.transcript), message).map_err(|_| PairingError::Broken)?;
        let mut fields = Fields::new(cbor::decode(&opened)?);
        let address = fields.text()?;
        let vault = VaultId(fields.fixed()?);
        let root = Zeroizing::new(fields.bytes()?);
        let signer = fields.fixed()?;
        let pin = Pin {
            counter: fields.number()?,
            hash: fields.fixed()?,
        };
        let slot = fields.optional()?.unwrap_or_default();
        fields.end()?;
        let root = RootKey::from_bytes(&root).ok_or(PairingError::Broken)?;
        Ok(Paired {
            address,
            vault,
            known: Known {
                pin,
                signer,
                // The root key in this message opens one manifest only.
                mark: None,
            },
            unlocking: Unlocking {
                slot,
                root,
                signer: Some(signer),
            },
        })
    }
}

impl OldDevice {
    /// Reads what the new device shows. Returns message 1.
    ///
    /// # Errors
    /// [`PairingError::NotACode`], [`PairingError::Random`].
    pub fn scan(
        text: &str,
        now: Timestamp,
        rng: &mut dyn SecureRandom,
    ) -> Result<(Self, Vec<u8>), PairingError> {
        let code = text
            .trim()
            .strip_prefix(SCHEME)
            .filter(|code| code.len() < MAX_MESSAGE);
        let code = code
            .and_then(|code| base64url::decode(code).ok())
            .ok_or(PairingError::NotACode)?;
        let (session, theirs) = code.split_first_chunk().ok_or(PairingError::NotACode)?;
        let theirs: [u8; POINT] = theirs.try_into().map_err(|_| PairingError::NotACode)?;
        // Now, not after the digits: nothing can be sealed to what is no point of the curve.
        if hpke::seal(&theirs, b"", b"", rng)?.is_empty() {
            return Err(PairingError::NotACode);
        }
        let mut nonce = [0; 32];
        rng.fill(&mut nonce)?;
        let commitment = commitment_to(session, &theirs, &nonce).to_vec();
        Ok((
            Self {
                session: *session,
                theirs,
                nonce,
                started: now,
            },
            commitment,
        ))
    }

    /// Where its messages are: the mailbox's name.
    #[must_use]
    pub fn session(&self) -> String {
        base64url::encode(&self.session)
    }

    /// Takes message 2, gives message 3.
    ///
    /// # Errors
    /// [`PairingError`].
    pub fn answer(
        self,
        message: &[u8],
        now: Timestamp,
    ) -> Result<(OldDeviceChecking, Vec<u8>), PairingError> {
        in_time(self.started, now)?;
        if message.len() > MAX_MESSAGE {
            return Err(PairingError::Broken);
        }
        let mut fields = Fields::new(cbor::decode(message)?);
        let _nonce: [u8; 32] = fields.fixed()?;
        let device_key = fields.optional()?;
        let name = fields.text()?;
        fields.end()?;
        let name = super::change_slots::name(&name).map_err(|_| PairingError::Broken)?;
        let checking = OldDeviceChecking {
            theirs: self.theirs,
            transcript: transcript(&self.session, &self.theirs, message, &self.nonce),
            newcomer: Newcomer { device_key, name },
            started: self.started,
        };
        Ok((checking, self.nonce.to_vec()))
    }
}

impl OldDeviceChecking {
    /// The digits to show.
    #[must_use]
    pub fn digits(&self) -> String {
        digits(&self.transcript)
    }

    /// What wants to be added.
    #[must_use]
    pub fn newcomer(&self) -> &Newcomer {
        &self.newcomer
    }

    /// Takes the digits that the citizen read on the new device.
    ///
    /// # Errors
    /// [`PairingError::DigitsDiffer`]: the pairing is over, there is no second try.
    pub fn confirm(self, typed: &str, now: Timestamp) -> Result<OldDeviceSure, PairingError> {
        in_time(self.started, now)?;
        same_digits(typed, &self.transcript)?;
        Ok(OldDeviceSure {
            theirs: self.theirs,
            transcript: self.transcript,
            newcomer: self.newcomer,
        })
    }
}

impl OldDeviceSure {
    /// What to add a slot for, before [`OldDeviceSure::hand_over`].
    #[must_use]
    pub fn newcomer(&self) -> &Newcomer {
        &self.newcomer
    }

    /// Message 4: the vault as it is now, with the new device's slot in it.
    ///
    /// # Errors
    /// [`VaultError::NoSuchSlot`] when its slot was not added; [`VaultError::Random`].
    pub fn hand_over(
        self,
        vault: &UnlockedVault,
        address: &str,
        rng: &mut dyn SecureRandom,
    ) -> Result<Vec<u8>, VaultError> {
        let slot = match self.newcomer.device_key {
            Some(key) => {
                let slots = &vault.header().slots;
                let slot = slots
                    .iter()
                    .find(|slot| *slot.public() == key)
                    .ok_or(VaultError::NoSuchSlot)?;
                cbor::bytes(&slot.id())
            }
            None => Value::Null,
        };
        let known = vault.known();
        let content = cbor::encode_secret(Value::Array(vec![
            Value::from(address),
            cbor::bytes(&vault.header().vault.0),
            cbor::bytes(vault.root.expose()),
            cbor::bytes(&known.signer),
            Value::from(known.pin.counter),
            cbor::bytes(&known.pin.hash),
            slot,
        ]));
        Ok(hpke::seal(&self.theirs, &info(&self.transcript), &content, rng)?)
    }
}

fn in_time(started: Timestamp, now: Timestamp) -> Result<(), PairingError> {
    if (0..=LIFETIME).contains(&now.since(started)) {
        Ok(())
    } else {
        Err(PairingError::Expired)
    }
}

fn same_digits(seen: &str, transcript: &[u8; 32]) -> Result<(), PairingError> {
    let seen: String = seen.chars().filter(|c| !c.is_whitespace()).collect();
    if constant_time_eq(seen.as_bytes(), digits(transcript).as_bytes()) {
        Ok(())
    } else {
        Err(PairingError::DigitsDiffer)
    }
}

fn commitment_to(session: &[u8; 16], new: &[u8; POINT], nonce: &[u8; 32]) -> [u8; 32] {
    // All of one length.
    sha256(&[&b"assent/pair/commit/1"[..], session, new, nonce].concat())
}

fn transcript(session: &[u8; 16], new: &[u8; POINT], answer: &[u8], nonce: &[u8; 32]) -> [u8; 32] {
    sha256(&cbor::encode(&Value::Array(vec![
        Value::from("assent/pair/1"),
        cbor::bytes(session),
        cbor::bytes(new),
        cbor::bytes(answer),
        cbor::bytes(nonce),
    ])))
}

/// Six digits: 2^64 is so much more than a million that no digits are likelier than others.
fn digits(transcript: &[u8; 32]) -> String {
    let hash = sha256(&[&b"assent/pair/digits/1"[..], transcript].concat());
    let number = hash
        .iter()
        .take(8)
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{:06}", number % 1_000_000)
}

fn info(transcript: &[u8; 32]) -> Vec<u8> {
    [&b"assent/pair/hand-over/1"[..], transcript].concat()
}

macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )*};
}

redacted!(
    Paired,
    NewDevice,
    NewDeviceAnswered,
    NewDeviceChecking,
    NewDeviceSure,
    OldDevice,
    OldDeviceChecking,
    OldDeviceSure
);

#[cfg(test)]
#[path = "pairing_tests.rs"]
mod tests;
