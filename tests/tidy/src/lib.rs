//! Checks on the source tree itself. What ARCHITECTURE.md promises about arrows, layers and dependencies is a test
//! here, so that the promise cannot quietly stop being true.

pub mod problems;
mod tree;

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod requirements;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod words;

pub use tree::{File, files, read, root};
