//! Putting disclosures back into the payload (RFC 9901 §7.1 steps 3 to 5).

use serde_json::Value;

use super::disclosure::Disclosure;
use super::{SdAlg, SdJwtError};
use crate::claims::{ClaimsPath, PathElement};
use crate::encoding::json::Object;

const SD: &str = "_sd";
const PLACEHOLDER: &str = "...";
const SD_ALG: &str = "_sd_alg";

/// True for the names RFC 9901 keeps for itself.
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, SD | PLACEHOLDER | SD_ALG)
}

/// Where a disclosure belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// Its concrete path in the processed claims (no `All`).
    pub(super) path: ClaimsPath,
    /// The disclosure that holds its digest; `None` when the JWT itself does.
    pub(super) parent: Option<usize>,
}

/// A payload with its disclosures put back.
pub(super) struct Processed {
    /// The claims, without `_sd`, `...` and `_sd_alg`.
    pub(super) claims: Object,
    /// The hash function of the digests.
    pub(super) sd_alg: SdAlg,
    /// One entry per disclosure, in the order they were sent.
    pub(super) placed: Vec<Placed>,
    /// Names of the always visible top-level claims that have digests somewhere inside.
    pub(super) partly_hidden: Vec<String>,
}

/// Processes `payload` with the base64url texts of the disclosures.
pub(super) fn process<'t>(
    mut payload: Object,
    disclosures: impl Iterator<Item = &'t str>,
) -> Result<Processed, SdJwtError> {
    // RFC 9901 §4.1.1: at the top level only, sha-256 when absent.
    let sd_alg = match payload.remove(SD_ALG) {
        None => SdAlg::default(),
        Some(Value::String(name)) => SdAlg::from_name(&name).ok_or(SdJwtError::HashAlgorithm)?,
        Some(_) => return Err(SdJwtError::HashAlgorithm),
    };
    let mut by_digest = Vec::new();
    let mut pending = Vec::new();
    for (index, encoded) in disclosures.enumerate() {
        // Step 3.a: over the text as received.
        by_digest.push((sd_alg.digest(encoded), index));
        pending.push(Some(Disclosure::decode(encoded)?));
    }
    by_digest.sort_unstable();
    // The same disclosure sent twice: the second one could never be referenced (step 5).
    if by_digest.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(SdJwtError::DuplicateDigest);
    }

    let mut walk = Walk {
        by_digest,
        placed: vec![None; pending.len()],
        pending,
        seen: Vec::new(),
        path: Vec::new(),
        partly_hidden: Vec::new(),
    };
    walk.object(&mut payload, None)?;

    // Step 4: a digest twice, anywhere, disclosed or not, is an error.
    walk.seen.sort_unstable();
    if walk.seen.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(SdJwtError::DuplicateDigest);
    }
    // Step 5: every disclosure was referenced.
    let placed = walk.placed.into_iter().collect::<Option<Vec<_>>>();
    Ok(Processed {
        claims: payload,
        sd_alg,
        placed: placed.ok_or(SdJwtError::UnreferencedDisclosure)?,
        partly_hidden: walk.partly_hidden,
    })
}

struct Walk {
    /// Digest and index of every disclosure, sorted.
    by_digest: Vec<(String, usize)>,
    /// Disclosures not put back yet.
    pending: Vec<Option<Disclosure>>,
    placed: Vec<Option<Placed>>,
    /// Every embedded digest met, decoys included.
    seen: Vec<String>,
    /// Where the walk is.
    path: Vec<PathElement>,
    partly_hidden: Vec<String>,
}

impl Walk {
    fn value(&mut self, value: &mut Value, parent: Option<usize>) -> Result<(), SdJwtError> {
        match value {
            Value::Object(map) => self.object(map, parent),
            Value::Array(items) => self.array(items, parent),
            _ => Ok(()),
        }
    }

