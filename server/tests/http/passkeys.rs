//! Passkeys that sign in: every check of Web Authentication Level 3 §7.2 once broken, and what becomes of passkeys when the
//! unlock slots change.

use assent_core::encoding::base64url;
use assent_server::webauthn::{Assertion, Credential, RelyingParty, Unfit};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::passkey::{Answer, BACKED_UP, ELIGIBLE, EXTENSIONS, PRESENT, Passkey, Said, VERIFIED};
use crate::common::vault::{ID, TOKEN, b64, commit, new_vault};
use crate::sign_in::OTHER_ID;

const ORIGIN: &str = "https://wallet.example";
const SITE: &str = "wallet.example";

async fn start() -> Sandbox {
    Sandbox::start_with(|config| config.sign_in.wallet_url = Some(ORIGIN.into())).await
}

/// A vault that opens with these passkeys.
async fn vault(server: &Sandbox, id: &str, passkeys: &[Value]) {
    let mut body = new_vault(id, json!([]));
    body["header"] = b64(&format!("header of {id}")).into();
    body["passkeys"] = passkeys.into();
    server.post("/v1/vaults", &body).await.expect(201);
}

async fn challenge(server: &Sandbox) -> String {
    let answer = server.post("/v1/sign-in/passkey/challenge", &json!({})).await;
    answer.expect(200).json()["challenge"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn ask(server: &Sandbox, passkey: &Passkey, vault: &str, answer: &Answer) -> crate::common::Answer {
    server
        .post("/v1/sign-in/passkey", &passkey.body(vault, answer))
        .await
}

/// A right answer to a fresh challenge.
async fn signed_in(server: &Sandbox, passkey: &Passkey, counter: u32) -> crate::common::Answer {
    let challenge = challenge(server).await;
    ask(
        server,
        passkey,
        ID,
        &passkey.answer(&challenge, ORIGIN, counter, |_| {}),
    )
    .await
}

#[tokio::test]
async fn a_passkey_leads_to_its_vault() {
    let server = start().await;
    let passkeys = [Passkey::es256(1, SITE), Passkey::ed_dsa(2, SITE)];
    vault(&server, ID, &[passkeys[0].listed(0), passkeys[1].listed(7)]).await;
    let found = json!({ "vaults": [{ "id": ID, "header": b64(&format!("header of {ID}")) }] });
    for _ in 0..2 {
        let answer = signed_in(&server, &passkeys[0], 0).await;
        assert_eq!(answer.expect(200).json(), found, "this one does not count");
    }
    for counter in [8, 9, 300] {
        assert_eq!(
            signed_in(&server, &passkeys[1], counter).await.expect(200).json(),
            found
        );
    }
    // It opens nothing: what it gave is what everybody gets for the address.
    server
        .call("GET", &format!("/v1/vaults/{ID}/changes"), "", &[], None)
        .await
        .problem(401, "vault-access-refused");
}

#[tokio::test]
async fn a_challenge_counts_once_and_for_ten_minutes() {
    let server = start().await;
    let passkey = Passkey::es256(1, SITE);
    vault(&server, ID, &[passkey.listed(0)]).await;
    let first = challenge(&server).await;
    let answer = passkey.answer(&first, ORIGIN, 0, |_| {});
    ask(&server, &passkey, ID, &answer).await.expect(200);
    ask(&server, &passkey, ID, &answer)
        .await
        .problem(400, "sign-in-over");
    let again = passkey.answer(&first, ORIGIN, 0, |_| {});
    ask(&server, &passkey, ID, &again)
        .await
        .problem(400, "sign-in-over");
    for (seconds, status) in [(599, 200), (600, 400)] {
        let challenge = challenge(&server).await;
        server.pass(seconds);
        let answer = passkey.answer(&challenge, ORIGIN, 0, |_| {});
        assert_eq!(ask(&server, &passkey, ID, &answer).await.status, status);
    }
    // Not one of ours: random, and of another server.
    let other = start().await;
    for foreign in [
        base64url::encode(&[9; 64]),
        challenge(&other).await,
        String::new(),
    ] {
        let answer = passkey.answer(&foreign, ORIGIN, 0, |_| {});
        ask(&server, &passkey, ID, &answer)
            .await
            .problem(400, "sign-in-over");
    }
    // Of two that come at the same moment, one counts.
    let challenge = challenge(&server).await;
    let answer = passkey.answer(&challenge, ORIGIN, 0, |_| {});
    let (one, other) = tokio::join!(
        ask(&server, &passkey, ID, &answer),
        ask(&server, &passkey, ID, &answer)
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

/// Who does not have the key learns nothing: no vault, no passkey, another's key and a wrong form are all the same.
#[tokio::test]
async fn whether_there_is_such_a_passkey_is_told_to_nobody() {
    let server = start().await;
    let passkey = Passkey::es256(1, SITE);
    vault(&server, ID, &[passkey.listed(0)]).await;
    let mut impostor = Passkey::es256(2, SITE);
    impostor.id.clone_from(&passkey.id);
    let stranger = Passkey::es256(3, SITE);
    let mut answers = Vec::new();
    for (who, vault) in [
        (&impostor, ID),
        (&stranger, ID),
        (&passkey, OTHER_ID),
        (&passkey, ""),
        (&passkey, "no id at all"),
        (&passkey, "\u{1}"),
    ] {
        let challenge = challenge(&server).await;
        let answer = ask(&server, who, vault, &who.answer(&challenge, ORIGIN, 0, |_| {})).await;
        answer.problem(403, "sign-in-refused");
        let names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        answers.push((names, answer.json()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    // Somebody else lists the same credential id with a key of their own: it leads to their own vault, not to this one.
    vault(&server, OTHER_ID, &[impostor.listed(0)]).await;
    let challenge = challenge(&server).await;
    let answer = impostor.answer(&challenge, ORIGIN, 0, |_| {});
    ask(&server, &impostor, ID, &answer)
        .await
        .problem(403, "sign-in-refused");
    ask(&server, &impostor, OTHER_ID, &answer).await.expect(200);
    signed_in(&server, &passkey, 0).await.expect(200);
}

#[tokio::test]
async fn a_copy_that_counts_less_is_refused() {
    let server = start().await;
    let passkey = Passkey::es256(1, SITE);
    vault(&server, ID, &[passkey.listed(5)]).await;
    for (counter, status) in [
        (5, 403),
        (6, 200),
        (6, 403),
        (0, 403),
        (10, 200),
        (9, 403),
        (u32::MAX, 200),
        (11, 403),
    ] {
        assert_eq!(
            signed_in(&server, &passkey, counter).await.status,
            status,
            "{counter}"
        );
    }
}

#[tokio::test]
async fn passkeys_come_and_go_with_the_unlock_slots() {
    let server = start().await;
    let [first, second] = [1, 2].map(|seed| Passkey::es256(seed, SITE));
    vault(&server, ID, &[first.listed(5)]).await;
    signed_in(&server, &first, 9).await.expect(200);
    let id = |passkey: &Passkey| json!({ "credential_id": base64url::encode(&passkey.id) });
    commit(
        &server,
        1,
        json!({ "header": b64("2"), "passkeys": [id(&first), second.listed(0)] }),
    )
    .await;
    signed_in(&server, &first, 9)
        .await
        .problem(403, "sign-in-refused");
    // What is kept of a known one stays, whatever is said of it later.
    commit(
        &server,
        2,
        json!({ "header": b64("3"), "passkeys": [first.listed(1), id(&second)] }),
    )
    .await;
    signed_in(&server, &first, 8)
        .await
        .problem(403, "sign-in-refused");
    signed_in(&server, &first, 10).await.expect(200);
    signed_in(&server, &second, 0).await.expect(200);
    // A commit that does not speak of them leaves them.
    commit(&server, 3, json!({})).await;
    commit(&server, 4, json!({ "header": b64("5") })).await;
    signed_in(&server, &second, 0).await.expect(200);
    commit(
        &server,
        5,
        json!({ "header": b64("6"), "passkeys": [id(&first)] }),
    )
    .await;
    signed_in(&server, &second, 0)
        .await
        .problem(403, "sign-in-refused");
    let found = signed_in(&server, &first, 11).await.expect(200).json();
    assert_eq!(found["vaults"][0]["header"], b64("6"));
    // All or nothing: a commit that is refused changes none of them.
    let path = format!("/v1/vaults/{ID}/commits");
    let late = json!({ "base_version": 2, "manifest": "AA", "header": "AA", "passkeys": [] });
    server
        .call("POST", &path, TOKEN, &[], Some(&late))
        .await
        .problem(409, "vault-version-conflict");
    signed_in(&server, &first, 12).await.expect(200);
    server
        .call("DELETE", &format!("/v1/vaults/{ID}"), TOKEN, &[], None)
        .await
        .expect(204);
    signed_in(&server, &first, 13)
        .await
        .problem(403, "sign-in-refused");
}

/// What one passkey can do to the memory of others' sign-ins, and a stranger to ours.
#[tokio::test]
async fn sign_ins_are_bounded() {
    let server = Sandbox::start_with(|config| {
        config.sign_in.wallet_url = Some(ORIGIN.into());
        config.limits.per_vault_per_minute = 160;
    })
    .await;
    let [passkey, other] = [1, 2].map(|seed| Passkey::es256(seed, SITE));
    vault(&server, ID, &[passkey.listed(0)]).await;
    vault(&server, OTHER_ID, &[other.listed(0)]).await;
    // Others' answers cost nothing.
    for _ in 0..5 {
        let challenge = challenge(&server).await;
        let answer = other.answer(&challenge, ORIGIN, 0, |_| {});
        ask(&server, &other, ID, &answer)
            .await
            .problem(403, "sign-in-refused");
    }
    for _ in 0..2 {
        signed_in(&server, &passkey, 0).await.expect(200);
    }
    signed_in(&server, &passkey, 0).await.problem(429, "rate-limited");
    let challenge = challenge(&server).await;
    let answer = other.answer(&challenge, ORIGIN, 0, |_| {});
    ask(&server, &other, OTHER_ID, &answer).await.expect(200);
    // The open vault goes on.
    commit(&server, 1, json!({})).await;
    let mut long = passkey.body(ID, &answer);
    long["vault"] = "x".repeat(32 << 10).into();
    server
        .post("/v1/sign-in/passkey", &long)
        .await
        .problem(413, "body-too-large");
}

/// A passkey that cannot sign in still opens its vault, so the vault is made all the same.
#[tokio::test]
async fn passkeys_that_cannot_sign_in_are_left_aside() {
    let server = start().await;
    let passkey = Passkey::es256(1, SITE);
    let listed = |data: &[u8]| json!({ "credential_id": base64url::encode(&passkey.id), "authenticator_data": base64url::encode(data) });
    let made = passkey.made(0);
    let mut unverified = made.clone();
    unverified[32] &= !VERIFIED;
    let mut other_id = made.clone();
    other_id[60] ^= 1;
    let mut off_the_curve = made.clone();
    *off_the_curve.last_mut().unwrap() ^= 1;
    let mut rsa = made.clone();
    rsa[79] = 0x27;
    let cut = &made[..made.len() - 1];
    let longer = [&made[..], &[0]].concat();
    let elsewhere = Passkey::es256(1, "evil.example").made(0);
    let all: [&[u8]; 9] = [
        &[],
        cut,
        &longer,
        &unverified,
        &other_id,
        &off_the_curve,
        &rsa,
        &elsewhere,
        &[0; 5000],
    ];
    for (i, data) in all.into_iter().enumerate() {
        let id = base64url::encode(&[u8::try_from(i).unwrap() + 100; 16]);
        vault(&server, &id, &[listed(data)]).await;
        let challenge = challenge(&server).await;
        let answer = passkey.answer(&challenge, ORIGIN, 0, |_| {});
        ask(&server, &passkey, &id, &answer)
            .await
            .problem(403, "sign-in-refused");
    }
    // Bounds of the list itself.
    let many = vec![passkey.listed(0); 33];
    let long = json!({ "credential_id": base64url::encode(&[1; 1024]) });
    for wrong in [json!(many), json!([long]), json!([{ "credential_id": "" }])] {
        let mut body = new_vault(ID, json!([]));
        body["passkeys"] = wrong;
        server
            .post("/v1/vaults", &body)
            .await
            .problem(422, "body-invalid");
    }
    vault(&server, ID, &[passkey.listed(0)]).await;
    let alone = json!({ "base_version": 1, "manifest": "AA", "passkeys": [] });
    server
        .call(
            "POST",
            &format!("/v1/vaults/{ID}/commits"),
            TOKEN,
            &[],
            Some(&alone),
        )
        .await
        .problem(422, "body-invalid");
}

/// Each check of §7.2, broken once; over HTTP all of them look alike.
#[tokio::test]
async fn every_check_refuses() {
    let server = start().await;
    let passkey = Passkey::es256(1, SITE);
    vault(&server, ID, &[passkey.listed(0)]).await;
    let party = RelyingParty::new(ORIGIN).unwrap();
    let (credential, id) = party.registration(&passkey.made(0)).unwrap();
    assert_eq!(id, passkey.id);
    let checked = |answer: &Answer, credential: &Credential| {
        party.challenge(&answer.client_data)?;
        let assertion = Assertion {
            client_data: &answer.client_data,
            authenticator_data: &answer.authenticator_data,
            signature: &answer.signature,
        };
        party.assertion(&assertion, credential).map(|_| ())
    };
    let set = |name: &'static str, value: Value| {
        move |said: &mut Said| {
            said.client_data.insert(name.into(), value);
        }
    };
    type Twist = Box<dyn FnOnce(&mut Said)>;
    let twists: Vec<(Unfit, Twist)> = vec![
        (Unfit::Type, Box::new(set("type", "webauthn.create".into()))),
        (
            Unfit::Type,
            Box::new(|said| drop(said.client_data.remove("type"))),
        ),
        (
            Unfit::Malformed,
            Box::new(|said| drop(said.client_data.remove("challenge"))),
        ),
        (Unfit::Malformed, Box::new(set("challenge", "=".into()))),
        (
            Unfit::Origin,
            Box::new(set("origin", "https://wallet.example.evil.example".into())),
        ),
        (
            Unfit::Origin,
            Box::new(set("origin", "https://sub.wallet.example".into())),
        ),
        (
            Unfit::Origin,
            Box::new(set("origin", "http://wallet.example".into())),
        ),
        (
            Unfit::Origin,
            Box::new(set("origin", "https://wallet.example:8443".into())),
        ),
        (Unfit::Origin, Box::new(set("origin", Value::Null))),
        (Unfit::Origin, Box::new(set("crossOrigin", true.into()))),
        (Unfit::Origin, Box::new(set("topOrigin", ORIGIN.into()))),
        (Unfit::Malformed, Box::new(set("crossOrigin", "no".into()))),
        (Unfit::Malformed, Box::new(set("more", "x".repeat(4096).into()))),
        (
            Unfit::RelyingParty,
            Box::new(|said| said.site = "evil.example".into()),
        ),
        (Unfit::Person, Box::new(|said| said.flags &= !PRESENT)),
        (Unfit::Person, Box::new(|said| said.flags &= !VERIFIED)),
        (Unfit::Backup, Box::new(|said| said.flags &= !ELIGIBLE)),
        (
            Unfit::Backup,
            Box::new(|said| said.flags &= !(ELIGIBLE | BACKED_UP)),
        ),
        (Unfit::Malformed, Box::new(|said| said.flags |= 64)),
        (Unfit::Malformed, Box::new(|said| said.flags |= EXTENSIONS)),
        (Unfit::Malformed, Box::new(|said| said.extensions = vec![0xa0])),
    ];
    for (at, (reason, twist)) in twists.into_iter().enumerate() {
        let challenge = challenge(&server).await;
        let answer = passkey.answer(&challenge, ORIGIN, 0, twist);
        assert_eq!(checked(&answer, &credential), Err(reason), "{at}");
        ask(&server, &passkey, ID, &answer)
            .await
            .problem(403, "sign-in-refused");
    }
    // What is right whatever else is said.
    let right: [Twist; 4] = [
        Box::new(|said| {
            said.client_data.remove("crossOrigin");
        }),
        Box::new(set("futureMember", json!({ "a": [1] }))),
        Box::new(|said| said.flags &= !BACKED_UP),
        Box::new(|said| {
            said.flags |= EXTENSIONS;
            said.extensions = vec![0xa0];
        }),
    ];
    for twist in right {
        let challenge = challenge(&server).await;
        let answer = passkey.answer(&challenge, ORIGIN, 0, twist);
        assert_eq!(checked(&answer, &credential), Ok(()));
        ask(&server, &passkey, ID, &answer).await.expect(200);
    }
    // One bit anywhere, and every cut.
    let challenge = challenge(&server).await;
    let answer = passkey.answer(&challenge, ORIGIN, 0, |_| {});
    for at in 0..answer.signature.len() {
        let mut other = answer.clone();
        other.signature[at] ^= 1;
        assert_eq!(checked(&other, &credential), Err(Unfit::Signature), "{at}");
        other.signature.truncate(at);
        assert_eq!(checked(&other, &credential), Err(Unfit::Signature), "{at}");
    }
    for at in 0..answer.authenticator_data.len() {
        let mut other = answer.clone();
        other.authenticator_data[at] ^= 0x80;
        assert!(checked(&other, &credential).is_err(), "{at}");
        other.authenticator_data.truncate(at);
        assert_eq!(checked(&other, &credential), Err(Unfit::Malformed), "{at}");
    }
    let mut other = answer.clone();
    other.client_data.push(b' ');
    assert_eq!(checked(&other, &credential), Err(Unfit::Signature));
    other.client_data = b"{".to_vec();
    assert_eq!(checked(&other, &credential), Err(Unfit::Malformed));
    assert_eq!(checked(&answer, &Credential::nobodys()), Err(Unfit::Signature));
    let counted = Credential {
        counter: 1,
        ..credential
    };
    assert_eq!(checked(&answer, &counted), Err(Unfit::Counter));
}

/// Passkeys belong to domain names.
#[test]
fn an_address_of_numbers_has_no_passkeys() {
    for origin in ["https://127.0.0.1:8443", "https://[::1]", "wallet.example", ""] {
        assert!(RelyingParty::new(origin).is_none(), "{origin}");
    }
    assert!(RelyingParty::new("http://localhost:8080").is_some());
}
