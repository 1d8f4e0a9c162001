//! Documents: uploads that are interrupted anywhere, services that lie about pieces, versions, and deletion for good.

use assent_core::encoding::record::ToJson as _;
use assent_wallet::app::NetworkFailure;
use serde_json::{Value, json};

use crate::city::{City, FieldLie, Tell};
use crate::person::{PASSPHRASE, Person};

const PIECE: usize = 1_047_478;
const WEEK: i64 = 7 * 86_400;

fn content(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at ^ at >> 8 ^ at >> 16 ^ seed) as u8)
        .collect()
}

/// The part of `content` that is in piece `number`.
fn part(content: &[u8], number: usize) -> &[u8] {
    let start = content.len().min(number * PIECE);
    &content[start..content.len().min(start + PIECE)]
}

fn code(error: assent_wallet::app::WalletError) -> String {
    error.view().write_json()["code"].as_str().unwrap().to_owned()
}

impl Person {
    fn begin(&mut self, city: &mut City, name: &str, size: usize, replaces: &str) -> Value {
        let begin = json!({ "type": "documentBegin", "name": name, "mediaType": "image/png", "size": size, "replaces": replaces });
        self.run(city, begin).unwrap()["upload"].clone()
    }

    /// Measures, declares, sends what is missing but for the last `stop` pieces.
    fn send(&mut self, city: &mut City, upload: &Value, content: &[u8], stop: usize) -> Result<(), String> {
        let id = upload["id"].as_str().unwrap();
        for number in 0..upload["pieces"].as_u64().unwrap() as usize {
            self.wallet
                .measure_piece(id, number, part(content, number))
                .map_err(code)?;
        }
        let missing = self
            .run(city, json!({ "type": "documentDeclare", "upload": id }))
            .map_err(code)?;
        let missing = missing["missing"].as_array().unwrap().clone();
        for number in &missing[..missing.len().saturating_sub(stop)] {
            let number = number.as_u64().unwrap() as usize;
            let (request, body) = self
                .wallet
                .send_piece(id, number, part(content, number))
                .map_err(code)?;
            let (status, _) = city.blobs.bytes(&request, &body);
            self.wallet.piece_sent(Ok(status)).map_err(code)?;
        }
        Ok(())
    }

    fn add(&mut self, city: &mut City, name: &str, content: &[u8], replaces: &str) -> Value {
        let upload = self.begin(city, name, content.len(), replaces);
        self.send(city, &upload, content, 0).unwrap();
        let done = json!({ "type": "documentFinish", "upload": upload["id"] });
        self.run(city, done).unwrap()["document"].clone()
    }

    fn read(&mut self, city: &mut City, document: &Value, version: usize) -> Result<Vec<u8>, String> {
        let (id, file) = (document["id"].as_str().unwrap(), &document["files"][version]);
        let blob = file["id"].as_str().unwrap();
        let mut out = Vec::new();
        for number in 0..(file["size"].as_u64().unwrap() as usize).div_ceil(PIECE) {
            let request = self.wallet.read_piece(id, blob, number).map_err(code)?;
            let (status, body) = city.blobs.bytes(&request, &[]);
            out.extend_from_slice(
                &self
                    .wallet
                    .open_piece(id, blob, number, Ok((status, &body)))
                    .map_err(code)?,
            );
        }
        Ok(out)
    }

    fn documents(&mut self, city: &mut City) -> Value {
        self.run(city, json!({ "type": "documents" })).unwrap()
    }
}

#[test]
fn a_document_is_linked_by_its_commit_and_read_on_another_device() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let original = content(2 * PIECE + 77, 1);
    let document = ada.add(&mut city, "passport.png", &original, "");
    let blob = document["files"][0]["id"].as_str().unwrap().to_owned();
    assert!(city.blobs.linked.contains(&blob));
    assert_eq!(
        document["files"][0]["addedWith"], "",
        "the vault was never unlocked yet"
    );
    assert_eq!(ada.read(&mut city, &document, 0).unwrap(), original);
    let mut other = Person::new(7);
    let open = json!({ "type": "openVault", "address": ada.address, "passphrase": PASSPHRASE });
    other.run(&mut city, open).unwrap();
    let documents = other.documents(&mut city);
    assert_eq!(
        other.read(&mut city, &documents["documents"][0], 0).unwrap(),
        original
    );
}

