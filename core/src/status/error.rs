//! What can go wrong with a status list.

use crate::encoding::cose::CoseError;
use crate::encoding::jws::JwsError;
use crate::error::ErrorCode;

/// Why there is no statement about a status. The credential must then be treated as not valid (§8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// `bits` is not 1, 2, 4 or 8, or the size is not a whole number of bytes (§4.1).
    #[error("the shape of the status list is not allowed")]
    Shape,
    /// A status value does not fit the number of bits, or the list is not sized for it.
    #[error("the status value does not fit the list")]
    Value,
    /// `lst` is not base64url, not a zlib stream, has bytes after its end or a wrong checksum (§4.1).
    #[error("the status list cannot be decompressed")]
    Compression,
    /// The list decompresses to more than [`MAX_LIST_BYTES`](super::MAX_LIST_BYTES).
    #[error("the status list is too large")]
    TooLarge,
    /// The index is past the end of the list (§8.3 step 4).
    #[error("the status index is out of range")]
    OutOfRange,
    /// The token's JWT form was refused.
    #[error("the status list token was refused: {0}")]
    Jws(#[from] JwsError),
    /// The token's CWT form was refused.
    #[error("the status list token was refused: {0}")]
    Cose(#[from] CoseError),
    /// `typ` is not `statuslist+jwt` or `application/statuslist+cwt` (§5.1, §5.2).
    #[error("the status list token has the wrong type")]
    Type,
    /// A claim is missing or of the wrong type.
    #[error("the status list token is malformed")]
    Malformed,
    /// `sub` is not the `uri` of the referenced token (§8.3 step 3.b).
    #[error("the status list token is for another address")]
    WrongSubject,
    /// `exp` has passed (§8.3 step 3.c).
    #[error("the status list token has expired")]
    Expired,
    /// `iat` lies in the future.
    #[error("the status list token is from the future")]
    FromTheFuture,
}

impl ErrorCode for StatusError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape => "status-list-shape",
            Self::Value => "status-list-value",
            Self::Compression => "status-list-compression",
            Self::TooLarge => "status-list-too-large",
            Self::OutOfRange => "status-list-index-out-of-range",
            Self::Jws(JwsError::Signature) | Self::Cose(CoseError::Signature) => "status-list-signature",
            Self::Jws(_) | Self::Cose(_) => "status-list-token",
            Self::Type => "status-list-type",
            Self::Malformed => "status-list-malformed",
            Self::WrongSubject => "status-list-wrong-subject",
            Self::Expired => "status-list-expired",
            Self::FromTheFuture => "status-list-from-the-future",
        }
    }
}
