//! Making the copies of a credential.

use std::fmt;

use serde_json::{Map, Value, json};

use super::error::IssuanceError;
use super::issuance::{Authorized, Given, Issuance, Pickup};
use super::request::ReadyRequest;
use super::settings::IssuerSettings;
use crate::crypto::Signer;
use crate::encoding::json::Object;
use crate::env::{Env, Timestamp};
use crate::oid4vci::{CredentialKind, CredentialResponse};
use crate::sd_jwt::{DisclosurePolicy, SdJwtBuilder};
use crate::status::StatusReference;

const DAY: i64 = 86_400;

/// The claims of one person for one configuration.
#[derive(Clone)]
pub struct Subject {
    /// The claims; each becomes disclosable as `policy` says.
    pub claims: Object,
    /// What can be kept back.
    pub policy: DisclosurePolicy,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(redacted)")
    }
}

/// The issuer's key and certificate chain.
pub struct CredentialSigner<'a> {
    /// The key of the leaf.
    pub key: &'a dyn Signer,
    /// The chain in DER, leaf first, without the anchor (HAIP 1.0 §6.1.1).
    pub x5c: Vec<Vec<u8>>,
}

impl fmt::Debug for CredentialSigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialSigner")
            .field("chain", &self.x5c.len())
            .finish_non_exhaustive()
    }
}

/// The copies and what to store.
#[derive(Debug)]
pub struct Minted {
    /// Store this before answering.
    pub issuance: Issuance,
    /// Send this.
    pub response: CredentialResponse,
    /// What to keep of each copy, for revocation.
    pub copies: Vec<MintedCopy>,
}

/// What the issuer keeps of a copy. Not its text: a log of credentials would recognise them later.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MintedCopy {
    /// Where its status is.
    pub status: StatusReference,
    /// When it runs out.
    pub expires_at: Timestamp,
}

impl ReadyRequest {
    /// Makes one copy per key, each with its own salts and status index.
    ///
    /// All copies carry the same times, rounded down to the day (ARF ISSU_36): an exact time would single a copy out. Copies
    /// that were given out before get the same indexes and times again, so that there are never more of them than keys;
    /// `statuses` is empty then.
    ///
    /// # Errors
    /// [`IssuanceError`]; nothing was issued then.
    pub fn mint(
        self,
        issuance: Issuance,
        subject: &Subject,
        statuses: Vec<StatusReference>,
        signer: &CredentialSigner<'_>,
        settings: &IssuerSettings,
        env: &mut Env<'_>,
    ) -> Result<Minted, IssuanceError> {
        let Issuance::Authorized(mut authorized) = issuance else {
            return Err(IssuanceError::WrongState);
        };
        let again = self.given.is_some();
        let given = match self.given {
            Some(given) if statuses.is_empty() => Given {
                times: given.times.saturating_sub(1),
                ..given
            },
            Some(_) => return Err(IssuanceError::StatusIndexes),
            None => Given {
                notification_id: env.random_token()?,
                statuses,
                issued_at: Timestamp(env.now.0 - env.now.0.rem_euclid(DAY)),
                until: env.now.plus(settings.repeat_life),
                times: settings.repeats,
            },
        };
        let statuses = &given.statuses;
        let distinct = statuses
            .iter()
            .enumerate()
            .all(|(index, status)| !statuses[..index].contains(status));
        if statuses.len() != self.keys.len() || !distinct {
            return Err(IssuanceError::StatusIndexes);
        }
        let vct = match settings
            .configurations
            .get(&self.configuration_id)
            .map(|c| &c.kind)
        {
            Some(CredentialKind::SdJwtVc { vct }) => vct,
            _ => return Err(IssuanceError::UnknownConfiguration(self.configuration_id)),
        };
        let expires_at = given.issued_at.plus(settings.credential_days.saturating_mul(DAY));
        let (mut credentials, mut copies) = (Vec::new(), Vec::new());
        for (key, status) in self.keys.iter().zip(statuses.clone()) {
            let mut always = Map::new();
            always.insert("iss".into(), json!(settings.identifier));
            always.insert("vct".into(), json!(vct));
            if let Some(integrity) = settings.type_integrity.get(vct) {
                always.insert("vct#integrity".into(), json!(integrity));
            }
            always.insert("iat".into(), json!(given.issued_at));
            always.insert("exp".into(), json!(expires_at));
            always.insert("status".into(), status.to_status());
            let compact = SdJwtBuilder::new(subject.claims.clone(), subject.policy.clone())
                .always(always)
                .holder_key(key)
                .x5c(signer.x5c.clone())
                .sign(signer.key, env)?;
            credentials.push(compact);
            copies.push(MintedCopy { status, expires_at });
        }
        let notification_id = Some(given.notification_id.clone());
        if !again {
            authorized.pickups.push(Pickup {
                configuration_id: self.configuration_id,
                copies: credentials.len(),
                notification_id: given.notification_id.clone(),
                event: None,
            });
        }
        if let Some(transaction) = self.transaction {
            authorized.give(&transaction, given, again, env.now)?;
        }
        Ok(Minted {
            issuance: Issuance::Authorized(authorized),
            response: CredentialResponse {
                credentials,
                notification_id,
            },
            copies,
        })
    }
}

impl Authorized {
    /// Remembers what was given out for a transaction, and forgets what is not given again.
    fn give(
        &mut self,
        transaction: &str,
        given: Given,
        again: bool,
        now: Timestamp,
    ) -> Result<(), IssuanceError> {
        let found = self.deferred.iter_mut().find(|deferred| {
            deferred.transaction_fingerprint == transaction && deferred.given.is_some() == again
        });
        found.ok_or(IssuanceError::WrongState)?.given = Some(given);
        self.deferred
            .retain(|deferred| !deferred.given.as_ref().is_some_and(|given| given.is_over(now)));
        Ok(())
    }
}

/// A date as `YYYY-MM-DD` (UTC). `None` outside the years 0–9999.
pub(super) fn date(at: Timestamp) -> Option<String> {
    at.to_rfc3339()?.get(..10).map(str::to_owned)
}

/// Inserts a claim.
pub(super) fn claim(claims: &mut Object, name: &str, value: impl Into<Value>) {
    claims.insert(name.to_owned(), value.into());
}
