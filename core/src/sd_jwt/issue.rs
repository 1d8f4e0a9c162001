//! The issuer's side: building and signing an SD-JWT (RFC 9901 §4).

use std::fmt;

use serde_json::Value;

use super::disclosure;
use super::process::is_reserved;
use super::vc::{NEVER_DISCLOSABLE, SD_JWT_VC_TYPE};
use super::{IssueError, MAX_DISCLOSURES, SdAlg};
use crate::claims::{ClaimsPath, PathElement};
use crate::crypto::{PublicKey, Signer};
use crate::encoding::json::Object;
use crate::encoding::record::{ToJson as _, put};
use crate::encoding::{base64url, jws};
use crate::env::Env;
use crate::record;

/// Which claims the holder may keep back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisclosurePolicy {
    /// Each top-level claim as a whole.
    TopLevel,
    /// Each member of each object and each element of each array, recursively (RFC 9901 §6.3).
    Everything,
    /// Exactly these, `All` for each element of an array. When a path and one below it are both listed, the
    /// disclosures nest.
    Paths(Vec<ClaimsPath>),
}

/// Builds an SD-JWT. Claims given as `always` stay visible; the others follow a [`DisclosurePolicy`].
pub struct SdJwtBuilder {
    claims: Object,
    policy: DisclosurePolicy,
    always: Object,
    typ: String,
    x5c: Vec<Vec<u8>>,
    sd_alg: SdAlg,
    decoys: usize,
}

impl SdJwtBuilder {
    /// An SD-JWT VC (`typ` `dc+sd-jwt`) whose `claims` the holder may disclose as `policy` says.
    #[must_use]
    pub fn new(claims: Object, policy: DisclosurePolicy) -> Self {
        Self {
            claims,
            policy,
            always: Object::new(),
            typ: SD_JWT_VC_TYPE.to_owned(),
            x5c: Vec::new(),
            sd_alg: SdAlg::default(),
            decoys: 0,
        }
    }

    /// Claims that every presentation shows: `iss`, `vct`, `exp`, `status` …
    #[must_use]
    pub fn always(mut self, claims: Object) -> Self {
        self.always.extend(claims);
        self
    }

    /// Binds the credential to `key`: `cnf.jwk` (RFC 7800 §3.2).
    #[must_use]
    pub fn holder_key(mut self, key: &PublicKey) -> Self {
        put(&mut self.always, "cnf", record!({ "jwk": key.to_jwk() }));
        self
    }

    /// The issuer's certificate chain as DER, leaf first, without the anchor (HAIP 1.0 §6.1.1).
    #[must_use]
    pub fn x5c(mut self, chain: Vec<Vec<u8>>) -> Self {
        self.x5c = chain;
        self
    }

    /// Another `typ` than that of an SD-JWT VC.
    #[must_use]
    pub fn typ(mut self, typ: &str) -> Self {
        typ.clone_into(&mut self.typ);
        self
    }

    /// Another hash function than SHA-256.
    #[must_use]
    pub fn sd_alg(mut self, sd_alg: SdAlg) -> Self {
        self.sd_alg = sd_alg;
        self
    }

    /// Adds `count` decoy digests wherever real ones are, to hide how many claims there are (RFC 9901 §4.2.5).
    #[must_use]
    pub fn decoys(mut self, count: usize) -> Self {
        self.decoys = count;
        self
    }

    /// Makes the digests, signs, and returns the SD-JWT with all disclosures, ending in `~`.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(self, signer: &dyn Signer, env: &mut Env<'_>) -> Result<String, IssueError> {
        let paths = self.concrete_paths()?;
        let mut payload = self.always;
        for (name, value) in self.claims {
            if payload.contains_key(&name) {
                return Err(IssueError::GivenTwice(name));
            }
            payload.insert(name, value);
        }
        check_names(&payload)?;

        let mut work = Work {
            paths: &paths,
            sd_alg: self.sd_alg,
            decoys: self.decoys,
            disclosures: Vec::new(),
            path: Vec::new(),
            env,
        };
        work.object(&mut payload)?;
        let disclosures = work.disclosures;
        if disclosures.len() > MAX_DISCLOSURES {
            return Err(IssueError::TooLarge);
        }
        // §4.1.1: only needed where there are digests; written then even for the default, which peers expect.
        if !disclosures.is_empty() {
            self.sd_alg.name().put_json(&mut payload, "_sd_alg");
        }
        let mut out = jws::sign_jwt(&self.typ, &self.x5c, &payload, signer)?;
        out.push('~');
        for disclosure in disclosures {
            out.push_str(&disclosure);
            out.push('~');
        }
        Ok(out)
    }

    /// The concrete paths of everything disclosable.
    fn concrete_paths(&self) -> Result<Vec<ClaimsPath>, IssueError> {
        let claims = Value::Object(self.claims.clone());
        let mut paths = Vec::new();
        match &self.policy {
            DisclosurePolicy::TopLevel => {
                for name in self.claims.keys() {
                    paths.push(ClaimsPath::keys(&[name]).ok_or(IssueError::TooLarge)?);
                }
            }
            DisclosurePolicy::Everything => every_path(&claims, &mut Vec::new(), &mut paths)?,
            DisclosurePolicy::Paths(listed) => {
                for path in listed {
                    let found = path
                        .select(&claims)
                        .map_err(|_| IssueError::NothingThere(path.clone()))?;
                    paths.extend(found.into_iter().map(|(concrete, _)| concrete));
                }
            }
        }
        for path in &paths {
            // SD-JWT VC §2.2.2.2.
            if let [PathElement::Key(name), ..] = path.elements()
                && NEVER_DISCLOSABLE.contains(&name.as_str())
            {
                return Err(IssueError::MustNotBeDisclosable(path.clone()));
            }
        }
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }
}

