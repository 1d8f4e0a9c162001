//! Another app on the same vault, which writes records this one does not understand.

use assent_core::crypto::RustCrypto;
use assent_core::encoding::base64url;
use assent_core::http::HttpRequest;
use assent_wallet::vault::{Change, LockedVault, Secret};
use serde_json::json;
use zeroize::Zeroizing;

use crate::city::{City, Counter};
use crate::person::{PASSPHRASE, Person};

/// Writes `records` (name and content) to the vault of `person`, who then fetches them.
pub fn writes(city: &mut City, person: &mut Person, records: &[(String, &str)]) {
    let cache = person.wallet.cache();
    // Magic, id of the device, length of the address, address, vault.
    let address = u32::from_be_bytes(cache[24..28].try_into().unwrap()) as usize;
    let locked = LockedVault::from_bytes(&cache[28 + address..]).unwrap();
    let secret = Zeroizing::new(PASSPHRASE.to_owned());
    let unlocking = locked.header().unlock(&Secret::Passphrase(&secret)).unwrap();
    let vault = locked.unlock(&unlocking, &RustCrypto).unwrap();
    let changes = records.iter().map(|(name, content)| {
        let content = Zeroizing::new(content.as_bytes().to_vec());
        (name.clone(), Change::Put(content))
    });
    let staged = vault.stage(changes.collect(), &mut Counter(77_000)).unwrap();
    let put = staged.put.iter().map(
        |record| json!({ "handle": record.handle.to_string(), "key": base64url::encode(&record.key), "box": base64url::encode(&record.sealed) }),
    );
    let body = json!({ "base_version": staged.base_version, "manifest": base64url::encode(&staged.manifest),
        "put": put.collect::<Vec<_>>(), "delete": [] });
    let url = format!("{}/commits", person.address);
    let request = HttpRequest::post(url, "application/json", body.to_string(), 1 << 16).header(
        "authorization",
        format!("Bearer {}", vault.access_token().as_str()),
    );
    assert_eq!(city.answer(&request).unwrap().status, 200);
    person.run(city, json!({ "type": "sync" })).unwrap();
}
