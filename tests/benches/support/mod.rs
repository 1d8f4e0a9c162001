//! Shared by the benchmarks: timing, a table, and the certificates and credentials they work on.

pub mod approved;
pub mod credentials;
pub mod rows;
pub mod table;
pub mod timing;
