//! Encodings shared by every format: base64url, strict JSON, JWS and JWE.

pub mod base64url;
pub mod form;
pub mod json;
pub mod jwe;
pub mod jws;
