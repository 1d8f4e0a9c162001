//! The mailbox through which devices are added, and one that does what it likes with the messages.

use std::collections::BTreeMap;

use assent_core::encoding::base64url;
use assent_core::http::{HttpRequest, HttpResponse, Method};
use serde_json::{Value, json};

use crate::city::{ok, respond};

/// What a mailbox makes of a message it gives out: its place and its bytes.
pub type Change = fn(usize, &mut Vec<u8>);

#[derive(Default)]
pub struct Mailbox {
    sessions: BTreeMap<String, Option<BTreeMap<usize, Vec<u8>>>>,
    pub change: Option<Change>,
}

impl Mailbox {
    pub fn answer(&mut self, path: &str, request: &HttpRequest) -> HttpResponse {
        let (session, place) = path.split_once('/').unwrap_or((path, ""));
        assert_eq!(base64url::decode(session).unwrap().len(), 16);
        let open = || Some(BTreeMap::new());
        if request.method == Method::Delete {
            self.sessions.insert(session.to_owned(), None);
            return respond(204, "", "");
        }
        let place: usize = place.parse().unwrap();
        assert!(place < 4);
        let Some(messages) = self.sessions.entry(session.to_owned()).or_insert_with(open) else {
            return respond(410, "application/problem+json", "{}");
        };
        match request.method {
            Method::Post => {
                let body: Value = serde_json::from_str(request.body.as_ref().unwrap()).unwrap();
                let message = base64url::decode(body["message"].as_str().unwrap()).unwrap();
                assert!(message.len() <= 4096);
                if messages.entry(place).or_insert_with(|| message.clone()) == &message {
                    respond(204, "", "")
                } else {
                    respond(409, "application/problem+json", "{}")
                }
            }
            _ => {
                let Some(mut message) = messages.get(&place).cloned() else {
                    return respond(404, "application/problem+json", "{}");
                };
                if let Some(change) = self.change {
                    change(place, &mut message);
                }
                ok(&json!({ "message": base64url::encode(&message) }))
            }
        }
    }

    /// Whether anything is left in any mailbox.
    pub fn is_empty(&self) -> bool {
        self.sessions.values().all(Option::is_none)
    }

    /// How many messages there are in a place.
    pub fn messages(&self, place: usize) -> usize {
        let open = self.sessions.values().flatten();
        open.filter(|messages| messages.contains_key(&place)).count()
    }
}