#[test]
fn an_upload_goes_on_after_a_restart_and_takes_no_other_file() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let original = content(3 * PIECE, 1);
    let upload = ada.begin(&mut city, "film", original.len(), "");
    ada.send(&mut city, &upload, &original, 2).unwrap();
    ada.restart();
    ada.run(&mut city, json!({ "type": "unlock", "passphrase": PASSPHRASE }))
        .unwrap();
    let kept = ada.documents(&mut city)["uploads"][0].clone();
    assert_eq!(
        (&kept["id"], &kept["measured"]),
        (&upload["id"], &upload["pieces"])
    );
    let id = kept["id"].as_str().unwrap().to_owned();
    // Another file of the same length, and one of another.
    let other = content(3 * PIECE, 2);
    for wrong in [part(&other, 2), &original[..5]] {
        let refused = ada.wallet.send_piece(&id, 2, wrong).unwrap_err();
        assert_eq!(code(refused), "document-file-differs");
    }
    let before = city.blobs.parts.len();
    let again = json!({ "type": "documentDeclare", "upload": id });
    let missing = ada.run(&mut city, again).unwrap()["missing"].clone();
    assert_eq!(
        missing.as_array().unwrap().len(),
        kept["pieces"].as_u64().unwrap() as usize - before
    );
    for number in missing.as_array().unwrap() {
        let number = number.as_u64().unwrap() as usize;
        let (request, body) = ada
            .wallet
            .send_piece(&id, number, part(&original, number))
            .unwrap();
        assert_eq!(city.blobs.bytes(&request, &body).0, 204);
    }
    let done = ada
        .run(&mut city, json!({ "type": "documentFinish", "upload": id }))
        .unwrap();
    assert_eq!(ada.read(&mut city, &done["document"], 0).unwrap(), original);
    assert_eq!(ada.documents(&mut city)["uploads"], json!([]));
}

#[test]
fn a_lost_answer_makes_no_second_document() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let upload = ada.begin(&mut city, "a", 10, "");
    ada.send(&mut city, &upload, &content(10, 1), 0).unwrap();
    let finish = json!({ "type": "documentFinish", "upload": upload["id"] });
    city.lost.insert("/commits");
    assert_eq!(
        ada.fails(&mut city, finish.clone())["code"],
        "vault-service-unreachable"
    );
    city.lost.clear();
    let done = ada.run(&mut city, finish).unwrap();
    assert_eq!(done["document"]["name"], "a");
    let documents = ada.documents(&mut city);
    assert_eq!(documents["documents"].as_array().unwrap().len(), 1);
    assert_eq!(
        (documents["uploads"].clone(), city.blobs.linked.len()),
        (json!([]), 1)
    );
}

#[test]
fn what_the_service_forgot_is_said_and_sent_again() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let original = content(PIECE + 5, 1);
    let upload = ada.begin(&mut city, "a", original.len(), "");
    ada.send(&mut city, &upload, &original, 0).unwrap();
    city.blobs.sweep();
    let finish = json!({ "type": "documentFinish", "upload": upload["id"] });
    assert_eq!(
        ada.fails(&mut city, finish.clone())["code"],
        "document-not-at-service"
    );
    assert!(
        ada.documents(&mut city)["documents"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    ada.send(&mut city, &upload, &original, 0).unwrap();
    let done = ada.run(&mut city, finish).unwrap();
    assert_eq!(ada.read(&mut city, &done["document"], 0).unwrap(), original);
}

#[test]
fn cancelled_or_deleted_for_good_nothing_stays_at_the_service() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let upload = ada.begin(&mut city, "a", 2 * PIECE, "");
    ada.send(&mut city, &upload, &content(2 * PIECE, 1), 1).unwrap();
    ada.run(
        &mut city,
        json!({ "type": "documentCancel", "upload": upload["id"] }),
    )
    .unwrap();
    assert_eq!(
        (
            city.blobs.parts.len(),
            ada.documents(&mut city)["uploads"].clone()
        ),
        (0, json!([]))
    );

    let document = ada.add(&mut city, "a", &content(10, 1), "");
    let id = document["id"].as_str().unwrap().to_owned();
    let document = ada.add(&mut city, "a", &content(20, 2), &id);
    assert_eq!(document["files"].as_array().unwrap().len(), 2);
    // Within the week it can be brought back, with everything.
    let delete = |now: bool| json!({ "type": "documentDelete", "id": id, "now": now });
    let deleted = ada.run(&mut city, delete(false)).unwrap()["document"].clone();
    assert_eq!(
        deleted["goneAt"].as_i64().unwrap() / 1000,
        (ada.now.0 + WEEK) / 1000
    );
    assert_eq!(city.blobs.linked.len(), 2);
    ada.run(&mut city, json!({ "type": "documentRestore", "id": id }))
        .unwrap();
    assert_eq!(ada.read(&mut city, &document, 1).unwrap(), content(10, 1));
    ada.run(&mut city, delete(true)).unwrap();
    assert!(city.blobs.linked.is_empty() && city.blobs.parts.is_empty());
    assert_eq!(ada.documents(&mut city)["documents"], json!([]));
}

