//! Where the browser comes back to after a sign-in: a listener on this machine (RFC 8252 §7.3).

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::exit::Exit;

/// Where a browser on another machine is sent back to: a page that does not open, with the answer in its address.
///
/// RFC 8252 §7.3: a server takes any port of this address. Nobody listens at this one: browsers do not even connect to it
/// (Fetch, "Port blocking"), so no program beside the browser is given the code, as one could be that has got a port
/// which was free here a moment ago.
pub const ELSEWHERE: &str = "http://127.0.0.1:1/";

/// Longest head of a request: an answer is a code, a state and an issuer.
const MOST_HEAD: usize = 8 * 1024;
/// A browser sends its head at once; what is slower is none.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// Connections looked at together. Browsers open more than they use; the rest waits in the system's queue.
const MOST_OPEN: usize = 16;

/// Listens on a port that the system chose, on the loopback interface only.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    port: u16,
    /// Kept from one answer to the next: a wrong one must not cut off the right one that came beside it.
    open: JoinSet<Option<Zeroizing<String>>>,
}

impl Loopback {
    /// Begins to listen.
    pub async fn open() -> Result<Self, CliError> {
        let failed = |error: std::io::Error| {
            CliError::new(
                Exit::Failed,
                "loopback-unavailable",
                format!("cannot listen on 127.0.0.1: {error}"),
                "Something on this machine keeps programs from listening. Receive the cards on another.",
            )
        };
        // The address and not `localhost`, which may be another interface (RFC 8252 §8.3).
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self {
            listener,
            port,
            open: JoinSet::new(),
        })
    }

    /// The address that the browser is sent back to.
    pub fn redirect_uri(&self) -> String {
        redirect_uri(self.port)
    }

    /// The next address a browser came back with, whole. Whether it is the right one is for the engine to say: any
    /// page and any program of this machine can make a request here.
    pub async fn answer(&mut self) -> Result<Zeroizing<String>, CliError> {
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if self.open.len() < MOST_OPEN => {
                    // One that was gone before it was taken is no failure of ours.
                    if let Ok((stream, _)) = accepted {
                        self.open.spawn(exchange(stream, self.port));
                    }
                }
                Some(done) = self.open.join_next() => {
                    if let Ok(Some(answer)) = done {
                        return Ok(answer);
                    }
                }
            }
        }
    }
}

fn redirect_uri(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}

