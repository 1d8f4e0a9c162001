//! Running the binary, and making what it reads.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test support")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use assent_core::crypto::{PublicKey, Signer as _, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// 2026-11-20T12:00:00Z, for `--at`.
pub const NOW: Timestamp = Timestamp(1_795_176_000);

/// Where [`Sandbox::with_wallet`] has its wallet, and how it is opened.
pub const STATE: [&str; 4] = ["--state", "w/wallet.json", "--passphrase-file", "passphrase"];

/// A folder of its own, and the command run with no home and no environment.
pub struct Sandbox {
    folder: TempDir,
}

/// What a run printed and how it ended.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Makes a wallet of its own that believes nobody. `options` say where it is and what else is wanted.
    pub fn init<S: AsRef<str>>(&self, options: impl IntoIterator<Item = S>) -> Run {
        self.put("passphrase", "correct horse battery staple\n");
        self.put("anchors.json", r#"{"access":[],"issuers":[]}"#);
        let init = "holder init --local --anchors anchors.json --passphrase-file passphrase";
        let options = options.into_iter().map(|option| option.as_ref().to_owned());
        self.run(init.split(' ').map(str::to_owned).chain(options))
    }

    /// A folder with such a wallet in it, at `w/wallet.json`, that takes part in the sandbox.
    pub fn with_wallet() -> Self {
        let sandbox = Self::new();
        let code = ["--sandbox", "--recovery-code-file", "recovery"];
        let made = sandbox.init(code.iter().chain(&STATE[..2]));
        assert_eq!(made.code, 0, "{}", made.err);
        sandbox
    }

    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        self.run_with(args, "")
    }

    pub fn run_with<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &str) -> Run {
        let output = Command::cargo_bin("assent")
            .unwrap()
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .args(args)
            .write_stdin(input)
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// With `--json`: the exit code and the one object on standard output, whose shape is checked.
    pub fn json<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> (i32, Value) {
        let mut all = vec!["--json".into()];
        all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        let run = self.run(all);
        let value: Value =
            serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}{}", run.out, run.err));
        assert!(
            value["schema"].as_str().unwrap().starts_with("assent."),
            "{value}"
        );
        let members: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            ["data", "error", "ok", "schema", "warnings"],
            "one shape"
        );
        assert_eq!(value["ok"], run.code == 0, "{value}");
        assert!(value["warnings"].is_array(), "{value}");
        let error = &value["error"];
        assert_eq!(error.is_null(), run.code == 0, "{value}");
        if run.code != 0 {
            for member in ["code", "message", "hint", "docs"] {
                assert!(
                    error[member].as_str().is_some_and(|text| !text.is_empty()),
                    "{value}"
                );
            }
            let code = error["code"].as_str().unwrap();
            assert!(
                !code.is_empty()
                    && !code.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')),
                "{value}"
            );
        }
        assert_eq!(run.err, "", "messages belong into the object");
        (run.code, value)
    }
}

/// What shows that a recovery code is in a text: two groups of it beside each other. A single one, four signs, is in many a
/// long text by chance.
pub fn pieces(code: &str) -> Vec<String> {
    let groups: Vec<&str> = code.trim().split('-').collect();
    let pairs = groups.windows(2);
    pairs
        .flat_map(|pair| [pair.join("-"), pair.join(" "), pair.concat()])
        .collect()
}

/// Every byte as `%XX`.
pub fn url_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A link with this offer in it.
pub fn offer_link(offer: &Value) -> String {
    let offer = url_encoded(&offer.to_string());
    format!("openid-credential-offer://?credential_offer={offer}")
}

/// Answers with JSON on a port of its own, given path and base address. Gives the base address and everything received.
pub fn serve(reply: impl Fn(&str, &str) -> (u16, Value) + Send + 'static) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(String::new()));
    let (own, log) = (base.clone(), seen.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &log, |path| reply(path, &own));
        }
    });
    (base, seen)
}

fn answer(stream: TcpStream, log: &Mutex<String>, reply: impl Fn(&str) -> (u16, Value)) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    log.lock().unwrap().push_str(&format!("{head}{body}\n"));
    let (status, body) = reply(head.split(' ').nth(1).unwrap_or_default());
    let body = body.to_string();
    let length = body.len();
    let _ = write!(
        reader.get_mut(),
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
}

/// Counts up: different bytes every time, the same in every run.
#[derive(Default)]
struct Counter(u8);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0 = self.0.wrapping_add(1);
        out.fill(self.0);
        Ok(())
    }
}

pub fn with_env<T>(use_it: impl FnOnce(&mut Env<'_>) -> T) -> T {
    let mut rng = Counter::default();
    use_it(&mut Env {
        now: NOW,
        rng: &mut rng,
    })
}

pub fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[seed; 32]).unwrap()
}

pub fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

pub fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

/// An authority and a leaf for `key(1)`, made by rcgen.
pub struct Chain {
    pub anchor: Vec<u8>,
    pub leaf: Vec<u8>,
}

pub fn chain(organization: &str) -> Chain {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
    let dates = |params: &mut CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        // The doctor looks at it by the real clock.
        params.not_after = rcgen::date_time_ymd(2126, 1, 1);
    };
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, format!("CA of {organization}"));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    dates(&mut ca);
    let anchor = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);

    let leaf_key =
        KeyPair::from_der_and_sign_algo(&pkcs8(&key(1)).into(), &rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut leaf = CertificateParams::new(vec!["issuer.example".to_owned()]).unwrap();
    leaf.distinguished_name.push(DnType::CommonName, organization);
    leaf.distinguished_name
        .push(DnType::OrganizationName, organization);
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    dates(&mut leaf);
    let leaf = leaf.signed_by(&leaf_key, &issuer).unwrap();
    Chain {
        anchor: anchor.der().to_vec(),
        leaf: leaf.der().to_vec(),
    }
}

fn pkcs8(key: &SoftwareKey) -> rustls_pki_types::PrivatePkcs8KeyDer<'static> {
    use p256::pkcs8::EncodePrivateKey as _;
    let secret = p256::SecretKey::from_slice(key.to_bytes().as_slice()).unwrap();
    secret.to_pkcs8_der().unwrap().as_bytes().to_vec().into()
}

/// Anchors as JSON text: the chain's authority for access certificates and for issuers of `vct`.
pub fn anchors(chain: &Chain, vct: &str) -> String {
    let certificate = base64url::encode_standard(&chain.anchor);
    serde_json::json!({
        "access": [{ "name": "Test CA", "certificate": certificate }],
        "issuers": [{ "name": "Test CA", "certificate": certificate, "vct": [vct] }],
    })
    .to_string()
}

/// `--flag` and a path.
pub fn flag<'a>(name: &'a str, path: &'a Path) -> [&'a std::ffi::OsStr; 2] {
    [name.as_ref(), path.as_os_str()]
}
