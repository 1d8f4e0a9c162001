//! `assent holder documents` with a local vault: files go in and come back, whatever happens in between.

use serde_json::Value;

use crate::common::{STATE, Sandbox};

fn wallet() -> Sandbox {
    let sandbox = Sandbox::new();
    let made = sandbox.init(["--recovery-code-file", "recovery", STATE[0], STATE[1]]);
    assert_eq!(made.code, 0, "{}", made.err);
    sandbox
}

fn documents(sandbox: &Sandbox, command: &str) -> (i32, Value) {
    let words = ["holder", "documents"]
        .into_iter()
        .chain(command.split(' '))
        .chain(STATE);
    sandbox.json(words)
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

#[test]
fn a_file_goes_in_and_comes_back_the_same() {
    let sandbox = wallet();
    for len in [0, 1, 2_500_000] {
        let original = content(len);
        sandbox.put("survey.pdf", &original);
        let (code, added) = documents(&sandbox, "add survey.pdf");
        assert_eq!(
            (code, &added["schema"]),
            (0, &"assent.holder-document/1".into()),
            "{added}"
        );
        let document = &added["data"]["document"];
        assert_eq!(document["name"], "survey.pdf");
        assert_eq!(document["files"][0]["mediaType"], "application/pdf");
        assert_eq!(document["files"][0]["size"], len);
        let id = document["id"].as_str().unwrap();
        let out = format!("back-{len}");
        let (code, got) = documents(&sandbox, &format!("get {id} --out {out}"));
        assert_eq!(code, 0, "{got}");
        assert!(std::fs::read(sandbox.path(&out)).unwrap() == original);
        // Never over a file that is there.
        let (code, refused) = documents(&sandbox, &format!("get {id} --out {out}"));
        assert_eq!((code, &refused["error"]["code"]), (7, &"file-exists".into()));
    }
    let (_, list) = documents(&sandbox, "list");
    assert_eq!(list["data"]["documents"].as_array().unwrap().len(), 3);
    assert_eq!(list["data"]["uploads"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_kept_is_ciphertext_and_goes_with_the_document() {
    let sandbox = wallet();
    let canary = "the bearer was born in Appelscha ".repeat(50_000);
    sandbox.put("geboorteakte.txt", &canary);
    let (_, added) = documents(&sandbox, "add geboorteakte.txt");
    let id = added["data"]["document"]["id"].as_str().unwrap().to_owned();
    let kept = |wanted: &[u8]| {
        let mut files = vec![sandbox.path("w")];
        let (mut bytes, mut found) = (0, false);
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(
                    std::fs::read_dir(path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            } else {
                let content = std::fs::read(path).unwrap();
                bytes += content.len();
                found |= content.windows(wanted.len()).any(|window| window == wanted);
            }
        }
        (bytes, found)
    };
    for wanted in ["Appelscha", "geboorteakte"] {
        let (bytes, found) = kept(wanted.as_bytes());
        assert!(bytes > canary.len() && !found, "{wanted} in {bytes} bytes");
    }
    let (code, _) = documents(&sandbox, &format!("rm {id}"));
    assert_eq!(code, 0);
    let (_, list) = documents(&sandbox, "list");
    assert!(
        list["data"]["documents"][0]["goneAt"].is_number(),
        "it can be brought back"
    );
    let (code, _) = documents(&sandbox, &format!("rm {id} --now"));
    assert_eq!(code, 0);
    let (bytes, _) = kept(b"x");
    assert!(bytes < 100_000, "{bytes} bytes are left");
    let (code, gone) = documents(&sandbox, &format!("get {id} --out again"));
    assert_eq!((code, &gone["error"]["code"]), (4, &"document-not-found".into()));
    assert!(!sandbox.path("again").exists());
}

#[test]
fn a_damaged_part_is_found_out_and_leaves_no_half_file() {
    let sandbox = wallet();
    sandbox.put("film.bin", content(2_500_000));
    let (_, added) = documents(&sandbox, "add film.bin --name Film");
    let document = &added["data"]["document"];
    let (id, blob) = (
        document["id"].as_str().unwrap(),
        document["files"][0]["id"].as_str().unwrap(),
    );
    let part = sandbox.path("w/wallet.json.blobs").join(blob).join("1");
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&part, &bytes).unwrap();
    let (code, refused) = documents(&sandbox, &format!("get {id} --out film"));
    assert_eq!(
        (code, &refused["error"]["code"]),
        (5, &"document-not-authentic".into())
    );
    for half in ["film", ".film.unfinished"] {
        assert!(!sandbox.path(half).exists(), "{half}");
    }
    // Another part in its place.
    std::fs::copy(part.with_file_name("0"), &part).unwrap();
    let (_, refused) = documents(&sandbox, &format!("get {id} --out film"));
    assert_eq!(refused["error"]["code"], "document-not-authentic");
}

#[test]
fn replaced_it_keeps_the_version_before_and_too_large_is_said() {
    let sandbox = wallet();
    sandbox.put("lease.txt", "old");
    let (_, added) = documents(&sandbox, "add lease.txt");
    let id = added["data"]["document"]["id"].as_str().unwrap().to_owned();
    sandbox.put("lease.txt", "newer");
    let (_, replaced) = documents(&sandbox, &format!("add lease.txt --replace {id}"));
    let files = replaced["data"]["document"]["files"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["size"]), (2, &5.into()));
    let old = files[1]["id"].as_str().unwrap();
    documents(&sandbox, &format!("get {id} --version {old} --out old"));
    assert_eq!(std::fs::read(sandbox.path("old")).unwrap(), b"old");
    let huge = std::fs::File::create(sandbox.path("huge")).unwrap();
    huge.set_len((100 << 20) + 1).unwrap();
    let (code, refused) = documents(&sandbox, "add huge");
    assert_eq!(
        (code, &refused["error"]["code"]),
        (2, &"vault-attachment-too-large".into())
    );
    let (code, refused) = documents(&sandbox, "add .");
    assert_eq!((code, &refused["error"]["code"]), (7, &"file-unreadable".into()));
}

/// Ids are random: one in 64 begins with a hyphen.
#[test]
fn ids_that_begin_like_a_flag_are_ids() {
    let sandbox = wallet();
    for command in [
        "get -lXPz --out x",
        "rm -lXPz",
        "rm -lXPz --now",
        "get -lX --out x --version -kk",
    ] {
        let (code, refused) = documents(&sandbox, command);
        let expected = (4, &"document-not-found".into());
        assert_eq!((code, &refused["error"]["code"]), expected, "{command}");
    }
}
