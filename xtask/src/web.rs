//! The web apps: packages, checks, builds. Each folder says in its own package.json how.

use anyhow::Result;

use crate::args::Args;
use crate::process::{Cmd, root};
use crate::{tools, wasm};

/// The folders with a package.json and scripts of their own, in the order they must be built.
pub const FOLDERS: &[&str] = &["web", "examples/library"];

/// Builds the web apps, and before them the browser package if it changed.
pub fn run(args: &Args) -> Result<()> {
    wasm::build(wasm::Mode::of(args))?;
    for folder in present() {
        tools::npm_ci(folder)?;
        if has_script(folder, "build") {
            script(folder, "build").run()?;
        }
    }
    Ok(())
}

/// The folders that exist in this tree.
pub fn present() -> impl Iterator<Item = &'static str> {
    FOLDERS
        .iter()
        .copied()
        .filter(|folder| root().join(folder).join("package.json").is_file())
}

/// `npm run NAME` in a folder.
pub fn script(folder: &str, name: &str) -> Cmd {
    Cmd::new("npm").args(["run", "--silent", name]).dir(folder)
}

/// Whether a folder's package.json has that script.
pub fn has_script(folder: &str, name: &str) -> bool {
    std::fs::read_to_string(root().join(folder).join("package.json"))
        .is_ok_and(|text| text.contains(&format!("\"{name}\":")))
}
