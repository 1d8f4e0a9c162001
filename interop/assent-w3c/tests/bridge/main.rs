//! The bridge process, driven over its pipes.

mod common;
mod data_integrity;
mod jwt;
mod process;
