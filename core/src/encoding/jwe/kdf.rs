//! Concat KDF for ECDH-ES direct key agreement (RFC 7518 §4.6.2, NIST SP 800-56A §5.8.1).

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ContentEncryption;

/// The content encryption key from the ECDH shared secret. `apu` and `apv` are the decoded header members,
/// empty when absent.
pub(super) fn content_key(
    z: &[u8; 32],
    enc: ContentEncryption,
    apu: &[u8],
    apv: &[u8],
) -> Zeroizing<Vec<u8>> {
    // One round of the hash gives 256 bits, enough for both algorithms.
    let mut hash = Sha256::new();
    hash.update(1u32.to_be_bytes());
    hash.update(z);
    // AlgorithmID is the name of `enc`, PartyUInfo `apu`, PartyVInfo `apv`: each with its length before it.
    for part in [enc.as_jose().as_bytes(), apu, apv] {
        // Parts come from a header of bounded size.
        hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part);
    }
    // SuppPubInfo is the key length in bits; SuppPrivInfo is empty.
    let bits = match enc {
        ContentEncryption::A128Gcm => 128u32,
        ContentEncryption::A256Gcm => 256,
    };
    hash.update(bits.to_be_bytes());
    let digest = Zeroizing::new(<[u8; 32]>::from(hash.finalize()));
    let mut key = Zeroizing::new(vec![0; enc.key_len()]);
    for (to, from) in key.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{PublicKey, SoftwareKey};
    use crate::encoding::base64url;

    /// RFC 7518 Appendix C.
    #[test]
    fn rfc7518_appendix_c() {
        let vectors = crate::vectors::json("rfc-small/vectors.json");
        let case = &vectors["rfc7518_appendix_c"];
        let bytes = |v: &serde_json::Value| base64url::decode(v.as_str().unwrap()).unwrap();
        let alice = SoftwareKey::from_bytes(&bytes(&case["alice_ephemeral"]["d"])).unwrap();
        let bob = PublicKey::from_jwk(&{
            let mut jwk = case["bob_static"].as_object().unwrap().clone();
            jwk.remove("d");
            jwk
        })
        .unwrap();
        let z = alice.agree(&bob).unwrap();
        let key = content_key(
            &z,
            ContentEncryption::A128Gcm,
            &bytes(&case["apu_b64u"]),
            &bytes(&case["apv_b64u"]),
        );
        assert_eq!(
            base64url::encode(&key),
            case["derived_key_b64u"].as_str().unwrap()
        );
    }
}
