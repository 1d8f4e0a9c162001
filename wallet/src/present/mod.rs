//! Answering a request for details over OpenID4VP 1.0, step by step as types:
//!
//! `AuthorizationRequestLink` → `UnverifiedRequest` → `CheckedRequest` (all in core) → [`OpenRequest`], which knows
//! who asks and why → [`DisclosurePlan`], what could be shared → [`DisclosureSelection`], what was chosen.
//!
//! Only a plan makes a selection, so no screen can ask for an answer the protocol forbids: a required part left
//! out, a detail nobody asked for, a warning nobody read.

mod error;
mod linkability;
mod open;
mod plan;
mod receipt;
mod respond;
mod service;
mod warnings;

pub(crate) use error::PresentError;
pub(crate) use linkability::Uses;
pub(crate) use open::OpenRequest;
pub(crate) use plan::{Answer, DisclosurePlan, DisclosureSelection, HeldCard, Proposal, asked_type};
pub(crate) use receipt::{Judge, KeptReceipt, Stop, receipt_key};
pub(crate) use respond::{Reaction, present, read_reaction, refuse};
pub(crate) use warnings::NamedWarning;
