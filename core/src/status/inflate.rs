//! Decompression with a bound (TS-9): a few kilobytes of zlib can unpack to gigabytes.
//!
//! Our own, because speed hardly matters here and size does: it is a sixth of what `miniz_oxide` takes in the browser.
//! That one compresses the lists we issue, and the tests compare the two.

use super::StatusError;

/// Largest decompressed list: 16 MiB, sixteen million entries of 8 bits.
pub const MAX_LIST_BYTES: usize = 16 << 20;

/// RFC 1951 §3.2.7: the order in which the lengths of the code length code are sent.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Longest code (§3.2.7).
const LONGEST: usize = 15;

/// Inflates a zlib stream of at most `limit` bytes. The stream must end exactly where `input` does.
pub(super) fn inflate_zlib(input: &[u8], limit: usize) -> Result<Vec<u8>, StatusError> {
    let [method, flags, deflated @ ..] = input else {
        return Err(StatusError::Compression);
    };
    // RFC 1950 §2.2: DEFLATE with a window of at most 32 KiB, no preset dictionary, and the check bits.
    let checked = (u32::from(*method) << 8 | u32::from(*flags)) % 31 == 0;
    if !checked || method & 15 != 8 || method >> 4 > 7 || flags & 0x20 != 0 {
        return Err(StatusError::Compression);
    }
    let mut stream = Stream {
        input: deflated,
        buffer: 0,
        buffered: 0,
        out: Vec::new(),
        limit,
    };
    while !stream.block()? {}
    // The checksum comes last. Bytes after it could be anything: refuse.
    if stream.input == adler32(&stream.out).to_be_bytes() {
        Ok(stream.out)
    } else {
        Err(StatusError::Compression)
    }
}

struct Stream<'i> {
    input: &'i [u8],
    /// Bits of the last byte that are not used yet, the next one lowest.
    buffer: u32,
    buffered: u32,
    out: Vec<u8>,
    limit: usize,
}

impl Stream<'_> {
    /// One block (RFC 1951 §3.2.3); true after the last.
    fn block(&mut self) -> Result<bool, StatusError> {
        let last = self.bits(1)? == 1;
        match self.bits(2)? {
            0 => self.stored()?,
            1 => self.fixed()?,
            2 => self.dynamic()?,
            _ => return Err(StatusError::Compression),
        }
        Ok(last)
    }

    fn bits(&mut self, count: u32) -> Result<usize, StatusError> {
        while self.buffered < count {
            let (first, rest) = self.input.split_first().ok_or(StatusError::Compression)?;
            self.buffer |= u32::from(*first) << self.buffered;
            self.buffered += 8;
            self.input = rest;
        }
        let bits = self.buffer & ((1 << count) - 1);
        self.buffer >>= count;
        self.buffered -= count;
        Ok(bits as usize)
    }

    /// §3.2.4.
    fn stored(&mut self) -> Result<(), StatusError> {
        self.bits(self.buffered)?;
        let length = self.bits(16)?;
        if length != !self.bits(16)? & 0xffff {
            return Err(StatusError::Compression);
        }
        let (bytes, rest) = self
            .input
            .split_at_checked(length)
            .ok_or(StatusError::Compression)?;
        self.room(length)?;
        self.out.extend_from_slice(bytes);
        self.input = rest;
        Ok(())
    }

    /// §3.2.6.
    fn fixed(&mut self) -> Result<(), StatusError> {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.compressed(&Code::new(&lengths)?, &Code::new(&[5; 32])?)
    }

    /// §3.2.7.
    fn dynamic(&mut self) -> Result<(), StatusError> {
        let literals = self.bits(5)? + 257;
        let all = literals + self.bits(5)? + 1;
        let sent = self.bits(4)? + 4;
        if literals > 286 || all > literals + 30 {
            return Err(StatusError::Compression);
        }
        let mut of_lengths = [0; 19];
        for place in ORDER.iter().take(sent) {
            of_lengths[usize::from(*place)] = self.bits(3)? as u8;
        }
        let of_lengths = Code::new(&of_lengths)?;
        let mut lengths = Vec::with_capacity(all);
        while lengths.len() < all {
            let (length, times) = match self.symbol(&of_lengths)? {
                16 => (
                    *lengths.last().ok_or(StatusError::Compression)?,
                    3 + self.bits(2)?,
                ),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length as u8, 1),
            };
            lengths.resize(lengths.len() + times, length);
        }
        if lengths.len() != all {
            return Err(StatusError::Compression);
        }
        let (literals, distances) = lengths.split_at(literals);
        self.compressed(&Code::new(literals)?, &Code::new(distances)?)
    }

    /// §3.2.5.
    fn compressed(&mut self, literals: &Code, distances: &Code) -> Result<(), StatusError> {
        loop {
            let symbol = self.symbol(literals)?;
            if let Ok(byte) = u8::try_from(symbol) {
                self.room(1)?;
                self.out.push(byte);
                continue;
            }
            let length = match symbol - 256 {
                0 => return Ok(()),
                29 => 258,
                symbol @ 1..29 => 3 + self.scaled(symbol - 1, 4)?,
                _ => return Err(StatusError::Compression),
            };
            let distance = match self.symbol(distances)? {
                symbol @ 0..30 => 1 + self.scaled(symbol, 2)?,
                _ => return Err(StatusError::Compression),
            };
            let from = self
                .out
                .len()
                .checked_sub(distance)
                .ok_or(StatusError::Compression)?;
            self.room(length)?;
            // Byte by byte: what is copied may overlap with what is written.
            for from in from..from + length {
                let byte = *self.out.get(from).ok_or(StatusError::Compression)?;
                self.out.push(byte);
            }
        }
    }

    /// The tables of §3.2.5 in a formula: `steps` symbols with the same number of extra bits, twice that many without
    /// any.
    fn scaled(&mut self, symbol: usize, steps: usize) -> Result<usize, StatusError> {
        if symbol < 2 * steps {
            return Ok(symbol);
        }
        let extra = symbol / steps - 1;
        let base = (steps + symbol % steps) << extra;
        Ok(base + self.bits(extra as u32)?)
    }

    fn symbol(&mut self, code: &Code) -> Result<usize, StatusError> {
        let (mut bits, mut first, mut index) = (0, 0, 0);
        for count in code.counts {
            let count = usize::from(count);
            bits = bits << 1 | self.bits(1)?;
            first <<= 1;
            if bits < first + count {
                let symbol = code.symbols.get(index + bits - first);
                return symbol
                    .map(|symbol| usize::from(*symbol))
                    .ok_or(StatusError::Compression);
            }
            first += count;
            index += count;
        }
        Err(StatusError::Compression)
    }

    fn room(&self, more: usize) -> Result<(), StatusError> {
        if more > self.limit - self.out.len() {
            return Err(StatusError::TooLarge);
        }
        Ok(())
    }
}

