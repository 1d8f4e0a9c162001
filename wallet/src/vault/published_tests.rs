//! A vault that was written once and is published, `specs/formats/vectors/vault.json`: what citizens have stored must open
//! with every later version, and with wallets of others. It changes only when a break of the format is meant
//! (`ASSENT_UPDATE=1` writes it anew).

use assent_core::crypto::RustCrypto;
use assent_core::encoding::base64url::{decode, encode};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::sealed::Sealed;
use super::testing::{Counter, NOW, PASSPHRASE, Service};
use super::{
    Attachment, Handle, LockedVault, NewAttachment, NewMethod, PrfOutputs, PrfSalts, RecoveryCode,
    RemoteVault, Secret, SlotChange, UnlockedVault, VaultId,
};
use assent_core::sorted::Sorted;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/formats/vectors/vault.json");
const CREDENTIAL: &[u8] = b"credential id of a passkey";
const ANSWERS: [[u8; 32]; 2] = [[1; 32], [2; 32]];
const DOCUMENT: &[u8] = b"What a document says.";

/// Writes one: three ways to unlock, new keys, a record of each epoch, what a device keeps, and a document.
fn made() -> Value {
    let mut rng = Counter(0);
    let code = RecoveryCode::generate(&mut rng).unwrap();
    let salts = PrfSalts::generate(&mut rng).unwrap();
    let outputs = PrfOutputs::new(&ANSWERS[0], &ANSWERS[1]).unwrap();
    let passkey = NewMethod::Passkey {
        credential: CREDENTIAL,
        salts: &salts,
        outputs: &outputs,
    };
    let methods = [
        (NewMethod::Passphrase(PASSPHRASE), "in my head"),
        (NewMethod::RecoveryCode(&code), "in the drawer"),
        (passkey, "my telephone"),
    ];
    let mut vault = UnlockedVault::create(&methods, NOW, &mut rng).unwrap();
    let mut service = Service::default();
    let before = [("card/a", Some("one")), ("card/gone", Some("erased"))];
    service.store(&mut vault, &before, &mut rng);
    service.change(&mut vault, &SlotChange::Rotate, &mut rng).unwrap();
    let after = [("card/gone", None), ("receipt/ü", Some("two"))];
    service.store(&mut vault, &after, &mut rng);
    vault.set_device(Zeroizing::new(b"what waits".to_vec()));
    let locked = vault.lock(&mut rng).unwrap();

    let id = vault.header().vault;
    let document = NewAttachment::new(DOCUMENT.len() as u64, &mut rng).unwrap();
    let piece = document.seal_piece(id, 0, DOCUMENT).unwrap();
    let document = document.finish(vec![piece.hash]).unwrap();
    let groups: Vec<String> = code.groups().iter().map(|group| group.to_string()).collect();
    let record = |(handle, record): &(Handle, Sealed)| json!({ "handle": handle.to_string(), "key": encode(&record.key), "box": encode(&record.sealed) });
    json!({
        "about": "A vault as the service stores it and as a device keeps it, with what opens it. Bytes are base64url. See ../vault.md.",
        "unlock": {
            "passphrase": PASSPHRASE,
            "recovery_code": groups.join("-"),
            "passkey": { "credential": encode(CREDENTIAL), "prf": ANSWERS.map(|answer| encode(&answer)) },
        },
        "service": {
            "vault": id.to_string(), "version": service.version, "access_token": vault.access_token().as_str(),
            "header": encode(&service.header), "manifest": encode(&service.manifest),
            "records": service.records.iter().map(record).collect::<Vec<_>>(),
        },
        "device": encode(&locked.to_bytes()),
        "document": { "record": encode(&document.to_bytes()), "blob": document.blob(), "pieces": [encode(&piece.sealed)] },
        "expected": {
            "records": { "card/a": "one", "receipt/ü": "two" }, "device": "what waits",
            "document": String::from_utf8(DOCUMENT.to_vec()).unwrap(), "epoch": 2,
        },
    })
}

fn published() -> Value {
    if std::env::var_os("ASSENT_UPDATE").is_some() {
        std::fs::write(FILE, format!("{:#}\n", made())).unwrap();
    }
    serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    decode(value.as_str().unwrap()).unwrap()
}

/// What an open vault holds is what is written beside it.
fn holds_what_is_expected(vault: &UnlockedVault, file: &Value) {
    let expected = &file["expected"];
    assert_eq!(vault.header().epoch, expected["epoch"].as_u64().unwrap());
    assert_eq!(vault.access_token().as_str(), file["service"]["access_token"]);
    let records = expected["records"].as_object().unwrap();
    for (name, content) in records {
        assert_eq!(
            vault.get(name).unwrap(),
            content.as_str().unwrap().as_bytes(),
            "{name}"
        );
    }
    assert_eq!(vault.list("").count(), records.len());
}

#[test]
fn the_published_vault_opens_in_every_way() {
    let file = published();
    let (service, unlock) = (&file["service"], &file["unlock"]);
    let record = |record: &Value| {
        let sealed = Sealed {
            key: bytes(&record["key"]),
            sealed: bytes(&record["box"]),
        };
        (Handle::parse(record["handle"].as_str().unwrap()).unwrap(), sealed)
    };
    let stored = Service {
        version: service["version"].as_u64().unwrap(),
        header: bytes(&service["header"]),
        manifest: bytes(&service["manifest"]),
        records: Sorted::from_unordered(
            service["records"]
                .as_array()
                .unwrap()
                .iter()
                .map(record)
                .collect(),
        ),
        ..Service::default()
    };
    let code = RecoveryCode::parse(unlock["recovery_code"].as_str().unwrap()).unwrap();
    let answers = unlock["passkey"]["prf"].as_array().unwrap();
    let outputs = PrfOutputs::new(&bytes(&answers[0]), &bytes(&answers[1])).unwrap();
    let credential = bytes(&unlock["passkey"]["credential"]);
    for secret in [
        Secret::Passphrase(unlock["passphrase"].as_str().unwrap()),
        Secret::RecoveryCode(&code),
        Secret::Passkey {
            credential: &credential,
            outputs: &outputs,
        },
    ] {
        holds_what_is_expected(&stored.open_with(&secret).unwrap(), &file);
    }
    // What a device kept, without a network; and it goes on from there with what the service has.
    let kept = LockedVault::from_bytes(&bytes(&file["device"])).unwrap();
    let unlocking = kept.header().unlock(&Secret::RecoveryCode(&code)).unwrap();
    let mut vault = kept.unlock(&unlocking, &RustCrypto).unwrap();
    holds_what_is_expected(&vault, &file);
    assert_eq!(
        vault.device(),
        file["expected"]["device"].as_str().unwrap().as_bytes()
    );
    let remote: RemoteVault = stored.remote();
    vault.receive(remote, &RustCrypto).unwrap();
    holds_what_is_expected(&vault, &file);
}

#[test]
fn the_published_document_opens() {
    let file = published();
    let document = Attachment::from_bytes(&bytes(&file["document"]["record"])).unwrap();
    assert_eq!(document.blob(), file["document"]["blob"]);
    let vault = VaultId::parse(file["service"]["vault"].as_str().unwrap()).unwrap();
    let content = document
        .open_piece(vault, 0, &bytes(&file["document"]["pieces"][0]))
        .unwrap();
    assert_eq!(
        &content[..],
        file["expected"]["document"].as_str().unwrap().as_bytes()
    );
}
