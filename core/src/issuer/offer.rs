//! Making offers.

use std::fmt;

use super::error::IssuanceError;
use super::issuance::{Invited, Issuance, Offered};
use super::settings::IssuerSettings;
use crate::env::Env;
use crate::oid4vci::offer::AuthorizationCodeGrant;
use crate::oid4vci::{CredentialOffer, InputMode, PreAuthorizedCodeGrant, SecretText, TxCode};

/// How an offer is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NewOfferOptions {
    /// The person types a code of six digits. Not with `sign_in`.
    pub tx_code: bool,
    /// The person signs in; there is no pre-authorised code.
    pub sign_in: bool,
    /// Seconds until the cards are ready, when not at once.
    pub later: Option<u32>,
}

/// A new offer, with the secrets that are not kept.
pub struct NewOffer {
    /// To be stored.
    pub issuance: Issuance,
    /// To be put into a link or served by reference, once.
    pub offer: CredentialOffer,
    /// To be given to the person by another way than the offer (§13.6).
    pub tx_code: Option<SecretText>,
}

// The offer holds the code.
impl fmt::Debug for NewOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOffer")
            .field("issuance", &self.issuance)
            .finish_non_exhaustive()
    }
}

impl Issuance {
    /// Makes an offer for `configuration_ids`. With `sign_in` it has no code: `issuer_state` leads to this record.
    ///
    /// # Errors
    /// [`IssuanceError::UnknownConfiguration`], [`IssuanceError::Random`].
    pub fn offer(
        settings: &IssuerSettings,
        configuration_ids: &[&str],
        options: NewOfferOptions,
        env: &mut Env<'_>,
    ) -> Result<NewOffer, IssuanceError> {
        for (index, id) in configuration_ids.iter().enumerate() {
            if !settings.configurations.contains_key(*id) || configuration_ids[..index].contains(id) {
                return Err(IssuanceError::UnknownConfiguration((*id).to_owned()));
            }
        }
        if configuration_ids.is_empty() {
            return Err(IssuanceError::UnknownConfiguration(String::new()));
        }
        let configuration_ids: Vec<String> = configuration_ids.iter().map(|id| (*id).to_owned()).collect();
        let expires_at = env.now.plus(settings.offer_life);
        if options.sign_in {
            let issuer_state = env.random_token()?;
            let issuance = Self::Invited(Invited {
                id: env.random_token()?,
                configuration_ids: configuration_ids.clone(),
                expires_at,
                later: options.later,
            });
            let offer = CredentialOffer {
                credential_issuer: settings.identifier.clone(),
                credential_configuration_ids: configuration_ids,
                authorization_code: Some(AuthorizationCodeGrant {
                    issuer_state: Some(issuer_state),
                    authorization_server: None,
                }),
                pre_authorized_code: None,
            };
            return Ok(NewOffer {
                issuance,
                offer,
                tx_code: None,
            });
        }
        let code = SecretText::new(env.random_token()?);
        let typed = if options.tx_code {
            Some(super::token::new_tx_code(env)?)
        } else {
            None
        };
        let issuance = Self::Offered(Offered {
            id: env.random_token()?,
            configuration_ids: configuration_ids.clone(),
            code_fingerprint: code.fingerprint(),
            tx_code_mac: typed
                .as_ref()
                .map(|typed| super::token::tx_code_mac(&code, typed)),
            attempts_left: settings.tx_code_attempts.max(1),
            expires_at,
            later: options.later,
        });
        let offer = CredentialOffer {
            credential_issuer: settings.identifier.clone(),
            credential_configuration_ids: configuration_ids,
            authorization_code: None,
            pre_authorized_code: Some(PreAuthorizedCodeGrant {
                pre_authorized_code: code,
                tx_code: typed.as_ref().map(|_| TxCode {
                    input_mode: InputMode::Numeric,
                    length: Some(super::token::TX_CODE_LENGTH),
                    description: Some("The code that was shown next to the offer".to_owned()),
                }),
                authorization_server: None,
            }),
        };
        Ok(NewOffer {
            issuance,
            offer,
            tx_code: typed,
        })
    }
}
