//! Every command through the real binary: output shapes, exit codes, help.

mod common;
mod credential;
mod doctor;
mod documents;
mod general;
mod holder;
mod partly;
mod receipt;
mod request;
mod sign_in;
mod trace;
mod trust;
mod vault;