/// One request. Gives the address when it is an answer of an authorization server.
async fn exchange(mut stream: TcpStream, port: u16) -> Option<Zeroizing<String>> {
    let head = tokio::time::timeout(HEAD_TIME, head(&mut stream)).await.ok()??;
    let (status, text, answer) = match read(&head, port) {
        Ok(query) => {
            let answer = Zeroizing::new(format!("{}?{query}", redirect_uri(port)));
            ("200 OK", DONE, Some(answer))
        }
        Err(status) => (status, NOTHING, None),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Assent</title><p>{text}</p></html>\n"
    );
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nreferrer-policy: no-referrer\r\n\
         x-content-type-options: nosniff\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that does not wait for the page has said what it had to say.
    let _ = tokio::time::timeout(HEAD_TIME, async {
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
    answer
}

const DONE: &str = "This program has the answer. You can close this page and go back to the terminal.";
const NOTHING: &str = "There is nothing here.";

/// The head of a request up to its empty line; `None` when it is too long, no text, or cut off.
async fn head(stream: &mut TcpStream) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(vec![0; MOST_HEAD]);
    let mut length = 0;
    while !bytes.get(..length)?.ends_with(b"\r\n\r\n") {
        // No room left reads nothing, like an end.
        match stream.read(bytes.get_mut(length..)?).await.ok()? {
            0 => return None,
            more => length += more,
        }
    }
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

/// The query of an answer, or the status of the refusal.
fn read(head: &str, port: u16) -> Result<&str, &'static str> {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    if method != "GET" {
        return Err("405 Method Not Allowed");
    }
    // A name of a stranger that leads here (DNS rebinding) is not this address.
    let wanted = format!("127.0.0.1:{port}");
    let mut hosts = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    if hosts.next().is_none_or(|(_, value)| value.trim() != wanted) || hosts.next().is_some() {
        return Err("421 Misdirected Request");
    }
    let query = target.strip_prefix("/?").ok_or("404 Not Found")?;
    // RFC 6749 §4.1.2, §4.1.2.1: with our state, and a code or an error.
    let has = |wanted: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == wanted);
    if has("state") && (has("code") || has("error")) {
        Ok(query)
    } else {
        Err("404 Not Found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_answer() {
        let get = |target: &str, host: &str| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
            read(&head, 4711).map(str::to_owned)
        };
        let here = "127.0.0.1:4711";
        let given = get("/?code=a%20b&state=c&iss=d", here);
        assert_eq!(given.as_deref(), Ok("code=a%20b&state=c&iss=d"));
        assert!(get("/?error=access_denied&state=c", here).is_ok());
        for target in [
            "/",
            "/favicon.ico",
            "/?code=a",
            "/?state=c",
            "/x?code=a&state=c",
            "*",
            "http://127.0.0.1:4711/?code=a&state=c",
        ] {
            assert_eq!(get(target, here), Err("404 Not Found"), "{target}");
        }
        for host in [
            "evil.example",
            "evil.example:4711",
            "localhost:4711",
            "127.0.0.1",
            "",
        ] {
            assert_eq!(
                get("/?code=a&state=c", host),
                Err("421 Misdirected Request"),
                "{host}"
            );
        }
        let twice = "GET /?code=a&state=c HTTP/1.1\r\nHost: 127.0.0.1:4711\r\nHost: evil.example\r\n\r\n";
        assert_eq!(read(twice, 4711), Err("421 Misdirected Request"));
        let post = "POST /?code=a&state=c HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n";
        assert_eq!(read(post, 4711), Err("405 Method Not Allowed"));
        assert!(read("", 4711).is_err());
    }

    async fn send(port: u16, text: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut out = String::new();
        // A reset in place of an end is an answer, too.
        let _ = stream.read_to_string(&mut out).await;
        out
    }

    #[tokio::test]
    async fn idle_and_odd_connections_are_in_nobodys_way() {
        let mut loopback = Loopback::open().await.unwrap();
        let port = loopback.port;
        let asking = async {
            let _idle = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            let host = format!("Host: 127.0.0.1:{port}\r\n\r\n");
            let icon = send(port, &format!("GET /favicon.ico HTTP/1.1\r\n{host}")).await;
            assert!(icon.starts_with("HTTP/1.1 404 "), "{icon}");
            let long = format!("GET /?code={}&state=x HTTP/1.1\r\n{host}", "a".repeat(MOST_HEAD));
            assert_eq!(send(port, &long).await, "");
            let page = send(port, &format!("GET /?code=a&state=b HTTP/1.1\r\n{host}")).await;
            assert!(
                page.starts_with("HTTP/1.1 200 ") && page.contains("close this page"),
                "{page}"
            );
            assert!(
                page.contains("default-src 'none'") && page.contains("no-store"),
                "{page}"
            );
            assert!(!page.contains("code="), "nothing of the answer is in the page");
        };
        let (answer, ()) = tokio::join!(loopback.answer(), asking);
        assert_eq!(
            **answer.unwrap(),
            format!("http://127.0.0.1:{port}/?code=a&state=b")
        );
    }

    #[tokio::test]
    async fn a_guess_does_not_cut_off_the_answer_beside_it() {
        let mut loopback = Loopback::open().await.unwrap();
        let port = loopback.port;
        let mut browsers = JoinSet::new();
        for number in 0..MOST_OPEN {
            browsers.spawn(async move {
                let host = format!("Host: 127.0.0.1:{port}\r\n\r\n");
                send(port, &format!("GET /?code={number}&state=x HTTP/1.1\r\n{host}")).await
            });
        }
        let mut answers = std::collections::BTreeSet::new();
        for _ in 0..MOST_OPEN {
            // Longer than a busy machine needs for sixteen requests.
            let next = tokio::time::timeout(12 * HEAD_TIME, loopback.answer()).await;
            answers.insert(next.expect("an answer was lost").unwrap().to_string());
        }
        assert_eq!(answers.len(), MOST_OPEN);
        for page in browsers.join_all().await {
            assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        }
    }
}