    fn object(&mut self, map: &mut Object, parent: Option<usize>) -> Result<(), SdJwtError> {
        let top = self.path.is_empty();
        let digests = match map.remove(SD) {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdJwtError::MalformedDigest),
        };
        // §4.2.4.2: `...` is only for array elements, which `array` handles before coming here.
        if map.contains_key(PLACEHOLDER) {
            return Err(SdJwtError::ReservedName);
        }
        // §4.1.1: `_sd_alg` is only for the top level, where it was taken out.
        if map.contains_key(SD_ALG) {
            return Err(SdJwtError::HashAlgorithm);
        }
        for (name, member) in map.iter_mut() {
            if matches!(member, Value::Object(_) | Value::Array(_)) {
                let before = self.seen.len();
                self.path.push(PathElement::Key(name.clone()));
                self.value(member, parent)?;
                self.path.pop();
                if top && self.seen.len() > before {
                    self.partly_hidden.push(name.clone());
                }
            }
        }
        for digest in digests {
            let Value::String(digest) = digest else {
                return Err(SdJwtError::MalformedDigest);
            };
            let Some((index, disclosure)) = self.take(digest)? else {
                continue;
            };
            // Step 3.c.ii.1: three elements.
            let Disclosure::Member { name, mut value } = disclosure else {
                return Err(SdJwtError::WrongPlace);
            };
            // Step 3.c.ii.2.
            if is_reserved(&name) {
                return Err(SdJwtError::ReservedName);
            }
            // Step 3.c.ii.3.
            if map.contains_key(&name) {
                return Err(SdJwtError::Collision);
            }
            self.path.push(PathElement::Key(name.clone()));
            self.place(index, parent)?;
            self.value(&mut value, Some(index))?;
            self.path.pop();
            map.insert(name, value);
        }
        Ok(())
    }

    fn array(&mut self, items: &mut Vec<Value>, parent: Option<usize>) -> Result<(), SdJwtError> {
        let mut out = Vec::with_capacity(items.len());
        for mut item in std::mem::take(items) {
            self.path.push(PathElement::Index(out.len()));
            let digest = match &mut item {
                Value::Object(map) => match (map.remove(PLACEHOLDER), map.is_empty()) {
                    (None, _) => None,
                    // Step 3.b.ii: exactly one member, a string.
                    (Some(Value::String(digest)), true) => Some(digest),
                    (Some(_), _) => return Err(SdJwtError::MalformedDigest),
                },
                _ => None,
            };
            match digest {
                None => {
                    self.value(&mut item, parent)?;
                    out.push(item);
                }
                Some(digest) => {
                    // Step 3.d: an element whose digest matches nothing is left out.
                    if let Some((index, disclosure)) = self.take(digest)? {
                        // Step 3.c.iii.1: two elements.
                        let Disclosure::Element { mut value } = disclosure else {
                            return Err(SdJwtError::WrongPlace);
                        };
                        self.place(index, parent)?;
                        self.value(&mut value, Some(index))?;
                        out.push(value);
                    }
                }
            }
            self.path.pop();
        }
        *items = out;
        Ok(())
    }

    /// The disclosure with `digest`, if it was sent (step 3.c.i).
    fn take(&mut self, digest: String) -> Result<Option<(usize, Disclosure)>, SdJwtError> {
        let found = self
            .by_digest
            .binary_search_by(|(known, _)| known.as_str().cmp(&digest))
            .ok()
            .and_then(|at| self.by_digest.get(at))
            .map(|(_, index)| *index);
        self.seen.push(digest);
        let Some(index) = found else { return Ok(None) };
        let disclosure = self.pending.get_mut(index).and_then(Option::take);
        disclosure
            .map(|disclosure| Some((index, disclosure)))
            .ok_or(SdJwtError::DuplicateDigest)
    }

    /// Records where disclosure `index` belongs. Bounds the recursion too: a chain of disclosures ends with the
    /// longest claims path, and each disclosure alone is bounded by the JSON reader.
    fn place(&mut self, index: usize, parent: Option<usize>) -> Result<(), SdJwtError> {
        let path = ClaimsPath::new(self.path.clone()).ok_or(SdJwtError::TooDeep)?;
        if let Some(slot) = self.placed.get_mut(index) {
            *slot = Some(Placed { path, parent });
        }
        Ok(())
    }
}
