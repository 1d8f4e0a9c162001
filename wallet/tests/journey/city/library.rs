//! The library that asks for details.

use assent_core::consent::{
    Binding, ConsentTerms, Countersignature, VerifiedReceipt, Withdrawal, WithdrawalAcknowledgement,
};
use assent_core::crypto::{RustCrypto, sha256};
use assent_core::env::Env;
use assent_core::http::HttpResponse;
use assent_core::oid4vp::{
    ClientId, RequestSigner, RequestUriMethod, RequestUriPost, ResponseMode, VerifierInfo,
};
use assent_core::profile::Endpoint;
use assent_core::sd_jwt::KeyBindingCheck;
use assent_core::trust::TrustAnchors;
use assent_core::verifier::{
    Finished, NewTransaction, Received, RequesterIdentity, Transaction, VerificationContext,
};
use serde_json::{Value, json};

use super::{BASE, City, NOW, PROFILE, ok, respond};
use crate::certificates::renewed;

impl City {
    /// The library signs with another certificate from now on: for `identifier`, below the authority `above`. `trusted`
    /// puts that authority among the anchors.
    pub fn renew_library(&mut self, identifier: &str, above: u8, trusted: bool) {
        let renewed = renewed("City library", above, identifier, 31);
        (self.library.leaf, self.library.key) = (renewed.leaf, renewed.key);
        if trusted {
            self.more_anchors.push(renewed.anchor);
        }
    }

    /// A link that asks for consent on `terms`.
    pub fn ask(&mut self, terms: &Value, mode: ResponseMode) -> String {
        let withdrawals = Endpoint::parse(&format!("{BASE}/vp/withdrawals"), &PROFILE).unwrap();
        let terms = ConsentTerms::parse(terms.as_object().unwrap(), &withdrawals, &PROFILE).unwrap();
        let query = terms.to_dcql().unwrap().to_json();
        self.ask_query(query, Some(&terms), mode)
    }

    /// A link that asks with a query of any kind.
    pub fn ask_query(&mut self, query: Value, terms: Option<&ConsentTerms>, mode: ResponseMode) -> String {
        let client_id = ClientId::x509_hash(&self.library.leaf);
        let base = |path: &str| Endpoint::parse(&format!("{BASE}/{path}"), &PROFILE).unwrap();
        let new = NewTransaction {
            identity: RequesterIdentity::Signed(client_id),
            dcql_query: query,
            response_mode: mode,
            request_uri_method: RequestUriMethod::Post,
            request_uri_base: base("vp/requests"),
            response_uri_base: base("vp/responses"),
            redirect_uri: Some(Endpoint::parse("https://library.example/back", &PROFILE).unwrap()),
            self_issued: terms.map(|_| "receipt".to_owned()).into_iter().collect(),
            transaction_data: Vec::new(),
            lifetime: None,
        };
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        let mut transaction = Transaction::create(new, &PROFILE, &mut env).unwrap();
        if let Some(terms) = terms {
            let (nonce, client_id, query) = transaction.binding().unwrap();
            let binding = Binding {
                client_id: client_id.as_str(),
                nonce,
                dcql_query: query,
                leaf_sha256: Some(sha256(&self.library.leaf)),
            };
            let x5c = [self.library.leaf.clone()];
            let signed = terms
                .sign(&binding, &x5c, NOW, NOW.plus(300), &self.library.key)
                .unwrap();
            self.request = Some(signed.request.clone());
            let info = VerifierInfo::new("assent_consent_request", signed.jwt);
            transaction = transaction.with_verifier_info(vec![info]).unwrap();
        }
        let link = transaction.link("openid4vp://", &PROFILE).unwrap();
        self.transaction = Some(transaction);
        link
    }

