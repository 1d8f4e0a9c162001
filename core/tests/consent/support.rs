//! A service and a person with fixed keys, and a clock that stands still.

use std::path::{Path, PathBuf};

use assent_core::consent::{
    Binding, ConsentRequest, ConsentTerms, CredentialUse, Decision, LinkabilityInput, LinkabilityReport,
    ReceiptKey, SignedConsentRequest, VerifiedReceipt,
};
use assent_core::crypto::{RustCrypto, SoftwareKey, sha256};
use assent_core::encoding::base64url;
use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_core::profile::{Endpoint, Profile};
use assent_core::trust::TrustAnchors;
use serde_json::{Value, json};

pub const NOW: Timestamp = Timestamp(1_798_000_000);
pub const PROFILE: Profile = Profile::BASELINE;
pub const NONCE: &str = "aW4gdGhlIGV4YW1wbGVz";

/// The same numbers on every run.
pub struct Counter(pub u64);

impl SecureRandom for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            let block = sha256(&self.0.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// The folder of the published formats.
pub fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/formats")
}

pub fn read_json(path: &str) -> Value {
    let text =
        std::fs::read_to_string(formats().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The key of the service's access certificate.
pub fn service_key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[0x42; 32]).unwrap()
}

/// The key the person uses for this service only.
pub fn person_key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[0x51; 32]).unwrap()
}

/// The service's certificate chain.
pub fn chain() -> Vec<Vec<u8>> {
    let service = read_json("examples/service.json");
    let chain = service["access_certificate_chain"].as_array().unwrap();
    chain
        .iter()
        .map(|der| base64url::decode_standard(der.as_str().unwrap()).unwrap())
        .collect()
}

pub fn anchors() -> TrustAnchors {
    TrustAnchors::from_json(&read_json("examples/service.json")["anchors"]).unwrap()
}

pub fn leaf_sha256() -> [u8; 32] {
    sha256(&chain()[0])
}

pub fn client_id() -> String {
    format!("x509_hash:{}", base64url::encode(&leaf_sha256()))
}

/// What the library writes.
pub fn library() -> Value {
    json!({
        "purpose": { "en": "Check that you may borrow films for 16 and over", "nl": "Nagaan of u films vanaf 16 mag lenen" },
        "purpose_type": "dpv:ServiceProvision",
        "legal_basis": "eu-gdpr:A6-1-a",
        "required": [
            { "vct": "urn:assent:residence:1", "path": ["age_equal_or_over", "16"] },
            { "vct": "urn:eudi:pid:1", "path": ["address", "locality"] }
        ],
        "optional": [
            {
                "vct": "urn:assent:residence:1", "path": ["email"],
                "purpose": { "en": "Send you reminders", "nl": "U herinneringen sturen" }
            }
        ],
        "retention": "P30D",
        "recipients": [],
        "storage_locations": ["NL"],
        "jurisdiction": "NL",
        "controller": {
            "name": "City library of Voorbeeld", "contact": "privacy@library.example",
            "address": "Boekenplein 1, 0000 AA Voorbeeldstad", "country": "NL"
        },
        "privacy_policy": "https://library.example/privacy",
        "rights_contact": "privacy@library.example",
        "authority": { "name": "Autoriteit Persoonsgegevens", "url": "https://authority.example/complain" },
        "language": "en"
    })
}

pub fn withdrawal_endpoint() -> Endpoint {
    Endpoint::parse("https://library.example/vp/withdrawals", &PROFILE).unwrap()
}

pub fn terms_of(value: &Value) -> ConsentTerms {
    ConsentTerms::parse(value.as_object().unwrap(), &withdrawal_endpoint(), &PROFILE).unwrap()
}

pub fn terms() -> ConsentTerms {
    terms_of(&library())
}

pub fn sign_terms(terms: &ConsentTerms) -> (SignedConsentRequest, Value) {
    let query = terms.to_dcql().unwrap().to_json();
    let client_id = client_id();
    let binding = binding(&client_id, &query);
    let signed = terms
        .sign(&binding, &chain(), NOW, NOW.plus(600), &service_key())
        .unwrap();
    (signed, query)
}

pub fn binding<'a>(client_id: &'a str, query: &'a Value) -> Binding<'a> {
    Binding {
        client_id,
        nonce: NONCE,
        dcql_query: query,
        leaf_sha256: Some(leaf_sha256()),
    }
}

/// The report for the examples: harmless details, a key for this receipt only.
pub fn linkability() -> LinkabilityReport {
    let paths = [assent_core::claims::ClaimsPath::keys(&["age_equal_or_over", "16"]).unwrap()];
    let credential = CredentialUse {
        visible: &paths,
        uses_here: 0,
        uses_elsewhere: 0,
        key_shared: false,
        has_status: true,
        fine_timestamps: false,
        issuer_blind: false,
    };
    LinkabilityReport::compute(&LinkabilityInput {
        credentials: &[credential],
        receipt_key: ReceiptKey::Fresh,
        operator_sees: false,
    })
}

pub fn mint(request: &ConsentRequest, granted: &[&str]) -> VerifiedReceipt {
    let granted: Vec<String> = granted.iter().map(|id| (*id).to_owned()).collect();
    let report = linkability();
    let decision = Decision {
        request,
        granted: &granted,
        linkability: &report,
        language: "en",
    };
    let mut rng = Counter(100);
    let mut env = Env {
        now: NOW.plus(30),
        rng: &mut rng,
    };
    decision.mint(&person_key(), &mut env).unwrap()
}

pub fn receipt() -> (VerifiedReceipt, SignedConsentRequest) {
    let (signed, _) = sign_terms(&terms());
    (mint(&signed.request, &["required"]), signed)
}

pub const CRYPTO: RustCrypto = RustCrypto;
