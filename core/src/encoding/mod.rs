//! Encodings shared by every format: base64url, JSON read strictly and written canonically, CBOR, forms, JWS, JWE
//! and COSE.

pub mod base64url;
pub mod canonical;
pub mod cbor;
pub mod cose;
pub mod der;
pub mod fields;
pub mod form;
pub mod json;
pub mod jwe;
pub mod jws;
pub mod record;
pub mod steering;
