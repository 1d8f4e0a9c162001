//! The container of an archive: POSIX ustar (IEEE Std 1003.1, `pax`), in the one form that we write.
//!
//! Everything that tar leaves open is fixed, and the reader takes nothing else: so one content has one archive, and no
//! two readers can see different files in it.

use super::TransferError;

/// Everything in it is a multiple of this long.
pub(super) const BLOCK: usize = 512;
/// Bytes of the end.
pub(super) const END: usize = 2 * BLOCK;

/// Most files in one archive.
pub(super) const MAX_FILES: usize = 200_000;

/// Appends a file. Names are ours: short, of ASCII.
pub(super) fn append(out: &mut Vec<u8>, name: &str, content: &[u8]) -> Result<(), TransferError> {
    out.extend_from_slice(&header(name, content.len()).ok_or(TransferError::TooLarge)?);
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

/// Ends the archive.
pub(super) fn finish(out: &mut Vec<u8>) {
    out.resize(out.len() + END, 0);
}

/// One file of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) content: &'a [u8],
}

/// All files of a part of an archive, in order: from a header to the end of a file.
pub(super) fn files(mut rest: &[u8]) -> Result<Vec<File<'_>>, TransferError> {
    let mut files = Vec::new();
    while !rest.is_empty() {
        let (block, after) = rest.split_at_checked(BLOCK).ok_or(TransferError::Damaged)?;
        let (name, len) = read_header(block).ok_or(TransferError::Damaged)?;
        let padded = len
            .checked_next_multiple_of(BLOCK)
            .ok_or(TransferError::Damaged)?;
        let (content, after) = after.split_at_checked(padded).ok_or(TransferError::Damaged)?;
        let (content, padding) = content.split_at_checked(len).ok_or(TransferError::Damaged)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(TransferError::Damaged);
        }
        if files.len() > MAX_FILES {
            return Err(TransferError::TooLarge);
        }
        files.push(File { name, content });
        rest = after;
    }
    Ok(files)
}

/// The two blocks of zeros after which nothing comes.
pub(super) fn is_end(bytes: &[u8]) -> bool {
    bytes.len() == END && bytes.iter().all(|byte| *byte == 0)
}

/// The length of the file whose header this is, and what it is padded to.
pub(super) fn length(block: &[u8]) -> Option<(usize, usize)> {
    let (_, len) = read_header(block)?;
    Some((len, len.checked_next_multiple_of(BLOCK)?))
}

/// Bytes of a file of `len` bytes: header, content, padding.
pub(super) fn file_len(len: u64) -> Option<u64> {
    len.checked_next_multiple_of(BLOCK as u64)?
        .checked_add(BLOCK as u64)
}

/// A header has one form for each name and length, so reading is writing again and comparing.
fn read_header(block: &[u8]) -> Option<(&str, usize)> {
    let name = block.get(..100)?.split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok()?;
    let size = std::str::from_utf8(block.get(124..135)?).ok()?;
    let len = usize::from_str_radix(size, 8).ok()?;
    (header(name, len)?.as_slice() == block).then_some((name, len))
}

/// The header of a file.
pub(super) fn header(name: &str, len: usize) -> Option<[u8; BLOCK]> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./-".contains(&byte);
    if name.is_empty() || name.len() > 99 || !name.bytes().all(is_plain) || name.contains("..") {
        return None;
    }
    let size = format!("{len:011o}\0");
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        let to = block.get_mut(at..at + bytes.len())?;
        to.copy_from_slice(bytes);
        Some(())
    };
    put(0, name.as_bytes())?;
    // Mode, owner and group; the owner alone may read it.
    put(100, b"0000600")?;
    put(108, b"0000000")?;
    put(116, b"0000000")?;
    // A longer one does not fit into its twelve bytes.
    put(124, size.as_bytes().get(..12).filter(|_| size.len() == 12)?)?;
    put(136, b"00000000000\0        0")?;
    put(257, b"ustar\x0000")?;
    put(329, b"0000000")?;
    put(337, b"0000000")?;
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    block.get_mut(148..156)?.copy_from_slice(sum.as_bytes());
    Some(block)
}

/// All files of a whole archive.
#[cfg(test)]
pub(super) fn read(bytes: &[u8]) -> Result<Vec<File<'_>>, TransferError> {
    let (rest, end) = bytes.split_at(bytes.len().saturating_sub(END));
    if !is_end(end) {
        return Err(TransferError::Damaged);
    }
    files(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, content) in files {
            append(&mut out, name, content).unwrap();
        }
        finish(&mut out);
        out
    }

    #[test]
    fn what_is_written_is_read() {
        let files: [(&str, &[u8]); 3] = [("a.json", b"{}"), ("b/c", &[7; 512]), ("d", b"")];
        let bytes = archive(&files);
        let read = read(&bytes).unwrap();
        assert_eq!(read.len(), 3);
        for (file, (name, content)) in read.iter().zip(files) {
            assert_eq!((file.name, file.content), (name, content));
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_written() {
        for name in ["", "../x", "a\0b", "a b", &"x".repeat(100), "ä"] {
            assert_eq!(append(&mut Vec::new(), name, b""), Err(TransferError::TooLarge));
        }
    }

    #[test]
    fn every_changed_bit_outside_of_contents_is_seen() {
        let bytes = archive(&[("manifest.json", b"{}")]);
        for at in (0..bytes.len()).filter(|at| !(512..514).contains(at)) {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                if let Ok(files) = read(&changed) {
                    // Only another name of the same checksum may pass; the list of the archive names them all.
                    assert_ne!(files[0].name, "manifest.json", "byte {at} bit {bit}");
                }
            }
        }
    }

    #[test]
    fn every_cut_is_seen() {
        let bytes = archive(&[("a", b"12"), ("b", b"")]);
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "{len}");
        }
        let mut longer = bytes.clone();
        longer.extend_from_slice(&[0; 512]);
        assert_eq!(read(&longer), Err(TransferError::Damaged));
    }
}
