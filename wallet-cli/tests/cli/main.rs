//! Every command through the real binary: output shapes, exit codes, help.

mod common;
mod credential;
mod general;
mod holder;
mod receipt;
mod request;
mod trust;
