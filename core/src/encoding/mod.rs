//! Encodings shared by every format: base64url, strict JSON, JWS, JWE and COSE.

pub mod base64url;
pub mod cose;
pub mod form;
pub mod json;
pub mod jwe;
pub mod jws;
