//! CBOR (RFC 8949) to values and back.
//!
//! Written out because ciborium reads and writes through serde, whose generic code is a good part of the browser's
//! download; its [`Value`] is kept. Everything it reads is read here with the same result, but for segmented strings
//! within segmented strings, which §3.2.3 does not permit.

use ciborium::Value;
use ciborium::value::Integer;

const BIG_POSITIVE: u64 = 2;
const BIG_NEGATIVE: u64 = 3;

/// Reads one value that nests no deeper than `depth` and has nothing after it.
#[must_use]
pub fn read(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let head = reader.head()?;
    let value = reader.value(head, depth)?;
    reader.rest.is_empty().then_some(value)
}

/// Writes a value: definite lengths, shortest numbers. None of our formats has floats: they are not written.
#[must_use]
pub fn write(value: &Value) -> Option<Vec<u8>> {
    // One allocation: what grows leaves copies behind, and the value may be secret.
    let mut out = Vec::with_capacity(room(value));
    put(&mut out, value)?;
    Some(out)
}

/// No fewer bytes than the value takes.
fn room(value: &Value) -> usize {
    9 + match value {
        Value::Bytes(bytes) => bytes.len(),
        Value::Text(text) => text.len(),
        Value::Array(items) => items.iter().map(room).sum(),
        Value::Map(entries) => entries.iter().map(|(key, value)| room(key) + room(value)).sum(),
        Value::Tag(_, value) => room(value),
        _ => 0,
    }
}

/// The first bytes of an item (§3): its major type, the low five bits, and the argument, absent when indefinite.
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    short: u8,
    argument: Option<u64>,
}

impl Head {
    /// §3.2.1: what ends an item of indefinite length.
    fn is_break(self) -> bool {
        self.major == 7 && self.argument.is_none()
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn head(&mut self) -> Option<Head> {
        let &[first] = self.take(1)? else { return None };
        let (major, short) = (first >> 5, first & 31);
        let argument = match short {
            0..24 => Some(u64::from(short)),
            24..28 => Some(number(self.take(1 << (short - 24))?)),
            31 => None,
            _ => return None,
        };
        Some(Head {
            major,
            short,
            argument,
        })
    }

    fn value(&mut self, head: Head, depth: usize) -> Option<Value> {
        Some(match head.major {
            0 => Value::Integer(head.argument?.into()),
            1 => Value::Integer(Integer::try_from(-1 - i128::from(head.argument?)).ok()?),
            2 => Value::Bytes(self.string(head)?),
            3 => Value::Text(self.text(head)?),
            4 => Value::Array(self.items(head, depth.checked_sub(1)?)?),
            5 => Value::Map(self.entries(head, depth.checked_sub(1)?)?),
            6 => self.tagged(head.argument?, depth)?,
            _ => simple(head)?,
        })
    }

    fn string(&mut self, head: Head) -> Option<Vec<u8>> {
        if let Some(length) = head.argument {
            return self.take(length).map(<[u8]>::to_vec);
        }
        let mut whole = Vec::new();
        while let Some(segment) = self.segment(head.major)? {
            whole.extend_from_slice(segment);
        }
        Some(whole)
    }

    fn text(&mut self, head: Head) -> Option<String> {
        if let Some(length) = head.argument {
            return std::str::from_utf8(self.take(length)?).ok().map(str::to_owned);
        }
        let mut whole = String::new();
        while let Some(segment) = self.segment(head.major)? {
            // §3.2.3: every segment is a text of its own.
            whole.push_str(std::str::from_utf8(segment).ok()?);
        }
        Some(whole)
    }

    /// The next segment of a string of indefinite length, `Some(None)` at its end.
    fn segment(&mut self, major: u8) -> Option<Option<&'a [u8]>> {
        let head = self.head()?;
        if head.is_break() {
            return Some(None);
        }
        if head.major != major {
            return None;
        }
        self.take(head.argument?).map(Some)
    }

    /// The head of the next item of a list of which `left` are left, `Some(None)` at its end.
    fn next(&mut self, left: &mut Option<u64>) -> Option<Option<Head>> {
        match left {
            Some(0) => return Some(None),
            Some(left) => *left -= 1,
            None => {}
        }
        let head = self.head()?;
        Some((left.is_some() || !head.is_break()).then_some(head))
    }

