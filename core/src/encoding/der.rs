//! DER (ITU-T X.690 §10), as far as certificates and their keys need it. Whatever is not DER is refused: lengths
//! that are not the shortest, tags above 30, anything left over.

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// UTF8String.
pub const UTF8_STRING: u8 = 0x0c;
/// PrintableString.
pub const PRINTABLE_STRING: u8 = 0x13;
/// TeletexString.
pub const TELETEX_STRING: u8 = 0x14;
/// UTCTime.
pub const UTC_TIME: u8 = 0x17;
/// GeneralizedTime.
pub const GENERALIZED_TIME: u8 = 0x18;
/// BMPString.
pub const BMP_STRING: u8 = 0x1e;
/// SEQUENCE, SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET, SET OF.
pub const SET: u8 = 0x31;

/// A context-specific tag with a primitive value, `[number]`.
#[must_use]
pub const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// A context-specific tag with a constructed value, `[number]`.
#[must_use]
pub const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its identifier octet.
    pub tag: u8,
    /// Its content.
    pub content: &'a [u8],
    /// All of it, with tag and length.
    pub whole: &'a [u8],
}

/// Reads elements one after the other. `None` means that the input is not DER or not what was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Over the content of an element, or over a whole input.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// The content of the only element of `input`, which must have this tag.
    #[must_use]
    pub fn only(input: &'a [u8], tag: u8) -> Option<Self> {
        let mut reader = Self(input);
        let inner = reader.within(tag)?;
        reader.end().then_some(inner)
    }

    /// True when nothing is left.
    #[must_use]
    pub fn end(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag that comes next.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element, whatever it is.
    pub fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        // X.690 §8.1.2.4: tags above 30 take more octets; certificates have none.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // §10.1: the definite form, in as few octets as possible. 0x80 is the indefinite one.
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = octets.iter().try_fold(0_usize, |sum, octet| {
                    sum.checked_mul(256)?.checked_add(usize::from(*octet))
                })?;
                if octets.first() == Some(&0) || length < 0x80 {
                    return None;
                }
                (length, rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len() - after.len())?;
        self.0 = after;
        Some(Element { tag, content, whole })
    }

    /// The next element, which must have this tag.
    pub fn element(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.peek() != Some(tag) {
            return None;
        }
        self.any()
    }

    /// The content of the next element, which must have this tag.
    pub fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        Some(self.element(tag)?.content)
    }

    /// The content of the next element if it has this tag. The outer `None` is input that is not DER.
    pub fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.peek() == Some(tag) {
            self.take(tag).map(Some)
        } else {
            Some(None)
        }
    }

    /// A reader over the content of the next element, which must have this tag.
    pub fn within(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// A BOOLEAN that is false when left out (§11.1, §11.5: true is 0xff, and false is left out).
    pub fn default_false(&mut self) -> Option<bool> {
        match self.optional(BOOLEAN)? {
            None => Some(false),
            Some([0xff]) => Some(true),
            // What DER forbids and many write all the same.
            Some([0]) => Some(false),
            Some(_) => None,
        }
    }

    /// A positive INTEGER of at most `N` octets, big-endian, padded in front.
    pub fn unsigned<const N: usize>(&mut self) -> Option<[u8; N]> {
        let octets = match self.take(INTEGER)? {
            // §8.3.2: no needless octet in front. One zero keeps a high bit from meaning a negative number.
            [0, rest @ ..] if rest.first().is_some_and(|next| next & 0x80 != 0) => rest,
            [0] => &[],
            [first, ..] if first & 0x80 != 0 || *first == 0 => return None,
            [] => return None,
            octets => octets,
        };
        let mut out = [0; N];
        out.get_mut(N.checked_sub(octets.len())?..)?
            .copy_from_slice(octets);
        Some(out)
    }
}

/// The octets of a BIT STRING and how many bits of the last one do not count.
#[must_use]
pub fn bits(content: &[u8]) -> Option<(&[u8], u8)> {
    let (&unused, octets) = content.split_first()?;
    let last = octets.last().copied();
    // X.690 §11.2.1: the bits that do not count are zero.
    let clean = match last {
        None => unused == 0,
        Some(last) => unused < 8 && last & ((1 << unused) - 1) == 0,
    };
    clean.then_some((octets, unused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements() {
        let mut reader = Reader::new(&[0x02, 0x01, 0x05, 0x30, 0x02, 0x05, 0x00]);
        assert_eq!(reader.unsigned::<2>(), Some([0, 5]));
        let sequence = reader.element(SEQUENCE).unwrap();
        assert_eq!(sequence.content, [0x05, 0x00]);
        assert_eq!(sequence.whole, [0x30, 0x02, 0x05, 0x00]);
        assert!(reader.end() && reader.any().is_none());
        assert!(Reader::only(&[0x30, 0x00, 0x00], SEQUENCE).is_none());
    }

    #[test]
    fn only_the_shortest_lengths() {
        let long = [&[0x04, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(Reader::new(&long).take(OCTET_STRING), Some(&[7; 128][..]));
        for refused in [
            &[0x04, 0x81, 0x01, 0x00][..],
            &[0x04, 0x82, 0x00, 0x80],
            &[0x04, 0x80, 0x00, 0x00],
            &[0x04, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x04, 0x02, 0x00],
            &[0x1f, 0x01, 0x00],
            &[0x04],
            &[],
        ] {
            assert!(Reader::new(refused).any().is_none(), "{refused:?}");
        }
    }

    #[test]
    fn numbers_flags_and_bits() {
        let number = |octets: &[u8]| Reader::new(octets).unsigned::<2>();
        assert_eq!(number(&[2, 1, 0]), Some([0, 0]));
        assert_eq!(number(&[2, 2, 0, 0x80]), Some([0, 0x80]));
        assert_eq!(number(&[2, 3, 0, 0x80, 1]), Some([0x80, 1]));
        for refused in [
            &[2, 0][..],
            &[2, 1, 0x80],
            &[2, 2, 0, 1],
            &[2, 3, 1, 0, 0],
            &[4, 1, 1],
        ] {
            assert!(number(refused).is_none(), "{refused:?}");
        }
        assert_eq!(Reader::new(&[1, 1, 0xff]).default_false(), Some(true));
        assert_eq!(Reader::new(&[2, 1, 1]).default_false(), Some(false));
        assert_eq!(Reader::new(&[1, 1, 1]).default_false(), None);
        assert_eq!(bits(&[4, 0xf0]), Some((&[0xf0][..], 4)));
        assert_eq!(bits(&[4, 0xf8]), None);
        assert_eq!(bits(&[1]), None);
        assert_eq!(bits(&[8, 0]), None);
        assert_eq!(bits(&[]), None);
    }
}
