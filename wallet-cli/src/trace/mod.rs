//! What is asked, from whom, and how long it took: `-v`, `-vv` and `--trace FILE`. Never what was said: every value is
//! replaced by its length ([`shape`]).

mod shape;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use assent_core::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::{files, system};

/// One for the whole process: what is sent is known deep down, whether to show it is known at the top.
static TRACE: OnceLock<Trace> = OnceLock::new();

/// Where to write, and how much.
#[derive(Debug)]
struct Trace {
    /// Standard error: 0 nothing, 1 one line per message, 2 with headers and the shape of bodies.
    verbose: u8,
    file: Option<Mutex<File>>,
    started: Instant,
}

/// Switches it on, once, before anything is sent. The file must be new; only its owner can read it.
pub fn start(verbose: u8, file: Option<&Path>) -> Result<(), CliError> {
    if verbose == 0 && file.is_none() {
        return Ok(());
    }
    let trace = Trace {
        verbose,
        file: file.map(files::new_private).transpose()?.map(Mutex::new),
        started: system::instant(),
    };
    // A second start changes nothing.
    let _ = TRACE.set(trace);
    Ok(())
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Pending(Option<Instant>);

/// Something is about to be sent to `to`: a server, or a part of this program that answers in its place.
pub fn request(request: &HttpRequest, to: &str) -> Pending {
    let Some(trace) = TRACE.get() else {
        return Pending(None);
    };
    let method = request.method.as_str();
    let url = shape::url(&request.url);
    let body = request.body.as_deref().unwrap_or_default();
    let details = shape::Details::of(&request.headers, body, shape::Side::Request);
    let size = request
        .body
        .as_ref()
        .map(|body| format!(", {} bytes", body.len()))
        .unwrap_or_default();
    trace.write(&format!("→ {method} {url}{to}{size}"), Some(&details), || {
        json!({ "event": "request", "method": method, "url": url, "to": to.trim(), "bytes": body.len(),
            "headers": details.headers, "body": details.body })
    });
    Pending(Some(system::instant()))
}

impl Pending {
    /// The answer came.
    pub fn answered(self, response: &HttpResponse) {
        let (Some(trace), Some(sent)) = (TRACE.get(), self.0) else {
            return;
        };
        let ms = millis(sent);
        let details = shape::Details::of(&response.headers, &response.body, shape::Side::Response);
        let line = format!("← {} in {ms} ms, {} bytes", response.status, response.body.len());
        trace.write(&line, Some(&details), || {
            json!({ "event": "response", "status": response.status, "ms": ms, "bytes": response.body.len(),
                "headers": details.headers, "body": details.body })
        });
    }

    /// An answer of bytes came.
    pub fn answered_bytes(self, status: u16, bytes: usize) {
        let (Some(trace), Some(sent)) = (TRACE.get(), self.0) else {
            return;
        };
        let ms = millis(sent);
        trace.write(
            &format!("← {status} in {ms} ms, {bytes} bytes"),
            None,
            || json!({ "event": "response", "status": status, "ms": ms, "bytes": bytes }),
        );
    }

    /// No usable answer came; `why` must not quote the other side.
    pub fn failed(self, why: &str) {
        let (Some(trace), Some(sent)) = (TRACE.get(), self.0) else {
            return;
        };
        let ms = millis(sent);
        trace.write(
            &format!("← no usable answer after {ms} ms: {why}"),
            None,
            || json!({ "event": "failure", "ms": ms, "why": why }),
        );
    }

    /// A step on this machine ended.
    pub fn done(self, what: &str) {
        let (Some(trace), Some(started)) = (TRACE.get(), self.0) else {
            return;
        };
        let ms = millis(started);
        trace.write(
            &format!("· {what} took {ms} ms"),
            None,
            || json!({ "event": "step", "step": what, "ms": ms }),
        );
    }
}

/// A step on this machine begins, to be ended with [`Pending::done`].
pub fn step() -> Pending {
    Pending(TRACE.get().map(|_| system::instant()))
}

impl Trace {
    /// `line` for people; `object` for the file, with the milliseconds since the start.
    fn write(&self, line: &str, details: Option<&shape::Details>, object: impl FnOnce() -> Value) {
        let at = millis(self.started);
        if self.verbose > 0 {
            let mut text = format!("[{at:>6} ms] {line}\n");
            if let (true, Some(details)) = (self.verbose > 1, details) {
                for part in &details.headers {
                    text.push_str(&format!("            {part}\n"));
                }
                if !details.body.is_empty() {
                    text.push_str(&format!("            body: {}\n", details.body));
                }
            }
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
        if let Some(Ok(mut file)) = self.file.as_ref().map(Mutex::lock) {
            let mut object = object();
            object["at_ms"] = json!(at);
            let _ = file.write_all(format!("{object}\n").as_bytes());
        }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
