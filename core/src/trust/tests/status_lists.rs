//! Trust in the signer of a status list.

use super::*;
use crate::crypto::sha256;
use crate::status::{
    Status, StatusBits, StatusError, StatusList, StatusListClaims, StatusReference, UnverifiedStatusListToken,
};

fn token(x5c: &[Vec<u8>], signer: &SoftwareKey) -> UnverifiedStatusListToken {
    let mut list = StatusList::new(StatusBits::One, 8).unwrap();
    list.set(5, Status::Invalid).unwrap();
    let claims = StatusListClaims {
        uri: "https://issuer.example/status/1".to_owned(),
        issued_at: NOW,
        expires_at: None,
        ttl: None,
    };
    let jwt = claims.sign_jwt(&list, x5c, signer).unwrap();
    UnverifiedStatusListToken::parse_jwt(&jwt).unwrap()
}

#[test]
fn same_issuer_or_a_status_authority() {
    let (pid, other, status, nobody) = (
        root("PID", 1),
        root("Other", 2),
        root("Status", 3),
        root("Nobody", 4),
    );
    let mut anchors = TrustAnchors::new();
    for cert in [&pid, &other] {
        let anchor = Anchor {
            vct: vec!["pid".to_owned()],
            ..cert.anchor("issuer")
        };
        anchors.add(Role::CredentialIssuer, anchor).unwrap();
    }
    anchors
        .add(Role::StatusListSigner, status.anchor("status"))
        .unwrap();
    let of_pid = sha256(&pid.der);
    let verify = |by: &Cert| {
        let leaf = signed(leaf_params("Signer"), 5, by);
        verify_status_list(
            &token(&chain(&[&leaf]), &key(5)),
            &of_pid,
            &anchors,
            NOW,
            &RustCrypto,
        )
    };
    for by in [&pid, &status] {
        let list = verify(by).unwrap();
        let at = |idx| {
            let uri = list.subject().to_owned();
            list.status(&StatusReference { idx, uri }, NOW)
        };
        assert_eq!(at(5), Ok(Status::Invalid));
        assert_eq!(at(4), Ok(Status::Valid));
    }
    // Another trusted issuer has no say about these credentials.
    for by in [&other, &nobody] {
        assert_eq!(
            verify(by).unwrap_err(),
            StatusTrustError::Chain(ChainError::Untrusted)
        );
    }
    let no_chain = verify_status_list(&token(&[], &key(5)), &of_pid, &anchors, NOW, &RustCrypto);
    assert_eq!(no_chain.unwrap_err(), StatusTrustError::Chain(ChainError::Empty));
    let leaf = signed(leaf_params("Signer"), 5, &pid);
    let forged = token(&chain(&[&leaf]), &key(6));
    assert!(matches!(
        verify_status_list(&forged, &of_pid, &anchors, NOW, &RustCrypto),
        Err(StatusTrustError::Status(StatusError::Jws(_)))
    ));
}
