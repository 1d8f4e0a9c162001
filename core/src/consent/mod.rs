//! Consent: what is asked, what was agreed, how it ends, and proofs of all three that both sides hold.
//!
//! Three things are kept apart. The *presentation* is an OpenID4VP exchange. The person's *approval* of it is part of
//! that exchange. *Consent* is a legal basis; only a request that rests on it leads to a consent record, any other to
//! a notice record ([`RecordKind`]). Nothing here ever holds a claim value: paths and categories only.
//!
//! | Object | Made by | Signed with |
//! | --- | --- | --- |
//! | [`ConsentRequest`] | service | its access certificate |
//! | [`Receipt`] | wallet | a key used for this service only |
//! | [`Countersignature`] | service | its access certificate |
//! | [`ConsentEvent`], [`Withdrawal`] | wallet or service | the receipt's key or the access certificate |
//! | [`WithdrawalAcknowledgement`] | service | its access certificate |
//!
//! Field names follow ISO/IEC TS 27560 as mapped by the W3C Data Privacy Vocabulary. The wire formats are published
//! with schemas, examples and vectors in `specs/formats`.

mod bundle;
mod category;
mod choices;
mod compile;
mod countersignature;
mod digest;
mod duration;
mod event;
mod fold;
mod legal;
mod linkability;
mod receipt;
mod request;
mod speaker;
mod terms;
mod texts;
mod withdrawal;

pub use bundle::{BundleError, ReceiptBundle, VerifiedBundle};
pub use category::{Category, category};
pub use choices::{Choice, Choices};
pub use compile::{Purpose, RECEIPT_QUERY, RECEIPT_VCT, REQUIRED_PURPOSE};
pub use countersignature::{Countersignature, CountersignatureError};
pub use digest::Digest;
pub use duration::{BadDuration, Duration};
pub use event::{ConsentEvent, EventError, EventState};
pub use fold::{Author, EffectiveState, Event, fold};
pub use legal::{LegalBasis, RecordKind};
pub use linkability::{
    CredentialUse, LinkReason, LinkabilityInput, LinkabilityReport, ReceiptKey, Recognisability,
    Unlinkability,
};
pub use receipt::{
    ConsentRecord, Decision, Evidence, Party, PiiAttribute, PiiInformation, PrivacyNotice, Processing,
    Receipt, ReceiptError, RecordedEvent, RightsExercise, SharedCredential, VerifiedReceipt,
};
pub use request::{Binding, ConsentRequest, ConsentRequestError, FORMAT, SignedConsentRequest};
pub use speaker::{Moment, speaker_key};
pub use terms::{
    Attribute, Authority, ConsentTerms, Controller, MAX_ATTRIBUTES, OptionalAttribute, Recipient, TermsError,
    TermsProblem,
};
pub use texts::{BadTexts, Texts};
pub use withdrawal::{
    ErasureAnswer, Propagation, Retained, Withdrawal, WithdrawalAcknowledgement, WithdrawalError,
    WithdrawalWish,
};
