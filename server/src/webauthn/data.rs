//! Authenticator data (Web Authentication Level 3 §6.1).

use super::{CredentialKey, Unfit};

/// COSE algorithms (RFC 9053 §2).
pub(super) const ES256: i64 = -7;
pub(super) const EDDSA: i64 = -8;

/// Longest we read: extensions of ours take about 150 bytes.
const MAX: usize = 4096;
/// Longest credential id (§4, "Credential ID").
const MAX_ID: usize = 1023;

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8; 32],
    flags: u8,
    pub(super) counter: u32,
    /// Attested credential data, then extensions.
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unfit> {
        if bytes.len() > MAX {
            return Err(Unfit::Malformed);
        }
        let (rp_id_hash, rest) = bytes.split_first_chunk().ok_or(Unfit::Malformed)?;
        let ([flags], rest) = rest.split_first_chunk().ok_or(Unfit::Malformed)?;
        let (counter, rest) = rest.split_first_chunk().ok_or(Unfit::Malformed)?;
        Ok(Self {
            rp_id_hash,
            flags: *flags,
            counter: u32::from_be_bytes(*counter),
            rest,
        })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn user_present(&self) -> bool {
        self.has(PRESENT)
    }

    pub(super) fn user_verified(&self) -> bool {
        self.has(VERIFIED)
    }

    pub(super) fn backup_eligible(&self) -> bool {
        self.has(BACKUP_ELIGIBLE)
    }

    pub(super) fn backed_up(&self) -> bool {
        self.has(BACKED_UP)
    }

    /// §6.1: an assertion has no attested credential data. Extensions are whatever the authenticator answers to the
    /// browser; they are signed, and nothing here depends on them.
    pub(super) fn attests_nothing(&self) -> Result<(), Unfit> {
        if self.has(ATTESTED) || self.rest.is_empty() == self.has(EXTENSIONS) {
            return Err(Unfit::Malformed);
        }
        Ok(())
    }

    /// Credential id and key of a registration (§6.5.1).
    pub(super) fn attested(&self) -> Result<(&'a [u8], CredentialKey), Unfit> {
        if !self.has(ATTESTED) {
            return Err(Unfit::Malformed);
        }
        let (_aaguid, rest) = self.rest.split_first_chunk::<16>().ok_or(Unfit::Malformed)?;
        let (length, rest) = rest.split_first_chunk().ok_or(Unfit::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, rest) = rest.split_at_checked(length).ok_or(Unfit::Malformed)?;
        if id.is_empty() || id.len() > MAX_ID {
            return Err(Unfit::Malformed);
        }
        let (key, rest) = cose_key(rest)?;
        if rest.is_empty() == self.has(EXTENSIONS) {
            return Err(Unfit::Malformed);
        }
        Ok((id, key))
    }
}

/// §6.5.1.1: a key is in the canonical form of CTAP2 and has nothing that its algorithm does not need. So there is one way to
/// write each: {1: 2, 3: -7, -1: 1, -2: x, -3: y} and {1: 1, 3: -8, -1: 6, -2: x} (RFC 9053 §7).
fn cose_key(bytes: &[u8]) -> Result<(CredentialKey, &[u8]), Unfit> {
    const P256: &[u8] = &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    const Y: &[u8] = &[0x22, 0x58, 0x20];
    const ED25519: &[u8] = &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
    if let Some(rest) = bytes.strip_prefix(P256) {
        let (x, rest) = rest.split_first_chunk::<32>().ok_or(Unfit::Malformed)?;
        let rest = rest.strip_prefix(Y).ok_or(Unfit::Malformed)?;
        let (y, rest) = rest.split_first_chunk::<32>().ok_or(Unfit::Malformed)?;
        let point = [&[4], &x[..], &y[..]].concat();
        return Ok((CredentialKey::from_parts(ES256, &point)?, rest));
    }
    let rest = bytes.strip_prefix(ED25519).ok_or(Unfit::Algorithm)?;
    let (x, rest) = rest.split_first_chunk::<32>().ok_or(Unfit::Malformed)?;
    Ok((CredentialKey::from_parts(EDDSA, x)?, rest))
}
