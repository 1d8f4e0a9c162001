//! Keys, credentials and the bridge process for the tests.
#![expect(clippy::unwrap_used, reason = "test support")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use ssi::JWK;
use ssi::claims::data_integrity::{AnyInputSuiteOptions, AnySuite, CryptographicSuite as _, ProofOptions};
use ssi::claims::vc::v2::JsonCredential;
use ssi::dids::{AnyDidMethod, DIDKey, VerificationMethodDIDResolver};
use ssi::verification_methods::{AnyMethod, SingleSecretSigner};

/// The time at which tests verify: 2026-11-20T12:00:00Z.
pub const NOW: i64 = 1_795_176_000;

/// An issuer with a did:key.
pub struct Issuer {
    pub key: JWK,
    pub did: String,
    pub key_id: String,
}

impl Issuer {
    pub fn p256() -> Self {
        Self::of(JWK::generate_p256())
    }

    pub fn ed25519() -> Self {
        Self::of(JWK::generate_ed25519().unwrap())
    }

    fn of(key: JWK) -> Self {
        let url = DIDKey::generate_url(&key).unwrap().to_string();
        let did = url.split('#').next().unwrap().to_owned();
        Self {
            key,
            did,
            key_id: url,
        }
    }

    /// A VC 2.0 credential about a library card.
    pub fn credential(&self) -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", { "number": "https://example.org/vocab#number" }],
            "type": ["VerifiableCredential"],
            "issuer": self.did,
            "validFrom": "2026-01-01T00:00:00Z",
            "validUntil": "2027-01-01T00:00:00Z",
            "credentialSubject": { "id": "urn:uuid:7a6cafb9-11c3-41a8-98d8-8b5a45c2548f", "number": "NL-0042" }
        })
    }

    /// `credential` with a Data Integrity proof by this issuer's key.
    pub fn prove(&self, suite: AnySuite, credential: Value) -> Value {
        self.prove_with(suite, credential, |options| options)
    }

    /// As [`Self::prove`], with other proof options.
    pub fn prove_with(
        &self,
        suite: AnySuite,
        credential: Value,
        change: impl FnOnce(Options) -> Options,
    ) -> Value {
        let credential: JsonCredential = serde_json::from_value(credential).unwrap();
        let resolver = VerificationMethodDIDResolver::<_, AnyMethod>::new(AnyDidMethod::default());
        let method: ssi::json_ld::iref::IriBuf = self.key_id.parse().unwrap();
        let options = change(ProofOptions::from_method(method.into()));
        let signer = SingleSecretSigner::new(self.key.clone()).into_local();
        let proven = block_on(suite.sign(credential, &resolver, signer, options)).unwrap();
        serde_json::to_value(proven).unwrap()
    }

    /// A compact JWS over `payload` with this header (plus `alg`).
    pub fn jwt(&self, header: Value, payload: &Value) -> String {
        use ssi::claims::jws::{Header, encode_sign_custom_header};
        let mut header = header;
        header["alg"] = json!(self.key.get_algorithm().unwrap().to_string());
        let header: Header = serde_json::from_value(header).unwrap();
        encode_sign_custom_header(&payload.to_string(), &self.key, &header).unwrap()
    }
}

pub type Options = ProofOptions<AnyMethod, AnyInputSuiteOptions>;

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// A running bridge.
pub struct Bridge {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Bridge {
    pub fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_assent-w3c"))
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// Sends one line, returns the answer; `Null` when the bridge ended without one.
    pub fn line(&mut self, line: &[u8]) -> Value {
        let input = self.input.as_mut().unwrap();
        // A bridge that ended already cannot be written to; the missing answer tells.
        let _ = input.write_all(line).and_then(|()| input.write_all(b"\n"));
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    pub fn ask(&mut self, request: Value) -> Value {
        self.line(request.to_string().as_bytes())
    }

    /// The verdict on `credential` at [`NOW`].
    pub fn verdict(&mut self, credential: Value) -> Value {
        let mut answer =
            self.ask(json!({ "id": "t", "action": "verify", "credential": credential, "now": NOW }));
        assert_eq!(answer["ok"], true, "{answer}");
        answer["verdict"].take()
    }

    /// Closes the input and waits; the exit code.
    pub fn end(mut self) -> i32 {
        drop(self.input.take());
        self.child.wait().unwrap().code().unwrap()
    }
}

/// The first error's code; `ok` when verified.
pub fn code(verdict: &Value) -> &str {
    if verdict["verified"] == true {
        return "ok";
    }
    // Nothing unverified ever comes back.
    assert_eq!(verdict["subject"], json!([]));
    assert_eq!(verdict["issuer"], Value::Null);
    verdict["errors"][0]["code"].as_str().unwrap()
}
