//! Why cards could not be received.

use assent_core::error::{Audience, Blame, ErrorCode};
use assent_core::oid4vci::authorization::AuthorizationError;
use assent_core::oid4vci::{AnswerError, OfferError, RejectionCode};
use assent_core::trust::CredentialError;

/// Why cards could not be received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// The link holds no usable offer.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// The issuer's answer is not usable.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The issuer did not answer.
    #[error("the issuer could not be reached")]
    Unreachable,
    /// There is no such offer any more.
    #[error("the offer was used, or is too old")]
    Gone,
    /// It wants a sign-in at the issuer, and nobody said where to come back to.
    #[error("the issuer wants you to sign in first, and this app did not say where to come back to")]
    NeedsSignIn,
    /// What the person came back with leads nowhere.
    #[error(transparent)]
    SignIn(#[from] AuthorizationError),
    /// A token that was bound to a key is renewed by one that is not.
    #[error("the issuer no longer protects the key to your card")]
    Downgraded,
    /// Nothing in it is of a kind we can hold.
    #[error("the offer holds no card of a supported kind")]
    NothingSupported,
    /// A transaction code is needed, or not well formed.
    #[error("the issuer wants the code it gave you")]
    TxCode,
    /// The number of credentials is not the number of keys.
    #[error("the issuer sent more cards than were asked")]
    Count,
    /// A credential does not verify.
    #[error("a card cannot be trusted: {0}")]
    Credential(CredentialError),
    /// A credential is of another type than offered.
    #[error("a card is of another type than offered")]
    OtherType,
    /// A credential is not bound to one of our keys, or two to the same.
    #[error("a card is not bound to this wallet")]
    NotBound,
    /// The copies of one card do not say the same.
    #[error("the copies of a card differ")]
    CopiesDiffer,
    /// The issuer demands that somebody vouches for the wallet or its keys, and the operator does not.
    #[error("the issuer wants your wallet service to vouch for this wallet, and it does not")]
    NotVouched,
    /// The operator did not answer when it was asked to vouch.
    #[error("your wallet service could not be reached")]
    OperatorUnreachable,
    /// The platform failed.
    #[error("the wallet could not make keys")]
    Keys,
}

impl ReceiveError {
    /// True when nobody answered: what was asked can be asked again.
    pub(crate) fn is_network(&self) -> bool {
        self.blame() == Blame::Network
    }

    /// True when the issuer refused nothing: what it gave so far is still good, and may be used again.
    pub(crate) fn leaves_what_was_given(&self) -> bool {
        self.is_network() || matches!(self, Self::NotVouched)
    }

    /// The same of an offer without a sign-in. Where nobody typed a code, the offer itself is what the issuer does not take.
    pub(crate) fn of_an_offer(self, typed: bool) -> Self {
        match self {
            Self::Answer(AnswerError::Refused(refused))
                if !typed && refused.code == RejectionCode::InvalidGrant =>
            {
                Self::Gone
            }
            other => other,
        }
    }

    /// True when the issuer does not take the token: it will not for another card either.
    pub(crate) fn is_token_refused(&self) -> bool {
        let Self::Answer(AnswerError::Refused(rejection)) = self else {
            return false;
        };
        rejection.code == RejectionCode::InvalidToken
    }
}

impl ErrorCode for ReceiveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Offer(error) => error.code(),
            Self::Answer(error) => error.code(),
            Self::Unreachable => "issuer-unreachable",
            Self::Gone => "offer-gone",
            Self::NeedsSignIn => "offer-needs-sign-in",
            Self::SignIn(error) => error.code(),
            Self::Downgraded => "issuer-token-downgraded",
            Self::NothingSupported => "offer-not-supported",
            Self::TxCode => "offer-code-needed",
            Self::Count => "issuer-too-many-cards",
            Self::Credential(error) => error.code(),
            Self::OtherType => "card-of-other-type",
            Self::NotBound => "card-not-bound",
            Self::CopiesDiffer => "card-copies-differ",
            Self::NotVouched => "wallet-not-vouched-for",
            Self::OperatorUnreachable => "wallet-provider-unreachable",
            Self::Keys => "random-unavailable",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Offer(error) => error.blame(),
            Self::Answer(error) => error.blame(),
            Self::SignIn(error) => error.blame(),
            Self::Unreachable | Self::OperatorUnreachable => Blame::Network,
            Self::TxCode | Self::NeedsSignIn => Blame::Caller,
            Self::Keys => Blame::Us,
            _ => Blame::Peer,
        }
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}