    /// A link whose query asks for one detail more than its signed terms say.
    pub fn ask_more(&mut self, terms: &Value) -> String {
        let mut more = terms.clone();
        more["required"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "vct": "urn:eudi:pid:1", "path": ["sex"] }));
        let withdrawals = Endpoint::parse(&format!("{BASE}/vp/withdrawals"), &PROFILE).unwrap();
        let parse =
            |terms: &Value| ConsentTerms::parse(terms.as_object().unwrap(), &withdrawals, &PROFILE).unwrap();
        let (honest, greedy) = (parse(terms), parse(&more));
        let link = self.ask_query(
            greedy.to_dcql().unwrap().to_json(),
            None,
            ResponseMode::DirectPostJwt,
        );
        // The terms are signed for their own query, as the signer insists.
        let transaction = self.transaction.take().unwrap();
        let query = honest.to_dcql().unwrap().to_json();
        let (nonce, client_id, _) = transaction.binding().unwrap();
        let binding = Binding {
            client_id: client_id.as_str(),
            nonce,
            dcql_query: &query,
            leaf_sha256: Some(sha256(&self.library.leaf)),
        };
        let x5c = [self.library.leaf.clone()];
        let signed = honest
            .sign(&binding, &x5c, NOW, NOW.plus(300), &self.library.key)
            .unwrap();
        let info = VerifierInfo::new("assent_consent_request", signed.jwt);
        self.transaction = Some(transaction.with_verifier_info(vec![info]).unwrap());
        link
    }

    pub fn transaction(&self) -> &Transaction {
        self.transaction.as_ref().unwrap()
    }

    pub(super) fn request_object(&mut self, body: &str) -> HttpResponse {
        let post = RequestUriPost::parse(body).unwrap();
        let x5c = [self.library.leaf.clone()];
        let signer = RequestSigner {
            signer: &self.library.key,
            x5c: &x5c,
            kid: None,
        };
        let (transaction, jwt) = self
            .transaction
            .take()
            .unwrap()
            .request_object(Some(&post), &signer, &PROFILE, NOW)
            .unwrap();
        self.transaction = Some(transaction);
        respond(200, "application/oauth-authz-req+jwt", &jwt)
    }

    pub(super) fn response(&mut self, body: &str) -> HttpResponse {
        self.responses.push(body.to_owned());
        let anchors = TrustAnchors::from_json(&self.anchors()).unwrap();
        let with = VerificationContext {
            anchors: &anchors,
            crypto: &RustCrypto,
            published: None,
        };
        let mut env = Env {
            now: NOW,
            rng: &mut self.rng,
        };
        let received = self
            .transaction
            .clone()
            .unwrap()
            .receive_response(body, &with, &mut env);
        let Ok(received) = received else {
            return respond(400, "application/json", "{}");
        };
        let Finished {
            transaction,
            redirect_uri,
        } = match received {
            Received::Ended(finished) => *finished,
            Received::Pending(pending) => {
                let tokens = self.status_tokens();
                pending.finish(&tokens, &with, NOW)
            }
        };
        let mut reply = json!({});
        if let Some(uri) = redirect_uri {
            reply["redirect_uri"] = json!(uri);
        }
        let compact = transaction.verdict().and_then(|verdict| {
            verdict
                .of("receipt")
                .next()
                .and_then(|receipt| receipt.sd_jwt.clone())
        });
        if let Some(compact) = compact {
            let receipt =
                VerifiedReceipt::verify(&compact, KeyBindingCheck::NotRequired, NOW, &RustCrypto).unwrap();
            receipt.check_answers(self.request.as_ref().unwrap()).unwrap();
            let x5c = [self.library.leaf.clone()];
            let signature = Countersignature::sign(&receipt, &x5c, NOW, &self.library.key).unwrap();
            reply["receipt_countersignature"] = json!(signature);
            self.receipt = Some(receipt);
        }
        self.transaction = Some(transaction);
        ok(&reply)
    }

    pub(super) fn withdrawal(&mut self, body: &str) -> HttpResponse {
        let receipt = self.receipt.as_ref().unwrap();
        let withdrawal = Withdrawal::verify(body, receipt, NOW, &RustCrypto).unwrap();
        self.stopped = true;
        self.erasure_asked = withdrawal.erasure_requested;
        let x5c = [self.library.leaf.clone()];
        let mut acknowledgement = WithdrawalAcknowledgement::accept(body, &withdrawal, receipt, NOW);
        if self.disputes {
            (acknowledgement.accepted, acknowledgement.stopped) = (false, Vec::new());
        }
        let acknowledgement = acknowledgement.sign(&x5c, &self.library.key).unwrap();
        self.withdrawals.push(withdrawal);
        respond(200, "application/jwt", &acknowledgement)
    }
}
