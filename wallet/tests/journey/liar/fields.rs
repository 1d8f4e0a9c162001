//! One row for every member of every answer of a vault service that a wallet reads, as `specs/openapi.json` lists them: what
//! becomes of it when it is missing, of another type, or says something else.

use serde_json::{Value, json};

use super::talks::{self, Talk};
use super::world::*;

/// A member (names from the top, `[]` after those of lists), and what must come of lies about it.
pub struct Row {
    pub answer: &'static str,
    pub field: &'static str,
    /// What a wallet does that reads it.
    pub talk: Talk,
    pub gone: Says,
    /// Of another type.
    pub garbled: Says,
    pub lies: &'static [Told],
}

/// What is said in place of it.
pub type Told = (&'static str, fn(&mut Value), Says);

/// Answers that have no members, and the tests that lie in them.
pub const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "GET /v1/vaults/{id}/blobs/{blob}/content",
        "wallet/tests/journey/documents.rs",
        "a_service_that_lies_about_pieces_gets_nowhere",
    ),
    (
        "GET /v1/vaults/{id}/events",
        "web/wallet/test/unit/news.test.ts",
        "ignores what is not news",
    ),
    (
        "GET /v1/registry/types",
        "wallet/tests/journey/issuing.rs",
        "names_come_from_the_type_that_the_card_vouches_for",
    ),
];

/// Answers that no wallet reads, and what its code would ask them with.
pub const NOT_ASKED: &[(&str, &str)] = &[
    ("GET /v1/vaults/{id}/blobs/{blob}", "\"/status\""),
    ("GET /v1/vaults/{id}/records/{handle}", "/records/"),
    ("GET /v1/registry/types/document", "types/document"),
    ("GET /v1/wallet/config", "wallet/config"),
];

const BUSY_HALF: Says = Refused("emergency-half-wrong");
const BROKEN: Says = Refused("pairing-broken");

/// A member that nobody reads.
fn unread(answer: &'static str, field: &'static str, talk: Talk) -> Row {
    Row {
        answer,
        field,
        talk,
        gone: Ignored,
        garbled: Ignored,
        lies: &[],
    }
}

/// A member without which, or with another type, the answer is none.
fn needed(answer: &'static str, field: &'static str, talk: Talk, lies: &'static [Told]) -> Row {
    Row {
        answer,
        field,
        talk,
        gone: NONSENSE,
        garbled: NONSENSE,
        lies,
    }
}

/// A member that may be left out.
fn optional(answer: &'static str, field: &'static str, talk: Talk, lies: &'static [Told]) -> Row {
    Row {
        gone: Ignored,
        ..needed(answer, field, talk, lies)
    }
}

pub fn rows() -> Vec<Row> {
    [vault(), writes(), owner(), contact(), finding(), around()]
        .into_iter()
        .flatten()
        .collect()
}

/// What is read to open a vault and to follow it.
pub fn vault() -> Vec<Row> {
    const HEADER: &str = "GET /v1/vaults/{id}/header";
    const CHANGES: &str = "GET /v1/vaults/{id}/changes";
    let row = |field, lies| needed(CHANGES, field, talks::opens, lies);
    vec![
        Row {
            gone: MALFORMED,
            garbled: MALFORMED,
            ..needed(
                HEADER,
                "header",
                talks::opens,
                &[
                    ("slots of another vault", of_another_vault, SLOTS),
                    ("nothing", |header| *header = "".into(), MALFORMED),
                    (
                        "more than any",
                        |header| *header = text(&[0x81; 70_000]),
                        MALFORMED,
                    ),
                ],
            )
        },
        needed(
            HEADER,
            "",
            talks::opens_what_is_not_there,
            &[(
                "slots that nobody made, for a vault that is not there",
                |_| {},
                WRONG,
            )],
        )
        .only_told(),
        row(
            "version",
            &[
                (
                    "the last there is",
                    |version| *version = u64::MAX.into(),
                    MANIFEST,
                ),
                ("none", |version| *version = 0.into(), MANIFEST),
            ],
        ),
        unread(CHANGES, "epoch", talks::opens),
        row(
            "records",
            &[("no records", |records| *records = json!([]), MISSING)],
        ),
        needed(CHANGES, "records[]", talks::opens, &[]),
        row(
            "records[].handle",
            &[
                ("all the same", |handle| *handle = text(&[7; 16]), MISSING),
                ("too short", |handle| *handle = text(&[7; 15]), NONSENSE),
            ],
        ),
        unread(CHANGES, "records[].version", talks::opens),
        Row {
            gone: MISSING,
            ..row(
                "records[].key",
                &[
                    ("changed", |key| flip(key, 99), RECORD),
                    ("nothing", |key| *key = "".into(), RECORD),
                ],
            )
        },
        Row {
            gone: MISSING,
            ..row(
                "records[].box",
                &[
                    ("changed", |sealed| flip(sealed, 99), MISSING),
                    ("nothing", |sealed| *sealed = "".into(), MISSING),
                ],
            )
        },
        unread(CHANGES, "deleted", talks::opens),
        unread(CHANGES, "deleted[]", talks::opens),
        row(
            "next",
            &[
                ("an address", |next| *next = "../../../x?".into(), NONSENSE),
                ("itself for ever", |next| *next = "1.AAAA".into(), NONSENSE),
            ],
        ),
        row(
            "header",
            &[
                ("changed", |header| flip(header, 150), SLOTS),
                ("of another vault", of_another_vault, SLOTS),
            ],
        ),
        row(
            "manifest",
            &[("changed", |manifest| flip(manifest, 99), MANIFEST)],
        ),
        needed(
            CHANGES,
            "manifest_sha256",
            talks::hears_of_nothing_new,
            // Then it is read whole, and is what is here.
            &[("of another", |hash| flip(hash, 3), Ignored)],
        ),
    ]
}

