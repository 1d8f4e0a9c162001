//! The step after the WASM compiler: JavaScript and TypeScript around the module. Only built for `cargo xtask wasm`.

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::args::Args;

/// Writes the npm package's generated files. `--input FILE.wasm --output FOLDER [--debug]`.
pub fn run(args: &Args) -> Result<()> {
    let input = args.option("input").context("--input FILE is needed")?;
    let output = args.option("output").context("--output FOLDER is needed")?;
    Bindgen::new()
        .input_path(input)
        .web(true)?
        .typescript(true)
        .debug(args.flag("debug"))
        .keep_debug(args.flag("debug"))
        .remove_name_section(false)
        .remove_producers_section(true)
        .generate(output)
}
