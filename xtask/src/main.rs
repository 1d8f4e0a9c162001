//! `cargo xtask`: every set-up step, test and measurement of the project. Run it without arguments for help.

#[cfg(feature = "bindgen")]
mod alike;
mod args;
mod bench;
#[cfg(feature = "bindgen")]
mod bindgen;
mod bridge;
mod budget;
mod commands;
mod count;
mod demo;
mod deny;
mod failing;
mod fuzz;
mod postgres;
mod process;
mod s3;
#[cfg(feature = "bindgen")]
mod split;
mod summary;
mod test;
mod tools;
mod wasm;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without the backtrace that `fn main() -> Result` prints: the reader needs the reason, not our stack.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
