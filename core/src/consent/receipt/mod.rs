//! The consent receipt: an SD-JWT VC that the wallet makes and the service countersigns.
//!
//! `typ` is `dc+sd-jwt`, `vct` is [`RECEIPT_VCT`](super::RECEIPT_VCT). It is self-issued: signed with a key the wallet
//! uses for this service only, named in `cnf.jwk`, with the key's thumbprint URI (RFC 9278) as `iss`. So it can be
//! verified without an account, a directory, or knowing who the person is. It has no disclosures: everything in it
//! is for both sides, and nothing in it is a claim value.

mod build;
mod error;
mod mint;
mod record;
mod verify;

pub use error::ReceiptError;
pub use mint::Decision;
pub use record::{
    ConsentRecord, Evidence, Party, PiiAttribute, PiiInformation, PrivacyNotice, Processing, Receipt,
    RecordedEvent, RightsExercise, SharedCredential,
};
pub use verify::VerifiedReceipt;

pub(super) use mint::uuid_v4;
pub(super) use verify::thumbprint_uri;

/// `schema_version` of the receipt.
pub const RECEIPT_SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr";

/// `schema_version` of the record in it.
pub const RECORD_SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr";
