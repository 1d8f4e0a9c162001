//! Lies about one member of one answer.

use std::cell::Cell;
use std::rc::Rc;

use assent_core::http::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::BASE;

/// What the service says in one place, whenever it is asked.
pub struct FieldLie {
    /// Method and path as `specs/openapi.json` has them.
    answer: &'static str,
    /// Names of members from the top, with `[]` after those that are lists.
    field: &'static str,
    tell: Tell,
    told: Rc<Cell<usize>>,
}

/// What becomes of a member.
pub enum Tell {
    Gone,
    /// Is something else.
    Is(Value),
    /// Is changed, where it is.
    Changed(fn(&mut Value)),
}

impl FieldLie {
    pub fn new(answer: &'static str, field: &'static str, tell: Tell) -> Self {
        let told = Rc::default();
        Self {
            answer,
            field,
            tell,
            told,
        }
    }

    /// How often it was told.
    pub fn told(&self) -> Rc<Cell<usize>> {
        Rc::clone(&self.told)
    }

    pub fn tell(&self, request: &HttpRequest, answer: &mut HttpResponse) {
        if template(request) == self.answer
            && answer.is_success()
            && let Ok(mut value) = serde_json::from_str(&answer.body)
        {
            let path = self.field.replace("[]", ".[]");
            let path: Vec<&str> = path.split('.').filter(|name| !name.is_empty()).collect();
            self.lie(&mut value, &path);
            answer.body = value.to_string();
        }
    }

    fn lie(&self, value: &mut Value, path: &[&str]) {
        match path {
            ["[]", rest @ ..] => {
                for item in value.as_array_mut().into_iter().flatten() {
                    if rest.is_empty() {
                        self.put(item);
                    } else {
                        self.lie(item, rest);
                    }
                }
            }
            [name] => {
                let Some(object) = value.as_object_mut() else {
                    return;
                };
                if let Tell::Gone = self.tell {
                    if object.remove(*name).is_some() {
                        self.told.set(self.told.get() + 1);
                    }
                } else if let Tell::Is(_) = self.tell {
                    self.put(object.entry(*name).or_insert(Value::Null));
                } else if let Some(member) = object.get_mut(*name) {
                    self.put(member);
                }
            }
            [name, rest @ ..] => {
                if let Some(member) = value.get_mut(name) {
                    self.lie(member, rest);
                }
            }
            [] => self.put(value),
        }
    }

    fn put(&self, place: &mut Value) {
        self.told.set(self.told.get() + 1);
        match &self.tell {
            Tell::Gone => *place = Value::Null,
            Tell::Is(lie) => *place = lie.clone(),
            Tell::Changed(lie) => lie(place),
        }
    }
}

/// Method and path with names for what differs.
pub fn template(request: &HttpRequest) -> String {
    let path = request.url.strip_prefix(BASE).unwrap_or(&request.url);
    let path = path.split('?').next().unwrap_or_default();
    let mut out = format!("{:?} ", request.method).to_uppercase();
    let mut before = ["", ""];
    for part in path.split('/').skip(1) {
        out.push('/');
        out.push_str(match before {
            [_, "vaults"] if part.len() == 22 => "{id}",
            [_, "pairing"] => "{session}",
            ["pairing", _] => "{slot}",
            [_, "sign-ins"] => "{sign_in}",
            [_, "blobs"] => "{blob}",
            [_, "parts"] => "{number}",
            [_, "records"] => "{handle}",
            _ => part,
        });
        before = [before[1], part];
    }
    out
}