    fn items(&mut self, head: Head, depth: usize) -> Option<Vec<Value>> {
        let mut left = head.argument;
        let mut items = Vec::new();
        while let Some(head) = self.next(&mut left)? {
            items.push(self.value(head, depth)?);
        }
        Some(items)
    }

    fn entries(&mut self, head: Head, depth: usize) -> Option<Vec<(Value, Value)>> {
        let mut left = head.argument;
        let mut entries = Vec::new();
        while let Some(head) = self.next(&mut left)? {
            let key = self.value(head, depth)?;
            let head = self.head()?;
            entries.push((key, self.value(head, depth)?));
        }
        Some(entries)
    }

    fn tagged(&mut self, tag: u64, depth: usize) -> Option<Value> {
        let head = self.head()?;
        let is_big = matches!(tag, BIG_POSITIVE | BIG_NEGATIVE) && head.major == 2;
        if let (true, Some(length @ 0..=16)) = (is_big, head.argument) {
            return big(tag, self.take(length)?);
        }
        let value = self.value(head, depth.checked_sub(1)?)?;
        Some(Value::Tag(tag, Box::new(value)))
    }
}

/// §3.4.3: a big number is the plain one when that is large enough.
fn big(tag: u64, bytes: &[u8]) -> Option<Value> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(zeros..)?;
    if bytes.len() > 8 {
        // No 128-bit number holds it.
        if tag == BIG_NEGATIVE && bytes.len() == 16 && bytes.first()? >> 7 == 1 {
            return None;
        }
        return Some(Value::Tag(tag, Box::new(Value::Bytes(bytes.to_vec()))));
    }
    let positive = i128::from(number(bytes));
    let signed = if tag == BIG_NEGATIVE {
        -1 - positive
    } else {
        positive
    };
    Integer::try_from(signed).ok().map(Value::Integer)
}

/// Major type 7 (§3.3).
fn simple(head: Head) -> Option<Value> {
    let argument = head.argument?;
    Some(match head.short {
        25 => Value::Float(half(argument)),
        26 => Value::Float(f32::from_bits(u32::try_from(argument).ok()?).into()),
        27 => Value::Float(f64::from_bits(argument)),
        _ => match argument {
            20 => Value::Bool(false),
            21 => Value::Bool(true),
            22 | 23 => Value::Null,
            _ => return None,
        },
    })
}

