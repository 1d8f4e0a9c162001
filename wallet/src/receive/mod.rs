//! Receiving cards over OpenID4VCI 1.0 with a pre-authorised code (§3.5), step by step as types:
//!
//! [`Offered`] → [`Described`] → [`OpenOffer`] (shown to the person) → [`Authorised`] → [`ReceivedCard`]s.
//!
//! Every step is one plain HTTP exchange. An offer is untrusted: what counts is that each credential verifies with
//! a trust anchor for its type and is bound to a key made here (§13.5).

mod error;
mod issue;
mod offer;
mod typed;

pub(crate) use error::ReceiveError;
pub(crate) use issue::{Authorised, ReceivedCard};
pub(crate) use offer::{Described, Offered, OpenOffer, Opening};