/// How much room there is. Without an answer, nobody knows before trying.
fn room() -> Vec<Row> {
    let row = |field, lies| Row {
        gone: Stated,
        garbled: Stated,
        ..needed("GET /v1/vaults/{id}/blobs", field, talks::asks_for_room, lies)
    };
    const MORE: &[Told] = &[
        ("less than none", |number| *number = (-1).into(), Stated),
        ("more than any", |number| *number = u64::MAX.into(), Stated),
    ];
    let fields = ["blobs", "bytes", "most_blobs", "most_bytes", "most_blob_bytes"];
    fields.map(|field| row(field, MORE)).into()
}

/// What comes back of what a wallet writes.
pub fn writes() -> Vec<Row> {
    const BLOBS: &str = "POST /v1/vaults/{id}/blobs";
    const VERSIONS: &[Told] = &[
        ("none", |version| *version = 0.into(), NONSENSE),
        (
            "the one before",
            |version| *version = json!(version.as_u64().unwrap() - 1),
            NONSENSE,
        ),
        (
            "one too far",
            |version| *version = json!(version.as_u64().unwrap() + 1),
            NONSENSE,
        ),
        (
            "the last there is",
            |version| *version = u64::MAX.into(),
            NONSENSE,
        ),
    ];
    let mut rows = vec![
        needed(
            "POST /v1/vaults/{id}/commits",
            "version",
            talks::changes_a_setting,
            VERSIONS,
        ),
        // Whether the vault is there is read back.
        Row {
            gone: Ignored,
            garbled: Ignored,
            ..needed(
                "POST /v1/vaults",
                "version",
                talks::makes_a_vault,
                &[("one too far", |version| *version = 2.into(), Ignored)],
            )
        },
        needed(
            BLOBS,
            "blob",
            talks::declares,
            &[("another", |blob| flip(blob, 3), NONSENSE)],
        ),
        needed(
            BLOBS,
            "part_bytes",
            talks::declares,
            &[("smaller", |size| *size = 1000.into(), NONSENSE)],
        ),
        needed(
            BLOBS,
            "missing",
            talks::declares,
            &[
                (
                    "more than there are",
                    |missing| *missing = json!([0, 0, 0, 0]),
                    NONSENSE,
                ),
                // Then nothing is sent, and the commit that needs it is refused.
                ("nothing", |missing| *missing = json!([]), Stated),
            ],
        ),
        needed(
            BLOBS,
            "missing[]",
            talks::declares,
            &[("beyond the end", |number| *number = 7.into(), NONSENSE)],
        ),
    ];
    rows.extend(room());
    rows
}