/// A Huffman code (§3.2.2).
struct Code {
    /// How many symbols have codes of 1, 2, … bits.
    counts: [u16; LONGEST],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// From the length of the code of each symbol, 0 where it has none.
    fn new(lengths: &[u8]) -> Result<Self, StatusError> {
        let mut counts = [0; LONGEST];
        let mut symbols = Vec::new();
        // How many codes of the present length are free.
        let mut free = 1;
        for (length, count) in (1..).zip(&mut counts) {
            for (symbol, of_symbol) in (0..).zip(lengths) {
                if *of_symbol == length {
                    symbols.push(symbol);
                    *count += 1;
                }
            }
            free = (free << 1) - i32::from(*count);
            if free < 0 {
                return Err(StatusError::Compression);
            }
        }
        // A code that leaves codes free is a mistake, unless it has one symbol (§3.2.7, distances) or none.
        if free > 0 && symbols.len() > 1 {
            return Err(StatusError::Compression);
        }
        Ok(Self { counts, symbols })
    }
}

/// RFC 1950 §8.2.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1, 0);
    // As many as the sums can take before they must be reduced.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65_521;
        b %= 65_521;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;
    use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
    use proptest::prelude::*;

    use super::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..3000),
            proptest::collection::vec(0..4u8, 0..9000),
            (1..40u8, 0..60_000usize).prop_map(|(step, length)| {
                (0..length)
                    .map(|i| (i * usize::from(step) / 7 % 251) as u8)
                    .collect()
            }),
        ]
    }

    proptest! {
        #[test]
        fn reads_every_kind_of_block(bytes in bytes(), level in 0..=10u8) {
            let packed = compress_to_vec_zlib(&bytes, level);
            prop_assert_eq!(inflate_zlib(&packed, bytes.len()), Ok(bytes.clone()));
            if !bytes.is_empty() {
                prop_assert_eq!(inflate_zlib(&packed, bytes.len() - 1), Err(StatusError::TooLarge));
            }
        }

        /// What it accepts of a damaged stream, the other one accepts, with the same result.
        #[test]
        fn is_not_laxer_than_miniz(
            bytes in bytes(),
            level in 1..=10u8,
            damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        ) {
            let mut packed = compress_to_vec_zlib(&bytes, level);
            for (place, byte) in damage {
                let place = place % packed.len();
                packed[place] = byte;
            }
            if let Ok(found) = inflate_zlib(&packed, 1 << 20) {
                prop_assert_eq!(decompress_to_vec_zlib_with_limit(&packed, 1 << 20).ok(), Some(found));
            }
        }

        #[test]
        fn takes_no_harm_from_noise(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut stream = vec![0x78, 0x9c];
            stream.extend(noise);
            let _ = inflate_zlib(&stream, 1 << 16);
        }
    }
}
