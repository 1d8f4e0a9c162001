//! A passkey as Web Authentication Level 3 §6 has them, in software.

use assent_core::crypto::{Signer as _, SoftwareKey, sha256};
use assent_core::encoding::base64url;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Map, Value, json};

pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 4;
pub const ELIGIBLE: u8 = 8;
pub const BACKED_UP: u8 = 16;
const ATTESTED: u8 = 64;
pub const EXTENSIONS: u8 = 128;

enum Key {
    Es256(SoftwareKey),
    EdDsa(Ed25519KeyPair),
}

/// A passkey for one site.
pub struct Passkey {
    pub id: Vec<u8>,
    pub flags: u8,
    key: Key,
    site: String,
}

/// What a passkey and its browser say when they are asked.
pub struct Said {
    pub client_data: Map<String, Value>,
    pub site: String,
    pub flags: u8,
    pub counter: u32,
    pub extensions: Vec<u8>,
}

/// An answer.
#[derive(Clone)]
pub struct Answer {
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Passkey {
    pub fn es256(seed: u8, site: &str) -> Self {
        let key = Key::Es256(SoftwareKey::from_bytes(&[seed; 32]).unwrap());
        Self::new(seed, site, key)
    }

    pub fn ed_dsa(seed: u8, site: &str) -> Self {
        let key = Key::EdDsa(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap());
        Self::new(seed, site, key)
    }

    fn new(seed: u8, site: &str, key: Key) -> Self {
        Self {
            id: vec![seed; 20],
            flags: PRESENT | VERIFIED | ELIGIBLE | BACKED_UP,
            key,
            site: site.to_owned(),
        }
    }

    /// Authenticator data when it is made.
    pub fn made(&self, counter: u32) -> Vec<u8> {
        let mut out = head(&self.site, self.flags | ATTESTED, counter);
        out.extend([0; 16]);
        out.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        out.extend(&self.id);
        match &self.key {
            Key::Es256(key) => {
                let point = key.public_key().as_bytes().to_vec();
                out.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
                out.extend(&point[1..33]);
                out.extend([0x22, 0x58, 0x20]);
                out.extend(&point[33..]);
            }
            Key::EdDsa(key) => {
                out.extend([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
                out.extend(key.public_key().as_ref());
            }
        }
        out
    }

    /// As a commit lists it.
    pub fn listed(&self, counter: u32) -> Value {
        json!({ "credential_id": base64url::encode(&self.id),
                "authenticator_data": base64url::encode(&self.made(counter)) })
    }

    /// Answers a challenge; `twist` changes what is said before it is signed.
    pub fn answer(
        &self,
        challenge: &str,
        origin: &str,
        counter: u32,
        twist: impl FnOnce(&mut Said),
    ) -> Answer {
        let client_data =
            json!({ "type": "webauthn.get", "challenge": challenge, "origin": origin, "crossOrigin": false });
        let Value::Object(client_data) = client_data else {
            unreachable!()
        };
        let mut said = Said {
            client_data,
            site: self.site.clone(),
            flags: self.flags,
            counter,
            extensions: Vec::new(),
        };
        twist(&mut said);
        let client_data = serde_json::to_vec(&said.client_data).unwrap();
        let mut authenticator_data = head(&said.site, said.flags, said.counter);
        authenticator_data.extend(said.extensions);
        let signed = [&authenticator_data[..], &sha256(&client_data)].concat();
        let signature = match &self.key {
            Key::Es256(key) => p256::ecdsa::Signature::from_slice(&key.sign(&signed).unwrap())
                .unwrap()
                .to_der()
                .as_bytes()
                .to_vec(),
            Key::EdDsa(key) => key.sign(&signed).as_ref().to_vec(),
        };
        Answer {
            client_data,
            authenticator_data,
            signature,
        }
    }

    /// The body of a sign-in.
    pub fn body(&self, vault: &str, answer: &Answer) -> Value {
        let b64 = |bytes: &[u8]| base64url::encode(bytes);
        json!({ "vault": vault, "credential_id": b64(&self.id), "client_data": b64(&answer.client_data),
                "authenticator_data": b64(&answer.authenticator_data), "signature": b64(&answer.signature) })
    }
}

fn head(site: &str, flags: u8, counter: u32) -> Vec<u8> {
    let mut out = sha256(site.as_bytes()).to_vec();
    out.push(flags);
    out.extend(counter.to_be_bytes());
    out
}
