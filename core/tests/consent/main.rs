//! Consent between the two sides: request, receipt, countersignature, withdrawal, state; and the published formats.

mod formats;
mod receipt;
mod request;
mod schema;
mod state;
mod support;
mod terms;
mod withdrawal;
