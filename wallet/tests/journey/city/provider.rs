//! The city vouches for its wallets, as the server does.

use assent_core::crypto::{PublicKey, RustCrypto};
use assent_core::encoding::base64url;
use assent_core::env::Timestamp;
use assent_core::http::HttpResponse;
use assent_core::oid4vci::Attesters;
use assent_core::oid4vci::attestation::provider::{
    KEYS_PATH, KeyAttestationRequest, ProvedKey, WALLET_PATH, WalletAttestationRequest,
};
use assent_core::oid4vci::attestation::{KeyAttestation, WalletAttestation, level};
use assent_core::trust::TrustAnchors;
use serde_json::json;

use super::{BASE, City, PROFILE, ok, respond};
use crate::certificates::{Chain, chain};

/// The wallet provider of the city.
pub fn provider() -> Chain {
    chain("City wallets", 31)
}

/// Who believes it.
pub fn anchors() -> TrustAnchors {
    let certificate = base64url::encode_standard(&provider().anchor);
    let list = json!({ "wallet_providers": [{ "name": "City wallets", "certificate": certificate }] });
    TrustAnchors::from_json(&list).unwrap()
}

impl City {
    pub(super) fn vouch(&mut self, path: &str, body: &str, now: Timestamp) -> HttpResponse {
        if !self.vouches {
            let problem = r#"{"code":"wallet-provider-not-configured"}"#;
            return respond(404, "application/problem+json", problem);
        }
        self.vouched.push(body.to_owned());
        if let Some(text) = self.instead_of_attestations {
            return ok(&json!({ "wallet_attestation": text, "key_attestation": text }));
        }
        let attesters = Attesters {
            anchors: &TrustAnchors::new(),
            now,
            profile: &PROFILE,
            crypto: &RustCrypto,
        };
        let proved = |proof: &String| ProvedKey::verify(proof, BASE, &attesters).unwrap();
        let chain = provider();
        let x5c = [chain.leaf.clone()];
        match path {
            WALLET_PATH => {
                let asked = WalletAttestationRequest::parse(body.as_bytes()).unwrap();
                let attestation = WalletAttestation {
                    provider: BASE,
                    client_id: &asked.client_id,
                    instance_key: &proved(&asked.proof).key,
                    wallet_name: "City wallet",
                    wallet_version: "1",
                    wallet_link: BASE,
                    issued_at: now,
                    expires_at: now.plus(7200),
                };
                ok(&json!({ "wallet_attestation": attestation.sign(&x5c, &chain.key).unwrap() }))
            }
            KEYS_PATH => {
                let asked = KeyAttestationRequest::parse(body.as_bytes(), &PROFILE).unwrap();
                let proved: Vec<ProvedKey> = asked.proofs.iter().map(proved).collect();
                let keys: Vec<PublicKey> = proved.iter().map(|proved| proved.key.clone()).collect();
                let attestation = KeyAttestation {
                    keys: &keys,
                    key_storage: &[level::BASIC],
                    user_authentication: &[level::BASIC],
                    nonce: proved[0].nonce.as_deref(),
                    issued_at: now,
                    expires_at: Some(now.plus(600)),
                    status: None,
                };
                ok(&json!({ "key_attestation": attestation.sign(&x5c, &chain.key).unwrap() }))
            }
            other => panic!("nothing lives at {other}"),
        }
    }
}
