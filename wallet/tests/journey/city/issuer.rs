//! The register that issues cards, and its status list.

use std::collections::BTreeMap;

use assent_core::claims::ClaimsPath;
use assent_core::crypto::RustCrypto;
use assent_core::env::Env;
use assent_core::http::HttpResponse;
use assent_core::issuer::{Asking, CredentialSigner, Issuance, NewOfferOptions, Presented, sandbox};
use assent_core::oid4vci::{Attesters, CredentialRequest, SecretText, TokenRequest};
use assent_core::sd_jwt::DisclosurePolicy;
use assent_core::status::{
    Status, StatusBits, StatusList, StatusListClaims, StatusReference, UnverifiedStatusListToken,
};
use assent_core::trust::TrustAnchors;

use super::{BASE, City, NOW, PROFILE, ok, respond};

impl City {
    /// A link that offers a card.
    pub fn offer(&mut self, configuration: &str, tx_code: bool) -> (String, Option<String>) {
        let mut env = Env {
            now: self.now(),
            rng: &mut self.rng,
        };
        let options = NewOfferOptions {
            tx_code,
            ..NewOfferOptions::default()
        };
        let new = Issuance::offer(&self.settings, &[configuration], options, &mut env).unwrap();
        self.issuance = Some(new.issuance);
        (
            new.offer.to_link(),
            new.tx_code.map(|code| code.expose().to_owned()),
        )
    }

    pub(super) fn token(&mut self, body: &str) -> HttpResponse {
        let request = TokenRequest::parse(body).unwrap();
        let mut env = Env {
            now: self.now(),
            rng: &mut self.rng,
        };
        let redeemed = self
            .issuance
            .take()
            .unwrap()
            .redeem(&request, &Asking::default(), &self.settings, &mut env)
            .unwrap();
        self.issuance = Some(redeemed.issuance);
        match redeemed.answer {
            Ok(answer) => ok(&answer.to_json()),
            Err(rejection) => respond(
                rejection.status(),
                "application/json",
                &rejection.to_json().to_string(),
            ),
        }
    }

    pub(super) fn credential(&mut self, body: &str, bearer: Option<String>) -> HttpResponse {
        let token = SecretText::new(bearer.unwrap().strip_prefix("Bearer ").unwrap().to_owned());
        let request = CredentialRequest::parse(body.as_bytes(), &PROFILE).unwrap();
        let issuance = self.issuance.take().unwrap();
        let attesters = Attesters {
            anchors: &TrustAnchors::new(),
            now: self.now(),
            profile: &PROFILE,
            crypto: &RustCrypto,
        };
        let presented = Presented {
            token: &token,
            dpop_jkt: None,
        };
        let checked = issuance
            .check_request(&presented, &request, &self.settings, &attesters)
            .unwrap();
        let fingerprints = checked.nonce_fingerprints();
        let (used, left) = std::mem::take(&mut self.nonces)
            .into_iter()
            .partition(|nonce| fingerprints.contains(&nonce.fingerprint));
        self.nonces = left;
        let ready = checked.nonces_used_up(&used, &[], self.now()).unwrap();
        let now = self.now();
        let mut subject =
            sandbox::subject(ready.configuration_id(), "https://city.example/anchors", now).unwrap();
        if let Some((name, value)) = &self.details {
            subject.claims.insert((*name).to_owned(), value.clone());
        }
        if !self.always.is_empty() {
            let hidden = subject
                .claims
                .keys()
                .filter(|name| !self.always.contains(&name.as_str()));
            let paths = hidden.map(|name| ClaimsPath::keys(&[name]).unwrap());
            subject.policy = DisclosurePolicy::Paths(paths.collect());
        }
        let statuses = (0..ready.indexes() as u64)
            .map(|at| StatusReference {
                idx: self.next_index + at,
                uri: format!("{BASE}/issuer/status-lists/1"),
            })
            .collect();
        self.next_index += ready.indexes() as u64;
        let signer = CredentialSigner {
            key: &self.issuer.key,
            x5c: vec![self.issuer.leaf.clone()],
        };
        let mut env = Env {
            now,
            rng: &mut self.rng,
        };
        let minted = ready
            .mint(issuance, &subject, statuses, &signer, &self.settings, &mut env)
            .unwrap();
        self.issuance = Some(minted.issuance);
        ok(&minted.response.to_json())
    }

    /// The issuer's status list; the indexes in `revoked` are taken back.
    pub(super) fn status_list(&self) -> String {
        let uri = format!("{BASE}/issuer/status-lists/1");
        let mut list = StatusList::new(StatusBits::Two, 1024).unwrap();
        for index in &self.revoked {
            list.set(*index, Status::Invalid).unwrap();
        }
        let claims = StatusListClaims {
            uri,
            issued_at: NOW,
            expires_at: Some(NOW.plus(3600)),
            ttl: Some(300),
        };
        claims
            .sign_jwt(&list, std::slice::from_ref(&self.issuer.leaf), &self.issuer.key)
            .unwrap()
    }

    pub(super) fn status_tokens(&self) -> BTreeMap<String, UnverifiedStatusListToken> {
        let token = UnverifiedStatusListToken::parse_jwt(&self.status_list()).unwrap();
        BTreeMap::from([(format!("{BASE}/issuer/status-lists/1"), token)])
    }
}
