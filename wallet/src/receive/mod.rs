//! Receiving cards over OpenID4VCI 1.0, step by step as types:
//!
//! [`Offered`] → `Described` → [`OpenOffer`] (shown to the person) → [`Tokens`] → [`Authorised`] → [`ReceivedCard`]s, and
//! [`Awaited`] ones, which become received later. With a pre-authorised code (§3.5) the offer leads to the tokens; else
//! the person signs in at the issuer (§3.4): [`Departure`] → `Code` → tokens.
//!
//! Every step is one plain HTTP exchange. An offer is untrusted: what counts is that each credential verifies with
//! a trust anchor for its type and is bound to a key made here (§13.5).

mod attested;
mod awaited;
mod error;
mod issue;
mod offer;
mod origin;
mod sign_in;
mod tokens;
mod typed;
mod verify;

/// Most that is kept of a sign-in or of an awaited card, in bytes: what an issuer says about itself is in it.
const MAX_KEPT: usize = 256 << 10;

pub(crate) use attested::{Applicant, InstanceKey, ask_for_keys, take_keys};
pub(crate) use awaited::{Awaited, Delivery, wants_other_encryption};
pub(crate) use error::ReceiveError;
pub(crate) use issue::Authorised;
pub(crate) use offer::{Described, Offered, OpenOffer, Opening, Way, mark};
pub(crate) use origin::{AtServer, Client, Offering, Origin, Proving};
pub(crate) use sign_in::Departure;
pub(crate) use tokens::Tokens;
pub(crate) use typed::{name_details, want_names};
pub(crate) use verify::ReceivedCard;