impl fmt::Debug for SdJwtBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdJwtBuilder")
            .field("typ", &self.typ)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

struct Work<'a, 'e> {
    /// Sorted.
    paths: &'a [ClaimsPath],
    sd_alg: SdAlg,
    decoys: usize,
    disclosures: Vec<String>,
    path: Vec<PathElement>,
    env: &'a mut Env<'e>,
}

impl Work<'_, '_> {
    fn value(&mut self, value: &mut Value) -> Result<(), IssueError> {
        match value {
            Value::Object(map) => self.object(map),
            Value::Array(items) => self.array(items),
            _ => Ok(()),
        }
    }

    fn object(&mut self, map: &mut Object) -> Result<(), IssueError> {
        let mut digests = Vec::new();
        let mut visible = Object::new();
        for (name, mut member) in std::mem::take(map) {
            self.path.push(PathElement::Key(name.clone()));
            // Children first, so that nested disclosures are inside their parent's (§4.2.6).
            self.value(&mut member)?;
            if self.is_disclosable() {
                digests.push(self.disclose(Some(&name), member)?);
            } else {
                visible.insert(name, member);
            }
            self.path.pop();
        }
        *map = visible;
        if !digests.is_empty() {
            for _ in 0..self.decoys {
                digests.push(self.decoy()?);
            }
            // §4.2.4.1: the order must not tell the order of the claims. Sorting hashes does that.
            digests.sort_unstable();
            digests.put_json(map, "_sd");
        }
        Ok(())
    }

    fn array(&mut self, items: &mut [Value]) -> Result<(), IssueError> {
        for (index, item) in items.iter_mut().enumerate() {
            self.path.push(PathElement::Index(index));
            self.value(item)?;
            if self.is_disclosable() {
                let value = item.take();
                *item = record!({ "...": self.disclose(None, value)? });
            }
            self.path.pop();
        }
        Ok(())
    }

    fn is_disclosable(&self) -> bool {
        let known = |path: &ClaimsPath| path.elements().cmp(self.path.as_slice());
        self.paths.binary_search_by(known).is_ok()
    }

    /// Keeps the disclosure and returns its digest.
    fn disclose(&mut self, name: Option<&str>, value: Value) -> Result<String, IssueError> {
        // §9.3: a fresh salt of 128 bits for each.
        let salt = base64url::encode(&self.env.random::<16>()?);
        let encoded = disclosure::encode(&salt, name, value);
        let digest = self.sd_alg.digest(&encoded);
        self.disclosures.push(encoded);
        Ok(digest)
    }

    /// §4.2.5: the hash of random bytes, of the same form as a real digest.
    fn decoy(&mut self) -> Result<String, IssueError> {
        let random = base64url::encode(&self.env.random::<32>()?);
        Ok(self.sd_alg.digest(&random))
    }
}

fn check_names(map: &Object) -> Result<(), IssueError> {
    for (name, member) in map {
        if is_reserved(name) {
            return Err(IssueError::ReservedName);
        }
        check_value(member)?;
    }
    Ok(())
}

fn check_value(value: &Value) -> Result<(), IssueError> {
    match value {
        Value::Object(map) => check_names(map),
        Value::Array(items) => items.iter().try_for_each(check_value),
        _ => Ok(()),
    }
}

fn every_path(
    value: &Value,
    path: &mut Vec<PathElement>,
    paths: &mut Vec<ClaimsPath>,
) -> Result<(), IssueError> {
    let mut visit = |step: PathElement, child: &Value| {
        path.push(step);
        paths.push(ClaimsPath::new(path.clone()).ok_or(IssueError::TooLarge)?);
        every_path(child, path, paths)?;
        path.pop();
        Ok(())
    };
    match value {
        Value::Object(map) => map
            .iter()
            .try_for_each(|(name, member)| visit(PathElement::Key(name.clone()), member)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| visit(PathElement::Index(index), item)),
        _ => Ok(()),
    }
}
