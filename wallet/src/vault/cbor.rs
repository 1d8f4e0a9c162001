//! Deterministic CBOR (RFC 8949 §4.2.1) for our own formats: definite lengths, shortest integers, arrays only.
//! What is read must be exactly what would be written.

use assent_core::encoding::cbor;
use ciborium::Value;
use zeroize::{Zeroize as _, Zeroizing};

/// Longest text accepted, in bytes.
const MAX: usize = 32 << 20;

/// The text was not one deterministic CBOR value within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadCbor;

pub(super) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

/// Encodes: shortest integers and definite lengths; our formats use no maps and no floats, the two places where more
/// rules apply.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    // Only floats cannot be written; they would give an empty text, which no reader accepts.
    cbor::write(value).unwrap_or_default()
}

/// Encodes what is secret, and wipes the value it was in.
pub(super) fn encode_secret(mut value: Value) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(encode(&value));
    wipe(&mut value);
    encoded
}

fn wipe(value: &mut Value) {
    match value {
        Value::Bytes(bytes) => bytes.zeroize(),
        Value::Text(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        _ => {}
    }
}

/// Decodes one array.
pub(super) fn decode(text: &[u8]) -> Result<Vec<Value>, BadCbor> {
    if text.len() > MAX {
        return Err(BadCbor);
    }
    let value = cbor::read(text, 8).ok_or(BadCbor)?;
    // Also refuses trailing bytes, indefinite lengths and long integers.
    // Wiped, since the text may be secret.
    if *Zeroizing::new(encode(&value)) != text {
        return Err(BadCbor);
    }
    value.into_array().map_err(|_| BadCbor)
}

/// Takes the members of an array one by one, by type.
pub(super) struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    pub(super) fn new(items: Vec<Value>) -> Self {
        Self(items.into_iter())
    }

    pub(super) fn of(value: Value) -> Result<Self, BadCbor> {
        value.into_array().map(Self::new).map_err(|_| BadCbor)
    }

    pub(super) fn value(&mut self) -> Result<Value, BadCbor> {
        self.0.next().ok_or(BadCbor)
    }

    pub(super) fn text(&mut self) -> Result<String, BadCbor> {
        self.value()?.into_text().map_err(|_| BadCbor)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, BadCbor> {
        self.value()?.into_bytes().map_err(|_| BadCbor)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], BadCbor> {
        self.bytes()?.try_into().map_err(|_| BadCbor)
    }

    pub(super) fn optional<const N: usize>(&mut self) -> Result<Option<[u8; N]>, BadCbor> {
        match self.value()? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => bytes.try_into().map(Some).map_err(|_| BadCbor),
            _ => Err(BadCbor),
        }
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, BadCbor> {
        let number = self.value()?.into_integer().map_err(|_| BadCbor)?;
        let number = u64::try_from(number).map_err(|_| BadCbor)?;
        T::try_from(number).map_err(|_| BadCbor)
    }

    pub(super) fn signed(&mut self) -> Result<i64, BadCbor> {
        let number = self.value()?.into_integer().map_err(|_| BadCbor)?;
        i64::try_from(number).map_err(|_| BadCbor)
    }

    pub(super) fn array(&mut self) -> Result<Vec<Value>, BadCbor> {
        self.value()?.into_array().map_err(|_| BadCbor)
    }

    /// No member may be left.
    pub(super) fn end(mut self) -> Result<(), BadCbor> {
        if self.0.next().is_none() {
            Ok(())
        } else {
            Err(BadCbor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_wiped_where_it_was() {
        let mut value = Value::Array(vec![
            bytes(&[7; 8]),
            Value::Array(vec![Value::from("secret"), 1.into()]),
        ]);
        let encoded = encode(&value);
        assert_eq!(*encode_secret(value.clone()), encoded);
        wipe(&mut value);
        let empty = Value::Array(vec![bytes(&[]), Value::Array(vec![Value::from(""), 1.into()])]);
        assert_eq!(value, empty);
    }

    #[test]
    fn only_the_deterministic_form_is_read() {
        assert!(decode(&[0x81, 0x01]).is_ok());
        assert_eq!(decode(&[0x81, 0x18, 0x01]), Err(BadCbor)); // 1 in two bytes
        assert_eq!(decode(&[0x9f, 0x01, 0xff]), Err(BadCbor)); // indefinite length
        assert_eq!(decode(&[0x81, 0x01, 0x00]), Err(BadCbor)); // trailing byte
        assert_eq!(decode(&[0x01]), Err(BadCbor)); // not an array
        assert_eq!(decode(&vec![0x9f; 128 << 10]), Err(BadCbor)); // nested for ever
        assert_eq!(decode(&vec![0x81; 128 << 10]), Err(BadCbor));
    }
}
