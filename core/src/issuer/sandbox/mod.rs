//! Two cards for trying things out, about a person who does not exist.
//!
//! The identity card has the type and the dictionary of the EU's PID (rulebook 1.7), every claim disclosable by itself.
//! It is *not* a PID: its issuing authority says so, and no trusted list names the sandbox's certificate. The
//! residence card stands for what a city issues: membership data and ages as yes or no.

mod configurations;
mod persona;
mod types;

pub use configurations::{IDENTITY, IDENTITY_VCT, RESIDENCE, RESIDENCE_VCT, configurations, settings};
pub use persona::{identity_card, residence_card, subject};
pub use types::types;
