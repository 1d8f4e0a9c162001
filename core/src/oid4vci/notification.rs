//! The notification endpoint (OpenID4VCI 1.0 §11; CI-28).

use serde_json::{Map, Value};

use super::offer::insert;
use super::{Access, Rejection, RejectionCode};
use crate::crypto::SignError;
use crate::encoding::fields::Fields;
use crate::encoding::json::{self, Limits};
use crate::encoding::record::{FromJson, ToJson};
use crate::env::Env;
use crate::http::HttpRequest;
use crate::profile::{Endpoint, Profile};

/// What became of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The id of the credential response.
    pub notification_id: String,
    /// What happened.
    pub event: NotificationEvent,
    /// For developers; ASCII.
    pub event_description: Option<String>,
}

/// The events of §11.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum NotificationEvent {
    /// The credential is in the wallet.
    CredentialAccepted,
    /// It could not be stored or was refused.
    CredentialFailure,
    /// The person did not want it.
    CredentialDeleted,
}

impl NotificationEvent {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CredentialAccepted => "credential_accepted",
            Self::CredentialFailure => "credential_failure",
            Self::CredentialDeleted => "credential_deleted",
        }
    }
}

impl Notification {
    /// The request to the notification endpoint. Any 2xx is success, 204 the recommended one; nothing depends on it.
    ///
    /// # Errors
    /// [`SignError`] from the key that the token is bound to.
    pub fn to_http(
        &self,
        endpoint: &Endpoint,
        access: &Access,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, SignError> {
        let mut body = Map::new();
        insert(&mut body, "notification_id", Some(&self.notification_id));
        insert(&mut body, "event", Some(self.event.as_str()));
        insert(&mut body, "event_description", self.event_description.as_deref());
        access.post(endpoint, &Value::Object(body), profile.limits.small, env)
    }

    /// Reads the body of a notification.
    ///
    /// # Errors
    /// [`Rejection`] with `invalid_notification_request`.
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        let bad = |why: String| Rejection::new(RejectionCode::InvalidNotificationRequest, &why);
        let limits = Limits {
            bytes: 16 << 10,
            depth: 4,
        };
        let object = json::parse_object(body, limits).map_err(|error| bad(error.to_string()))?;
        let fields = Fields::new(&object, "");
        let event = match fields.text("event", 64).map_err(|error| bad(error.to_string()))? {
            "credential_accepted" => NotificationEvent::CredentialAccepted,
            "credential_failure" => NotificationEvent::CredentialFailure,
            "credential_deleted" => NotificationEvent::CredentialDeleted,
            _ => return Err(bad("event is not one of the three".into())),
        };
        let text = |name: &str| {
            fields
                .opt_text(name, 1024)
                .map_err(|error| bad(error.to_string()))
        };
        Ok(Self {
            notification_id: text("notification_id")?
                .ok_or_else(|| bad("notification_id is missing".into()))?
                .to_owned(),
            event,
            event_description: text("event_description")?.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{RandomUnavailable, SecureRandom, Timestamp};
    use crate::oid4vci::SecretText;

    /// A bearer token needs no randomness.
    struct NoRandomness;

    impl SecureRandom for NoRandomness {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), RandomUnavailable> {
            Err(RandomUnavailable)
        }
    }

    #[test]
    fn round_trip_and_refusals() {
        let notification = Notification {
            notification_id: "1".into(),
            event: NotificationEvent::CredentialDeleted,
            event_description: None,
        };
        let access = Access {
            token: SecretText::new("t"),
            dpop: None,
        };
        let mut env = Env {
            now: Timestamp(0),
            rng: &mut NoRandomness,
        };
        let endpoint = Endpoint::parse("https://issuer.example/n", &Profile::BASELINE).unwrap();
        let http = notification
            .to_http(&endpoint, &access, &Profile::BASELINE, &mut env)
            .unwrap();
        assert_eq!(
            Notification::parse(http.body.unwrap().as_bytes()).unwrap(),
            notification
        );
        for bad in [
            r#"{"event":"credential_accepted"}"#,
            r#"{"notification_id":"1","event":"other"}"#,
            r#"{"notification_id":"1"}"#,
            "[]",
        ] {
            let error = Notification::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code, RejectionCode::InvalidNotificationRequest, "{bad}");
        }
    }
}