#[test]
fn after_a_week_a_deleted_document_goes_with_the_next_exchange() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let document = ada.add(&mut city, "a", &content(10, 1), "");
    ada.run(
        &mut city,
        json!({ "type": "documentDelete", "id": document["id"] }),
    )
    .unwrap();
    ada.now = ada.now.plus(WEEK - 100);
    ada.run(&mut city, json!({ "type": "refresh" })).unwrap();
    assert_eq!(city.blobs.linked.len(), 1);
    ada.now = ada.now.plus(200);
    ada.run(&mut city, json!({ "type": "refresh" })).unwrap();
    assert!(city.blobs.linked.is_empty());
    assert_eq!(ada.documents(&mut city)["documents"], json!([]));
}

#[test]
fn an_earlier_version_is_brought_back_or_removed() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let first = ada.add(&mut city, "a", b"first", "");
    let both = ada.add(&mut city, "a", b"second", first["id"].as_str().unwrap());
    let old = both["files"][1]["id"].clone();
    let version = |file: &Value, remove: bool| json!({ "type": "documentVersion", "id": first["id"], "file": file, "remove": remove });
    let back = ada.run(&mut city, version(&old, false)).unwrap()["document"].clone();
    assert_eq!(ada.read(&mut city, &back, 0).unwrap(), b"first");
    let newer = back["files"][1]["id"].clone();
    let alone = ada.run(&mut city, version(&newer, true)).unwrap()["document"].clone();
    assert_eq!(
        (alone["files"].as_array().unwrap().len(), city.blobs.parts.len()),
        (1, 1)
    );
    assert_eq!(
        ada.fails(&mut city, version(&old, true))["code"],
        "document-only-version"
    );
}

#[test]
fn a_service_that_lies_about_pieces_gets_nowhere() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let original = content(2 * PIECE + 9, 1);
    let document = ada.add(&mut city, "a", &original, "");
    let foreign = ada.add(&mut city, "b", &content(2 * PIECE + 9, 2), "");
    let (id, blob) = (
        document["id"].as_str().unwrap(),
        document["files"][0]["id"].as_str().unwrap(),
    );
    let stored = |blob: &str, number: usize| city.blobs.parts[&(blob.to_owned(), number)].clone();
    let other = foreign["files"][0]["id"].as_str().unwrap();
    let mut lies = vec![
        vec![],
        vec![0; 1 << 20],
        stored(blob, 1),
        stored(blob, 2),
        stored(other, 0),
    ];
    for at in [0, 1, 17, 41, 73, 74, 500_000, (1 << 20) - 1] {
        let mut turned = stored(blob, 0);
        turned[at] ^= 1;
        lies.push(turned);
    }
    for len in [17, 73, 90, 1000, (1 << 20) - 1] {
        lies.push(stored(blob, 0)[..len].to_vec());
    }
    lies.push([stored(blob, 0), vec![0]].concat());
    for lie in &lies {
        let refused = ada.wallet.open_piece(id, blob, 0, Ok((206, lie))).unwrap_err();
        assert_eq!(code(refused), "document-not-authentic", "{} bytes", lie.len());
    }
    let honest = stored(blob, 0);
    assert_eq!(
        &ada.wallet.open_piece(id, blob, 0, Ok((206, &honest))).unwrap()[..],
        part(&original, 0)
    );
    for (status, expected) in [
        (Ok(401), "vault-access-refused"),
        (Ok(404), "document-not-at-service"),
        (Ok(416), "document-not-authentic"),
        (Ok(429), "vault-service-busy"),
        (Ok(503), "vault-service-unreachable"),
        (Err(NetworkFailure), "vault-service-unreachable"),
    ] {
        let answer = status.map(|status| (status, honest.as_slice()));
        assert_eq!(
            code(ada.wallet.open_piece(id, blob, 0, answer).unwrap_err()),
            expected
        );
    }
}