/// What the owner hears of emergency access.
pub fn owner() -> Vec<Row> {
    [
        emergency("GET /v1/vaults/{id}/emergency", talks::looks_after_emergency),
        emergency("POST /v1/vaults/{id}/emergency/stop", talks::stops_emergency),
        emergency("POST /v1/vaults/{id}/emergency", talks::sets_emergency),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const SECONDS: &[Told] = &[
    ("before all time", |at| *at = (-1).into(), NONSENSE),
    ("after all time", |at| *at = u64::MAX.into(), NONSENSE),
    ("in between", |at| *at = 86_401.into(), Stated),
];
const STATES: &[Told] = &[
    ("no such state", |state| *state = "open".into(), NONSENSE),
    ("released", |state| *state = "released".into(), Stated),
];

/// How emergency access stands, to the owner. When the contact is let in, and what happened, only the service knows.
fn emergency(answer: &'static str, talk: Talk) -> Vec<Row> {
    let setting = answer == "POST /v1/vaults/{id}/emergency";
    let set = |row: Row, gone| Row { gone, ..row };
    let mut rows = vec![
        needed(
            answer,
            "",
            talk,
            &[(
                "a name of its own for the contact",
                |value| value["name"] = "Mallory".into(),
                Ignored,
            )],
        )
        .only_told(),
        set(
            needed(answer, "standing", talk, &[]),
            if setting { NONSENSE } else { Stated },
        ),
        needed(
            answer,
            "standing.state",
            talk,
            if setting { &STATES[..1] } else { STATES },
        ),
        needed(
            answer,
            "standing.wait_seconds",
            talk,
            // Said before anything opens with it: another wait than the one decided.
            if setting {
                &[("shorter", |wait| *wait = 1.into(), NONSENSE)]
            } else {
                SECONDS
            },
        ),
        needed(
            answer,
            "standing.set_at",
            talk,
            if setting { &SECONDS[..2] } else { SECONDS },
        ),
        optional(answer, "standing.asked_at", talk, &SECONDS[..2]),
        optional(answer, "standing.release_at", talk, &SECONDS[..2]),
        needed(
            answer,
            "events",
            talk,
            &[(
                "too many",
                |events| *events = json!(vec![json!({ "what": "set", "at": 1 }); 51]),
                NONSENSE,
            )],
        ),
        needed(answer, "events[]", talk, &[]),
        needed(
            answer,
            "events[].what",
            talk,
            &[("nothing known", |what| *what = "sold".into(), NONSENSE)],
        ),
        needed(answer, "events[].at", talk, &SECONDS[..2]),
        needed(answer, "least_wait_seconds", talk, &SECONDS[..2]),
    ];
    if setting {
        // An answer that only says that it was done is not shown.
        rows.retain(|row| !row.field.is_empty());
    }
    rows
}

/// The contact's side.
pub fn contact() -> Vec<Row> {
    const ASK: &str = "POST /v1/vaults/{id}/emergency/ask";
    vec![
        needed(ASK, "state", talks::asks, STATES),
        needed(ASK, "wait_seconds", talks::asks, SECONDS),
        needed(ASK, "set_at", talks::asks, SECONDS),
        Row {
            gone: Stated,
            ..needed(ASK, "asked_at", talks::asks, SECONDS)
        },
        Row {
            gone: Stated,
            ..needed(ASK, "release_at", talks::asks, SECONDS)
        },
        needed(
            "POST /v1/vaults/{id}/emergency/take",
            "share",
            talks::takes,
            &[
                ("another half", |share| flip(share, 3), BUSY_HALF),
                ("zeros", |share| *share = text(&[0; 32]), BUSY_HALF),
                ("too short", |share| *share = text(&[1; 31]), NONSENSE),
                ("too long", |share| *share = text(&[1; 33]), NONSENSE),
            ],
        ),
    ]
}

/// Signing in finds vaults, and opens none.
pub fn finding() -> Vec<Row> {
    const WAYS: &str = "GET /v1/sign-in";
    const FIND: &str = "POST /v1/sign-in/vaults";
    const NAMES: &[Told] = &[
        ("more than a line", |name| *name = "a\nb".into(), NONSENSE),
        ("a book", |name| *name = "a".repeat(300).into(), NONSENSE),
        ("another name", |name| *name = "Mallory".into(), Stated),
    ];
    let mut rows = vec![
        needed(
            WAYS,
            "providers",
            talks::asks_for_logins,
            &[
                (
                    "too many",
                    |list| *list = json!(vec![json!({ "id": "a", "name": "a" }); 9]),
                    NONSENSE,
                ),
                ("none", |list| *list = json!([]), Stated),
            ],
        ),
        needed(WAYS, "providers[]", talks::asks_for_logins, &[]),
        needed(WAYS, "providers[].id", talks::asks_for_logins, NAMES),
        needed(WAYS, "providers[].name", talks::asks_for_logins, NAMES),
        needed(
            FIND,
            "vaults",
            talks::finds,
            &[
                ("none", |list| *list = json!([]), Stated),
                (
                    "too many",
                    |list| *list = json!(vec![list[0].clone(); 17]),
                    NONSENSE,
                ),
            ],
        ),
        needed(FIND, "vaults[]", talks::finds, &[]),
        needed(
            FIND,
            "vaults[].id",
            talks::finds,
            &[
                (
                    "a vault of another service",
                    |id| *id = format!("https://evil.example/v1/vaults/{}", id.as_str().unwrap()).into(),
                    NONSENSE,
                ),
                ("a way up", |id| *id = "../../x".into(), NONSENSE),
                // An address, which opens with the secrets of that vault only.
                ("another vault", |id| *id = text(&[7; 16]), Stated),
            ],
        ),
        unread(FIND, "vaults[].header", talks::finds),
    ];
    rows.extend(passkey());
    for (answer, talk) in [
        ("GET /v1/vaults/{id}/sign-ins", talks::lists_links as Talk),
        ("POST /v1/vaults/{id}/sign-ins", talks::links),
    ] {
        rows.extend([
            needed(
                answer,
                "sign_ins",
                talk,
                &[("none", |list| *list = json!([]), Stated)],
            ),
            needed(answer, "sign_ins[]", talk, &[]),
            needed(answer, "sign_ins[].id", talk, NAMES),
            needed(answer, "sign_ins[].provider", talk, NAMES),
            needed(answer, "sign_ins[].created_at", talk, SECONDS),
        ]);
    }
    rows
}

/// What comes of a passkey's signature: unlock slots, as little believed as those read by address.
fn passkey() -> Vec<Row> {
    const PASSKEY: &str = "POST /v1/sign-in/passkey";
    let row = |field, lies| Row {
        gone: MALFORMED,
        garbled: MALFORMED,
        ..needed(PASSKEY, field, talks::asks_with_a_passkey, lies)
    };
    vec![
        row("vaults", &[("none", |list| *list = json!([]), MALFORMED)]),
        row("vaults[]", &[]),
        row(
            "vaults[].header",
            &[
                ("slots of another vault", of_another_vault, SLOTS),
                ("nothing", |header| *header = "".into(), MALFORMED),
            ],
        ),
        unread(PASSKEY, "vaults[].id", talks::asks_with_a_passkey),
        // Without one, or with one that is none, the slots are read by address.
        Row {
            gone: Stated,
            garbled: Stated,
            ..needed(
                "POST /v1/sign-in/passkey/challenge",
                "challenge",
                talks::asks_for_a_challenge,
                &[
                    ("too short", |challenge| *challenge = text(&[1; 15]), Stated),
                    ("too long", |challenge| *challenge = text(&[1; 257]), Stated),
                ],
            )
        },
    ]
}

/// The mailbox in which devices meet, and the registry.
pub fn around() -> Vec<Row> {
    vec![
        Row {
            gone: BROKEN,
            garbled: BROKEN,
            ..needed(
                "GET /v1/pairing/{session}/{slot}",
                "message",
                talks::pairs,
                &[
                    ("changed", |message| flip(message, 3), BROKEN),
                    ("nothing", |message| *message = "".into(), BROKEN),
                    ("longer", |message| *message = text(&[7; 33]), BROKEN),
                ],
            )
        },
        // The anchors that are here stay.
        Row {
            gone: Ignored,
            garbled: Ignored,
            ..needed(
                "GET /v1/registry/anchors",
                "",
                talks::hears_of_nothing_new,
                &[(
                    "certificates that are none",
                    |anchors| anchors["issuers"][0]["certificate"] = "AAAA".into(),
                    Ignored,
                )],
            )
        },
    ]
}

impl Row {
    /// Only what is told; not that it is missing or of another type.
    fn only_told(self) -> Self {
        Self {
            gone: NotAsked,
            garbled: NotAsked,
            ..self
        }
    }
}

fn of_another_vault(header: &mut Value) {
    let mut read: ciborium::Value = ciborium::from_reader(&bytes(header)[..]).unwrap();
    read.as_array_mut().unwrap()[1] = ciborium::Value::Bytes(vec![7; 16]);
    let mut out = Vec::new();
    ciborium::into_writer(&read, &mut out).unwrap();
    *header = text(&out);
}
