//! A vault as a device makes and changes it; what is sealed in it is just text here.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use serde_json::{Value, json};

use super::Sandbox;

pub const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
pub const TOKEN: &str = "token-of-the-wallet";

pub fn b64(text: &str) -> String {
    base64url::encode(text.as_bytes())
}

/// What the service keeps of an access token.
pub fn token_hash(token: &str) -> String {
    base64url::encode(&sha256(token.as_bytes()))
}

/// A new vault with these records.
pub fn new_vault(id: &str, records: Value) -> Value {
    json!({ "vault_id": id, "access_token_sha256": token_hash(TOKEN),
            "header": b64("header"), "manifest": b64("manifest"), "put": records })
}

/// Commits to [`ID`]; must succeed.
#[track_caller]
pub fn commit(server: &Sandbox, base: i64, more: Value) -> impl Future<Output = ()> {
    let mut body = json!({ "base_version": base, "manifest": b64("next") });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    async move {
        let path = format!("/v1/vaults/{ID}/commits");
        server
            .call("POST", &path, TOKEN, &[], Some(&body))
            .await
            .expect(200);
    }
}
