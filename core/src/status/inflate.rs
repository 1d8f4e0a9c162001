//! Decompression with a bound (TS-9): a few kilobytes of zlib can unpack to gigabytes.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::StatusError;

/// Largest decompressed list: 16 MiB, sixteen million entries of 8 bits.
pub const MAX_LIST_BYTES: usize = 16 << 20;

/// Inflates a zlib stream of at most `limit` bytes. The stream must end exactly where `input` does.
pub(super) fn inflate_zlib(mut input: &[u8], limit: usize) -> Result<Vec<u8>, StatusError> {
    let flags =
        inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![
        0;
        input
            .len()
            .saturating_mul(4)
            .clamp(1024, limit.max(1024))
            .min(limit)
    ];
    let mut written = 0;
    loop {
        let (status, read, wrote) = decompress(&mut state, input, &mut out, written, flags);
        input = input.get(read..).ok_or(StatusError::Compression)?;
        written += wrote;
        match status {
            // The checksum was right. Bytes after the stream could be anything: refuse.
            TINFLStatus::Done if input.is_empty() => {
                out.truncate(written);
                return Ok(out);
            }
            TINFLStatus::HasMoreOutput if out.len() < limit => {
                out.resize(out.len().saturating_mul(2).min(limit), 0);
            }
            TINFLStatus::HasMoreOutput => return Err(StatusError::TooLarge),
            _ => return Err(StatusError::Compression),
        }
    }
}
