//! Passkeys as Web Authentication Level 3 has them: what a registration says (§7.1), and whether an assertion is right (§7.2).
//!
//! Only what this server needs: no attestation, signatures ES256 and EdDSA, one origin. Why it is written out is in
//! specs/decisions/0029-passkeys-checked-by-the-server.md.

mod data;

use assent_core::crypto::{CryptoProvider as _, PublicKey, constant_time_eq, sha256};
use assent_core::encoding::base64url;
use assent_core::encoding::json::{self, Limits};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use self::data::AuthenticatorData;
use crate::crypto::RingCrypto;

/// Longest client data we read.
const MAX_CLIENT_DATA: usize = 4096;

/// The base point of P-256 (SEC 2 §2.4.2).
const BASE_POINT: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

/// Who asks for passkeys: the wallet app.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    origin: String,
    id_hash: [u8; 32],
}

/// What is kept of a passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its public key. The algorithm is fixed with it.
    pub key: CredentialKey,
    /// Signature counter, as last seen; 0 for a passkey that does not count.
    pub counter: u32,
    /// It can be copied to other devices. That never changes.
    pub backup_eligible: bool,
}

/// A public key of an algorithm that we check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialKey(PublicKey);

/// An answer of a passkey to a challenge, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// `clientDataJSON`.
    pub client_data: &'a [u8],
    /// `authenticatorData`.
    pub authenticator_data: &'a [u8],
    /// `signature`.
    pub signature: &'a [u8],
}

/// What does not fit. For the log: who asked hears only that it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Bytes that do not have the form.
    #[error("it cannot be read")]
    Malformed,
    /// Not an answer to a request for a passkey, but to something else.
    #[error("it is of another type")]
    Type,
    /// From another page.
    #[error("it is from another origin, or a page within another")]
    Origin,
    /// For another site.
    #[error("it is for another site")]
    RelyingParty,
    /// Nobody was there, or showed who they are.
    #[error("nobody was asked, or did not show who they are")]
    Person,
    /// Flags about copies contradict each other, or what was registered.
    #[error("it contradicts itself, or what was registered, about copies of the passkey")]
    Backup,
    /// A key we cannot check with.
    #[error("its algorithm is not one of ours")]
    Algorithm,
    /// The signature.
    #[error("the signature is not that of the passkey")]
    Signature,
    /// The counter.
    #[error("it counts less than the last time: there may be a copy of the passkey")]
    Counter,
}

