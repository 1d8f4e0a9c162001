//! What is kept on the device: the vault's address and its ciphertext, framed by lengths.

use assent_core::profile::Profile;

use super::session::{Address, Session};
use crate::vault::LockedVault;

const MAGIC: &[u8; 8] = b"assentw2";
/// Without the device's id.
const BEFORE: &[u8; 8] = b"assentw1";

/// The device's id is in clear: a locked device must know when it was removed.
pub(super) fn write(address: &Address, device: Option<[u8; 16]>, vault: &LockedVault) -> Vec<u8> {
    let address = address.as_str().as_bytes();
    let vault = vault.to_bytes();
    let mut out = Vec::with_capacity(MAGIC.len() + 20 + address.len() + vault.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&device.unwrap_or_default());
    out.extend_from_slice(&u32::try_from(address.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(address);
    out.extend_from_slice(&vault);
    out
}

/// A locked vault, or the damaged one of which at best the address can be read.
pub(super) fn read(bytes: &[u8], profile: &Profile) -> (Session, Option<[u8; 16]>) {
    let (device, address, vault) = split(bytes).unwrap_or_default();
    let address = Address::parse(address, profile).ok();
    let session = match (address, LockedVault::from_bytes(vault)) {
        (Some(address), Ok(vault)) => Session::Locked {
            address,
            vault: Box::new(vault),
        },
        (address, _) => Session::Damaged { address },
    };
    (session, Some(device).filter(|device| *device != [0; 16]))
}

fn split(bytes: &[u8]) -> Option<([u8; 16], &str, &[u8])> {
    let (device, rest) = match bytes.strip_prefix(MAGIC) {
        Some(rest) => rest.split_first_chunk()?,
        None => (&[0; 16], bytes.strip_prefix(BEFORE)?),
    };
    let (len, rest) = rest.split_at_checked(4)?;
    let len = usize::try_from(u32::from_be_bytes(len.try_into().ok()?)).ok()?;
    let (address, vault) = rest.split_at_checked(len)?;
    Some((*device, std::str::from_utf8(address).ok()?, vault))
}
