//! Integrity metadata of W3C Subresource Integrity, section 3, as SD-JWT VC uses it for documents.

use sha2::Digest as _;

use crate::encoding::base64url;

/// The hash functions of the standard, the strongest first.
const ALGORITHMS: [&str; 3] = ["sha512", "sha384", "sha256"];

/// True when `document` is what `metadata` says: of the strongest hash function named there, one value fits.
///
/// The standard lets a document pass when no hash function is known. Here it does not: a value that cannot be checked
/// is not the same as none.
#[must_use]
pub fn matches(document: &[u8], metadata: &str) -> bool {
    let named = |algorithm: &str| {
        metadata
            .split_ascii_whitespace()
            .filter_map(|entry| entry.split_once('-'))
            .filter(|(name, _)| *name == algorithm)
            // Options after `?` are for the future; the standard says to ignore them.
            .map(|(_, value)| value.split('?').next().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    for algorithm in ALGORITHMS {
        let values = named(algorithm);
        if values.is_empty() {
            continue;
        }
        let digest = match algorithm {
            "sha512" => sha2::Sha512::digest(document).to_vec(),
            "sha384" => sha2::Sha384::digest(document).to_vec(),
            _ => sha2::Sha256::digest(document).to_vec(),
        };
        let digest = base64url::encode_standard(&digest);
        return values.contains(&digest.as_str());
    }
    false
}

/// Integrity metadata of a document, with SHA-256.
#[must_use]
pub(super) fn of(document: &[u8]) -> String {
    let digest = base64url::encode_standard(&sha2::Sha256::digest(document));
    ["sha256-", &digest].concat()
}