impl RelyingParty {
    /// For the wallet app at `origin`. `None` when that has no domain name: there are no passkeys then (§5.1.3).
    #[must_use]
    pub fn new(origin: &str) -> Option<Self> {
        let url = url::Url::parse(origin).ok()?;
        Some(Self {
            id_hash: sha256(url.domain()?.as_bytes()),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Reads what a new passkey says of itself (§7.1). Nothing in it is signed (attestation `none`), so it is worth as much
    /// as whoever sends it. Gives the credential and its id.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn registration(&self, authenticator_data: &[u8]) -> Result<(Credential, Vec<u8>), Unfit> {
        let data = AuthenticatorData::read(authenticator_data)?;
        self.check(&data)?;
        let (id, key) = data.attested()?;
        let credential = Credential {
            key,
            counter: data.counter,
            backup_eligible: data.backup_eligible(),
        };
        Ok((credential, id.to_vec()))
    }

    /// Reads client data and gives the challenge that was answered (§7.2 steps 9 to 15). The signature is not checked yet.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn challenge(&self, client_data: &[u8]) -> Result<Vec<u8>, Unfit> {
        let limits = Limits {
            bytes: MAX_CLIENT_DATA,
            depth: 4,
        };
        let data = json::parse(client_data, limits).map_err(|_| Unfit::Malformed)?;
        let text = |name: &str| data.get(name).and_then(|value| value.as_str());
        // §7.2 step 11.
        if text("type") != Some("webauthn.get") {
            return Err(Unfit::Type);
        }
        // §7.2 steps 13 to 15: our own page, and not within another one.
        let framed = match data.get("crossOrigin") {
            None => false,
            Some(value) => value.as_bool().ok_or(Unfit::Malformed)?,
        };
        if text("origin") != Some(&self.origin) || framed || data.get("topOrigin").is_some() {
            return Err(Unfit::Origin);
        }
        // §7.2 step 12 is for whoever made the challenge.
        let challenge = text("challenge").ok_or(Unfit::Malformed)?;
        base64url::decode(challenge).map_err(|_| Unfit::Malformed)
    }

    /// Checks an assertion whose challenge was found right (§7.2 steps 16 to 22). Gives the new counter.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn assertion(&self, assertion: &Assertion<'_>, credential: &Credential) -> Result<u32, Unfit> {
        let data = AuthenticatorData::read(assertion.authenticator_data)?;
        self.check(&data)?;
        data.attests_nothing()?;
        // §7.2 steps 20 and 21.
        let mut signed = assertion.authenticator_data.to_vec();
        signed.extend_from_slice(&sha256(assertion.client_data));
        credential.key.verify(&signed, assertion.signature)?;
        // §7.2 step 19. After the signature, so that a passkey that is not here costs as much.
        if data.backup_eligible() != credential.backup_eligible {
            return Err(Unfit::Backup);
        }
        // §7.2 step 22: a counter that does not grow may be that of a copy. Who does not count says 0 always.
        if (data.counter != 0 || credential.counter != 0) && data.counter <= credential.counter {
            return Err(Unfit::Counter);
        }
        Ok(data.counter)
    }

    /// What registrations and assertions have in common: §7.1 steps 14 to 18, §7.2 steps 16 to 19.
    fn check(&self, data: &AuthenticatorData<'_>) -> Result<(), Unfit> {
        if !constant_time_eq(data.rp_id_hash, &self.id_hash) {
            return Err(Unfit::RelyingParty);
        }
        if !data.user_present() || !data.user_verified() {
            return Err(Unfit::Person);
        }
        if data.backed_up() && !data.backup_eligible() {
            return Err(Unfit::Backup);
        }
        Ok(())
    }
}

impl Credential {
    /// One that nobody has: what is checked in place of a passkey that is not here.
    #[must_use]
    pub fn nobodys() -> Self {
        Self {
            key: CredentialKey(PublicKey::P256(BASE_POINT)),
            counter: 0,
            backup_eligible: false,
        }
    }
}

impl CredentialKey {
    /// The COSE algorithm (RFC 9053 §2) and the key's bytes: a point as SEC 1 has it, or 32 bytes of Ed25519.
    #[must_use]
    pub fn to_parts(&self) -> (i64, Vec<u8>) {
        let algorithm = match self.0 {
            PublicKey::Ed25519(_) => data::EDDSA,
            _ => data::ES256,
        };
        (algorithm, self.0.as_bytes().to_vec())
    }

    /// Back from [`CredentialKey::to_parts`].
    ///
    /// # Errors
    /// [`Unfit::Algorithm`].
    pub fn from_parts(algorithm: i64, key: &[u8]) -> Result<Self, Unfit> {
        let key = match algorithm {
            data::ES256 => PublicKey::from_p256_sec1(key),
            data::EDDSA => PublicKey::from_ed25519(key),
            _ => return Err(Unfit::Algorithm),
        };
        key.map(Self).map_err(|_| Unfit::Algorithm)
    }

    /// §6.5.5: ES256 signatures are in ASN.1 here.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unfit> {
        match &self.0 {
            PublicKey::Ed25519(_) => RingCrypto.verify(&self.0, message, signature).is_ok(),
            key => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.as_bytes())
                .verify(message, signature)
                .is_ok(),
        }
        .then_some(())
        .ok_or(Unfit::Signature)
    }
}
