//! What the vault service keeps beside vaults: links with logins, and its half of emergency access. The wait is over at once.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::http::{HttpResponse, Method};
use serde_json::{Value, json};

use super::{NOW, ok, respond};

#[derive(Default)]
pub struct Finding {
    /// Ids of links.
    links: Vec<String>,
    emergency: Option<Emergency>,
    events: Vec<&'static str>,
}

struct Emergency {
    share: Value,
    ask_sha256: Value,
    wait: i64,
    state: &'static str,
}

impl Finding {
    pub fn ways() -> Value {
        json!({ "providers": [{ "id": "city", "name": "City login" }] })
    }

    /// What the owner asks.
    pub fn answer(&mut self, method: Method, path: &str, body: &Value) -> HttpResponse {
        match (method, path.split_once('/')) {
            (Method::Get, None) if path == "sign-ins" => self.sign_ins(),
            (Method::Post, None) if path == "sign-ins" => {
                self.links.push(format!("link-{}", self.links.len()));
                self.sign_ins()
            }
            (Method::Delete, Some(("sign-ins", id))) => {
                self.links.retain(|link| link != id);
                respond(204, "", "")
            }
            (Method::Get, None) => self.standing(),
            (Method::Post, None) => {
                self.emergency = Some(Emergency {
                    share: body["share"].clone(),
                    ask_sha256: body["ask_sha256"].clone(),
                    wait: body["wait_seconds"].as_i64().unwrap(),
                    state: "ready",
                });
                self.events.insert(0, "set");
                self.standing()
            }
            (Method::Post, Some((_, "stop"))) => {
                self.emergency.as_mut().unwrap().state = "stopped";
                self.events.insert(0, "stopped");
                self.standing()
            }
            (Method::Delete, None) => {
                self.emergency = None;
                self.events.insert(0, "removed");
                respond(204, "", "")
            }
            _ => respond(405, "", ""),
        }
    }

    /// What a contact asks, who has `token`.
    pub fn contact(&mut self, token: &str, verb: &str) -> HttpResponse {
        let known = base64url::encode(&sha256(token.as_bytes()));
        let emergency = self.emergency.as_mut().filter(|kept| kept.ask_sha256 == known);
        let Some(emergency) = emergency else {
            return respond(401, "application/problem+json", r#"{"code":"emergency-refused"}"#);
        };
        if verb == "emergency/ask" {
            emergency.state = "asked";
            self.events.insert(0, "asked");
            return ok(&emergency.view());
        }
        emergency.state = "released";
        ok(&json!({ "share": emergency.share }))
    }

    fn sign_ins(&self) -> HttpResponse {
        let links = self.links.iter();
        let links = links.map(|id| json!({ "id": id, "provider": "City login", "created_at": NOW.0 }));
        ok(&json!({ "sign_ins": links.collect::<Vec<_>>() }))
    }

    fn standing(&self) -> HttpResponse {
        let events = self.events.iter();
        let events = events.map(|what| json!({ "what": what, "at": NOW.0 }));
        ok(
            &json!({ "standing": self.emergency.as_ref().map(Emergency::view), "events": events.collect::<Vec<_>>(),
                "least_wait_seconds": 86_400 }),
        )
    }
}

impl Emergency {
    fn view(&self) -> Value {
        let asked = self.state == "asked";
        json!({ "state": self.state, "wait_seconds": self.wait, "set_at": NOW.0,
            "asked_at": asked.then_some(NOW.0), "release_at": asked.then(|| NOW.0 + self.wait) })
    }
}
