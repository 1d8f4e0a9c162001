//! The status list itself (§4): small values packed into bytes, least significant bits first.

use std::fmt;

use super::StatusError;
use super::inflate::{MAX_LIST_BYTES, inflate_zlib};
use crate::encoding::base64url;

/// How many bits one status takes: 1, 2, 4 or 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusBits {
    /// Valid or invalid.
    One,
    /// Also suspended and one application-specific value.
    Two,
    /// Sixteen values.
    Four,
    /// 256 values.
    Eight,
}

impl StatusBits {
    /// From the number of the `bits` member.
    ///
    /// # Errors
    /// [`StatusError::Shape`] for any other number.
    pub fn from_number(bits: u64) -> Result<Self, StatusError> {
        match bits {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(StatusError::Shape),
        }
    }

    /// The number of bits.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    fn per_byte(self) -> usize {
        8 / usize::from(self.number())
    }

    fn mask(self) -> u8 {
        u8::MAX >> (8 - self.number())
    }
}

/// A status value (§7.1). Only [`Status::Valid`] lets a credential pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0x00.
    Valid,
    /// 0x01: revoked, typically for good.
    Invalid,
    /// 0x02: not valid for now.
    Suspended,
    /// 0x03 and 0x0C to 0x0F: what it means is agreed elsewhere.
    ApplicationSpecific(u8),
    /// Any other value: registered for the future.
    Reserved(u8),
}

impl Status {
    /// From the value in the list.
    #[must_use]
    pub fn from_value(value: u8) -> Self {
        match value {
            0x00 => Self::Valid,
            0x01 => Self::Invalid,
            0x02 => Self::Suspended,
            0x03 | 0x0c..=0x0f => Self::ApplicationSpecific(value),
            other => Self::Reserved(other),
        }
    }

    /// The value in the list.
    #[must_use]
    pub fn value(self) -> u8 {
        match self {
            Self::Valid => 0x00,
            Self::Invalid => 0x01,
            Self::Suspended => 0x02,
            Self::ApplicationSpecific(value) | Self::Reserved(value) => value,
        }
    }

    /// True only for [`Status::Valid`]: everything else refuses access.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self == Self::Valid
    }
}

/// A status list, decompressed.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bits: StatusBits,
    bytes: Vec<u8>,
}

impl StatusList {
    /// A list of `size` entries, all valid.
    ///
    /// # Errors
    /// [`StatusError::Shape`] when the entries do not fill whole bytes, [`StatusError::TooLarge`].
    pub fn new(bits: StatusBits, size: usize) -> Result<Self, StatusError> {
        if size == 0 || !size.is_multiple_of(bits.per_byte()) {
            return Err(StatusError::Shape);
        }
        let len = size / bits.per_byte();
        if len > MAX_LIST_BYTES {
            return Err(StatusError::TooLarge);
        }
        let bytes = vec![0; len];
        Ok(Self { bits, bytes })
    }

    /// From the packed bytes, for instance as kept in a database.
    ///
    /// # Errors
    /// [`StatusError::Shape`] when empty, [`StatusError::TooLarge`].
    pub fn from_bytes(bits: StatusBits, bytes: Vec<u8>) -> Result<Self, StatusError> {
        match bytes.len() {
            0 => Err(StatusError::Shape),
            len if len > MAX_LIST_BYTES => Err(StatusError::TooLarge),
            _ => Ok(Self { bits, bytes }),
        }
    }

    /// From the `lst` member of the JSON form: base64url of a zlib stream (§4.2).
    ///
    /// # Errors
    /// [`StatusError::Compression`], [`StatusError::TooLarge`].
    pub fn from_lst(bits: StatusBits, lst: &str) -> Result<Self, StatusError> {
        let compressed = base64url::decode(lst).map_err(|_| StatusError::Compression)?;
        Self::from_zlib(bits, &compressed)
    }

    /// From the zlib stream of the CBOR form (§4.3).
    ///
    /// # Errors
    /// [`StatusError::Compression`], [`StatusError::TooLarge`].
    pub fn from_zlib(bits: StatusBits, compressed: &[u8]) -> Result<Self, StatusError> {
        Self::from_bytes(bits, inflate_zlib(compressed, MAX_LIST_BYTES)?)
    }

    /// Bits per entry.
    #[must_use]
    pub fn bits(&self) -> StatusBits {
        self.bits
    }

    /// The number of entries.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len().saturating_mul(self.bits.per_byte())
    }

    /// The packed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The status at `index`.
    ///
    /// # Errors
    /// [`StatusError::OutOfRange`].
    pub fn get(&self, index: u64) -> Result<Status, StatusError> {
        let (byte, shift) = self.locate(index)?;
        let byte = self.bytes.get(byte).ok_or(StatusError::OutOfRange)?;
        Ok(Status::from_value((byte >> shift) & self.bits.mask()))
    }

    /// Sets the status at `index`.
    ///
    /// # Errors
    /// [`StatusError::OutOfRange`]; [`StatusError::Value`] when the value needs more bits.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), StatusError> {
        let mask = self.bits.mask();
        let value = status.value();
        if value & !mask != 0 {
            return Err(StatusError::Value);
        }
        let (byte, shift) = self.locate(index)?;
        let byte = self.bytes.get_mut(byte).ok_or(StatusError::OutOfRange)?;
        *byte = (*byte & !(mask << shift)) | (value << shift);
        Ok(())
    }

    /// The zlib stream of the list, at the highest compression (§4.1).
    #[must_use]
    pub fn to_zlib(&self) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(&self.bytes, 9)
    }

    /// The `lst` member of the JSON form (§4.2).
    #[must_use]
    pub fn to_lst(&self) -> String {
        base64url::encode(&self.to_zlib())
    }

    /// §4.1: the first entry is in the least significant bits of the first byte.
    fn locate(&self, index: u64) -> Result<(usize, u8), StatusError> {
        let index = usize::try_from(index).map_err(|_| StatusError::OutOfRange)?;
        let per_byte = self.bits.per_byte();
        let place = u8::try_from(index % per_byte).map_err(|_| StatusError::OutOfRange)?;
        Ok((index / per_byte, place * self.bits.number()))
    }
}

impl fmt::Debug for StatusList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusList")
            .field("bits", &self.bits)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}