#[test]
fn a_service_that_lies_about_an_upload_is_not_believed() {
    for (number, (field, lie)) in [
        ("blob", json!("x")),
        ("part_bytes", json!(1000)),
        ("missing", json!([7])),
        ("missing", json!([0, 0, 0, 0])),
        ("missing", json!([-1])),
        ("missing", json!("all")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut city = City::new();
        let mut ada = Person::with_vault(&mut city);
        let upload = ada.begin(&mut city, "a", 10, "");
        let id = upload["id"].as_str().unwrap();
        ada.wallet.measure_piece(id, 0, &content(10, 1)).unwrap();
        let lie = FieldLie::new("POST /v1/vaults/{id}/blobs", field, Tell::Is(lie));
        city.field_lie = Some(lie);
        let declare = json!({ "type": "documentDeclare", "upload": id });
        assert_eq!(
            ada.fails(&mut city, declare)["code"],
            "vault-service-nonsense",
            "lie {number}"
        );
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_sent() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let begin = |name: &str, size: u64, replaces: &str| json!({ "type": "documentBegin", "name": name, "size": size, "replaces": replaces });
    for (command, expected) in [
        (begin("a", (100 << 20) + 1, ""), "vault-attachment-too-large"),
        (begin("", 1, ""), "document-name-not-possible"),
        (begin("a\nb", 1, ""), "document-name-not-possible"),
        (begin("a", 1, "nobody"), "not-found"),
        (
            json!({ "type": "documentFinish", "upload": "nobody" }),
            "not-found",
        ),
    ] {
        assert_eq!(ada.fails(&mut city, command)["code"], expected);
    }
    let upload = ada.begin(&mut city, "a", 2 * PIECE, "");
    let id = upload["id"].as_str().unwrap();
    // Out of turn; and nothing that was not measured is declared or sent.
    let refused = ada.wallet.measure_piece(id, 1, &content(PIECE, 1)).unwrap_err();
    assert_eq!(code(refused), "document-piece-out-of-turn");
    ada.wallet.measure_piece(id, 0, &content(PIECE, 1)).unwrap();
    assert_eq!(
        ada.fails(&mut city, json!({ "type": "documentDeclare", "upload": id }))["code"],
        "vault-record-missing"
    );
    assert!(ada.wallet.send_piece(id, 1, &content(PIECE, 1)).is_err());
    ada.run(&mut city, json!({ "type": "lock" })).unwrap();
    assert_eq!(
        code(ada.wallet.send_piece(id, 0, &content(PIECE, 1)).unwrap_err()),
        "vault-locked"
    );
}

/// The records of documents, as a file has them.
fn records(person: &mut Person, city: &mut City) -> Vec<String> {
    let contents = person.run(city, json!({ "type": "takeOut" })).unwrap();
    let contents = contents["records"].as_object().unwrap().clone();
    let documents = contents
        .into_iter()
        .filter(|(name, _)| name.starts_with("document/"));
    documents
        .map(|(_, content)| content.as_str().unwrap().to_owned())
        .collect()
}

/// A document of another vault: under new keys, with its id and versions, and whole or not at all.
#[test]
fn a_document_comes_in_from_another_vault_with_its_versions() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let (old, new) = (content(10, 1), content(2 * PIECE + 5, 2));
    let document = ada.add(&mut city, "lease.png", &old, "");
    let id = document["id"].as_str().unwrap();
    let there = ada.add(&mut city, "lease.png", &new, id);
    let record = records(&mut ada, &mut city).remove(0);
    let versions: Vec<String> = there["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["id"].as_str().unwrap().to_owned())
        .collect();

    let mut kim = Person::with_vault_of(&mut city, 50_000);
    let begin =
        |version: usize| json!({ "type": "bringDocument", "record": record, "file": versions[version] });
    let end = |files: &[String]| json!({ "type": "bringDocumentEnd", "record": record, "files": files });
    // Nothing was sent yet, or not the present version.
    assert_eq!(kim.fails(&mut city, end(&versions))["code"], "not-found");
    assert_eq!(
        kim.fails(&mut city, end(&versions[1..]))["code"],
        "document-record-unreadable"
    );
    for (version, content) in [(0, &new), (1, &old)] {
        let upload = kim.run(&mut city, begin(version)).unwrap()["upload"].clone();
        // Interrupted before the last piece, and taken up again: the same upload.
        kim.send(&mut city, &upload, content, 1).unwrap();
        let again = kim.run(&mut city, begin(version)).unwrap()["upload"].clone();
        assert_eq!(
            (&again["id"], &again["measured"]),
            (&upload["id"], &upload["pieces"])
        );
        let refused = kim.fails(&mut city, end(&versions));
        assert!(["not-found", "document-not-at-service"].contains(&refused["code"].as_str().unwrap()));
        kim.send(&mut city, &again, content, 0).unwrap();
    }
    // Uploads of a file are no uploads of the person's.
    assert_eq!(kim.documents(&mut city)["uploads"], json!([]));
    let here = kim.run(&mut city, end(&versions)).unwrap()["document"].clone();
    for member in ["id", "name", "note", "about", "addedAt", "changedAt"] {
        assert_eq!(here[member], there[member], "{member}");
    }
    for (version, content) in [(0, &new), (1, &old)] {
        assert_eq!(kim.read(&mut city, &here, version).unwrap(), *content);
        assert_ne!(
            here["files"][version]["id"], there["files"][version]["id"],
            "other keys"
        );
        assert_eq!(here["files"][version]["at"], there["files"][version]["at"]);
    }
    // Again: it is here, and the answer that got lost can be asked for again.
    assert_eq!(kim.run(&mut city, begin(0)).unwrap(), json!({ "type": "done" }));
    assert_eq!(kim.run(&mut city, end(&versions)).unwrap()["document"], here);
    assert_eq!(kim.documents(&mut city)["documents"].as_array().unwrap().len(), 1);
}

#[test]
fn records_from_outside_are_taken_as_this_app_writes_them_only() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let document = ada.add(&mut city, "lease.png", &content(10, 1), "");
    let file = document["files"][0]["id"].clone();
    let record: Value = serde_json::from_str(&records(&mut ada, &mut city)[0]).unwrap();
    let mut kim = Person::with_vault_of(&mut city, 50_000);
    let version = record["files"][0].clone();
    let mut huge = version.clone();
    huge["size"] = ((100_u64 << 20) + 1).into();
    for (member, value) in [
        ("name", json!("a\nb")),
        ("name", json!("")),
        ("note", json!("x".repeat(2001))),
        ("about", json!("x".repeat(201))),
        ("files", json!([])),
        ("files", json!(vec![version.clone(); 6])),
        ("files", json!([huge])),
        ("id", json!(7)),
    ] {
        let mut lies = record.clone();
        lies[member] = value.clone();
        let begin = json!({ "type": "bringDocument", "record": lies.to_string(), "file": file });
        assert_eq!(
            kim.fails(&mut city, begin)["code"],
            "document-record-unreadable",
            "{member} {value}"
        );
    }
    let unknown = json!({ "type": "bringDocument", "record": record.to_string(), "file": "other" });
    assert_eq!(kim.fails(&mut city, unknown)["code"], "not-found");
}

/// What a service says of its room is shown or not, and changes nothing.
#[test]
fn room_is_told_when_the_service_tells_it_well() {
    let mut city = City::new();
    let mut ada = Person::with_vault(&mut city);
    let told =
        json!({ "blobs": 2, "bytes": 100, "most_blobs": 10, "most_bytes": 1000, "most_blob_bytes": 500 });
    city.blobs.room = told.clone();
    let room = |ada: &mut Person, city: &mut City| ada.run(city, json!({ "type": "room" })).unwrap();
    assert_eq!(
        room(&mut ada, &mut city),
        json!({ "type": "room", "bytes": 900, "files": 8, "fileBytes": 500 })
    );
    city.blobs.room["bytes"] = 2000.into();
    assert_eq!(room(&mut ada, &mut city)["bytes"], 0);
    let unknown = json!({ "type": "room", "bytes": null, "files": null, "fileBytes": null });
    for lie in [json!(-1), json!("much"), json!(1.5), Value::Null] {
        city.blobs.room = told.clone();
        city.blobs.room["most_bytes"] = lie;
        assert_eq!(room(&mut ada, &mut city), unknown);
    }
    city.blobs.room = json!([]);
    assert_eq!(room(&mut ada, &mut city), unknown);
}
