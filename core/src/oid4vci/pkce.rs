//! Proof key for code exchange (RFC 7636): only who began a sign-in can redeem its code. `S256` only, never `plain`.

use super::SecretText;
use crate::crypto::constant_time_eq;
use crate::encoding::base64url;
use crate::encoding::record::{FromJson, ToJson};
use crate::env::{Env, RandomUnavailable};

/// The only method we send or take: `plain` would put the secret into the request (RFC 9700 §2.1.1).
pub const METHOD: &str = "S256";

/// The secret half. It stays with the wallet until the code is redeemed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(transparent)]
pub struct PkceVerifier(SecretText);

impl PkceVerifier {
    /// A fresh one of 256 bits: 43 characters (RFC 7636 §4.1).
    ///
    /// # Errors
    /// [`RandomUnavailable`].
    pub fn generate(env: &mut Env<'_>) -> Result<Self, RandomUnavailable> {
        let bytes = zeroize::Zeroizing::new(env.random::<32>()?);
        Ok(Self(SecretText::new(base64url::encode(&*bytes))))
    }

    /// `code_challenge`: what the authorization request carries.
    #[must_use]
    pub fn challenge(&self) -> String {
        // §4.2: BASE64URL(SHA256(ASCII(code_verifier))), which is what a fingerprint is.
        self.0.fingerprint()
    }

    /// `code_verifier`: what the token request carries.
    #[must_use]
    pub fn secret(&self) -> &SecretText {
        &self.0
    }
}

/// True when `verifier` has the form of RFC 7636 §4.1 and `challenge` was made of it. Takes the same time whatever differs.
#[must_use]
pub fn challenge_matches(challenge: &str, verifier: &SecretText) -> bool {
    let text = verifier.expose().as_bytes();
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    (43..=128).contains(&text.len())
        && text.iter().all(unreserved)
        && constant_time_eq(challenge.as_bytes(), verifier.fingerprint().as_bytes())
}

/// True for a SHA-256 in base64url: what an `S256` challenge and a key thumbprint (RFC 7638) look like.
pub(super) fn is_sha256(text: &str) -> bool {
    base64url::decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{SecureRandom, Timestamp};

    struct Fixed;

    impl SecureRandom for Fixed {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
            out.copy_from_slice(&APPENDIX_B);
            Ok(())
        }
    }

    /// RFC 7636 Appendix B.
    const APPENDIX_B: [u8; 32] = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
        214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let mut env = Env {
            now: Timestamp(0),
            rng: &mut Fixed,
        };
        let verifier = PkceVerifier::generate(&mut env).unwrap();
        assert_eq!(
            verifier.secret().expose(),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(verifier.challenge(), challenge);
        assert!(challenge_matches(challenge, verifier.secret()));
        assert!(!format!("{verifier:?}").contains("dBjft"));
    }

    /// §4.1, §4.6: the form of a verifier is checked, not only its hash; and `plain` is no way around.
    #[test]
    fn other_verifiers_are_refused() {
        let of = |text: &str| SecretText::new(text);
        let check = |text: &str| challenge_matches(&of(text).fingerprint(), &of(text));
        assert!(check(&"a".repeat(43)) && check(&"~".repeat(128)));
        for bad in [
            "",
            "a",
            &"a".repeat(42),
            &"a".repeat(129),
            &format!("{}+", "a".repeat(43)),
            &format!("{} ", "a".repeat(43)),
            &"é".repeat(30),
        ] {
            assert!(!check(bad), "{bad:?}");
        }
        let (one, two) = ("a".repeat(43), "b".repeat(43));
        assert!(!challenge_matches(&of(&one).fingerprint(), &of(&two)));
        assert!(!challenge_matches(&one, &of(&one)), "plain");
        assert!(!challenge_matches("", &of(&one)));
    }
}