/// A float of half precision (IEEE 754 §3.6).
fn half(bits: u64) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 31, bits & 1023);
    let size = match exponent {
        // 2^-24 for each.
        0 => f64::from_bits((1023 - 24) << 52) * fraction as f64,
        31 => f64::from_bits(2047 << 52 | fraction << 42),
        _ => f64::from_bits((exponent + 1023 - 15) << 52 | fraction << 42),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Up to eight bytes, the highest first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn put(out: &mut Vec<u8>, value: &Value) -> Option<()> {
    match value {
        Value::Integer(number) => {
            let number = i128::from(*number);
            let (major, size) = if number < 0 { (1, -1 - number) } else { (0, number) };
            put_head(out, major, u64::try_from(size).ok()?);
        }
        Value::Bytes(bytes) => put_string(out, 2, bytes),
        Value::Text(text) => put_string(out, 3, text.as_bytes()),
        Value::Array(items) => {
            put_head(out, 4, items.len() as u64);
            for item in items {
                put(out, item)?;
            }
        }
        Value::Map(entries) => {
            put_head(out, 5, entries.len() as u64);
            for (key, value) in entries {
                put(out, key)?;
                put(out, value)?;
            }
        }
        Value::Tag(tag, value) => {
            put_head(out, 6, *tag);
            put(out, value)?;
        }
        Value::Bool(value) => put_head(out, 7, 20 + u64::from(*value)),
        Value::Null => put_head(out, 7, 22),
        _ => return None,
    }
    Some(())
}

fn put_string(out: &mut Vec<u8>, major: u8, bytes: &[u8]) {
    put_head(out, major, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let bytes = argument.to_be_bytes();
    let (short, from) = match argument {
        0..24 => (bytes[7], 8),
        24..0x100 => (24, 7),
        0x100..0x1_0000 => (25, 6),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 0),
    };
    out.push(major << 5 | short);
    out.extend_from_slice(&bytes[from..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn oracle(bytes: &[u8], depth: usize) -> Option<Value> {
        let mut rest = bytes;
        let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, depth).ok()?;
        rest.is_empty().then_some(value)
    }

    fn agree(bytes: &[u8], depth: usize) {
        // The difference that is meant: a segment of a string that has segments of its own.
        if bytes
            .windows(2)
            .any(|two| two == [0x5f, 0x5f] || two == [0x7f, 0x7f])
        {
            return;
        }
        // As texts: NaN is not NaN.
        let (ours, theirs) = (read(bytes, depth), oracle(bytes, depth));
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{bytes:02x?}");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (0_u64..300).prop_map(Value::from),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null),
            ".{0,30}".prop_map(Value::Text),
            prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((inner.clone(), inner.clone()), 0..6).prop_map(Value::Map),
                (4_u64..70_000, inner).prop_map(|(tag, inner)| Value::Tag(tag, Box::new(inner))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_ciborium_writes_and_reads_back(value in values()) {
            let mut theirs = Vec::new();
            ciborium::into_writer(&value, &mut theirs).unwrap();
            prop_assert_eq!(write(&value), Some(theirs.clone()));
            prop_assert!(room(&value) >= theirs.len());
            prop_assert_eq!(read(&theirs, 8), Some(value));
        }

        #[test]
        fn damaged_values_are_read_as_ciborium_reads_them(
            value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
        ) {
            let mut bytes = write(&value).unwrap();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = byte;
            }
            agree(&bytes, 5);
        }

        #[test]
        fn any_bytes_are_read_as_ciborium_reads_them(
            first in any::<u8>(), rest in prop::collection::vec(any::<u8>(), 0..24)
        ) {
            let mut bytes = vec![first];
            bytes.extend(&rest);
            agree(&bytes, 6);
            // Most headers want an end that random bytes lack.
            for end in [&[0xff][..], &[0x00, 0xff], &[0xff, 0xff]] {
                agree(&[&bytes, end].concat(), 6);
            }
        }

        #[test]
        fn big_numbers_are_read_as_ciborium_reads_them(
            tag in prop_oneof![Just(0xc2_u8), Just(0xc3)], zeros in 0..4_usize, digits in prop::collection::vec(any::<u8>(), 0..18)
        ) {
            let mut body = vec![0; zeros];
            body.extend(&digits);
            let body = write(&Value::Bytes(body)).unwrap();
            agree(&[&[tag], &body[..]].concat(), 3);
        }
    }

    #[test]
    fn every_half_float_and_simple_value_is_read_as_ciborium_reads_it() {
        for bits in 0..=u16::MAX {
            let [high, low] = bits.to_be_bytes();
            agree(&[0xf9, high, low], 1);
        }
        for first in 0xe0..=0xff_u8 {
            agree(&[first], 1);
            for second in 0..=0xff {
                agree(&[first, second], 1);
            }
        }
    }

    #[test]
    fn lengths_depth_and_nested_segments_are_bounded() {
        assert!(read(&[0x81, 0x81, 0x01], 2).is_some());
        assert!(read(&[0x81, 0x81, 0x01], 1).is_none());
        assert!(read(&[0x5f, 0x41, 0x01, 0xff], 1).is_some());
        assert!(read(&[0x5f, 0x5f, 0x41, 0x01, 0xff, 0xff], 4).is_none());
        // 2^64 - 1 items and bytes that are not there.
        for first in [0x5b, 0x7b, 0x9b, 0xbb] {
            assert!(read(&[&[first][..], &[0xff; 8], &[0x00; 64]].concat(), 4).is_none());
        }
        assert!(read(&vec![0x81; 128 << 10], 16).is_none());
        assert!(read(&vec![0xc6; 128 << 10], 16).is_none());
        assert_eq!(write(&Value::Array(vec![Value::Float(1.5)])), None);
    }
}
