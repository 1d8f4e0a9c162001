//! The web apps: packages, checks, builds. Each folder says in its own package.json how.

use anyhow::Result;

use crate::args::Args;
use crate::process::Cmd;
use crate::{tools, wasm};

/// A folder with packages of its own, and which of the scripts of its package.json belong to a whole run.
#[derive(Debug)]
pub struct Folder {
    /// From the root.
    pub path: &'static str,
    /// It is built.
    pub build: bool,
    /// It has checks that are no tests: types, lints.
    pub check: bool,
}

/// In the order they must be built. Each has tests.
pub const FOLDERS: &[Folder] = &[
    Folder {
        path: "web",
        build: true,
        check: true,
    },
    Folder {
        path: "examples/library",
        build: false,
        check: false,
    },
];

/// Builds the web apps, and before them the browser package if it changed.
pub fn run(args: &Args) -> Result<()> {
    wasm::build(wasm::Mode::of(args))?;
    for folder in FOLDERS {
        tools::npm_ci(folder.path)?;
        if folder.build {
            script(folder.path, "build").run()?;
        }
    }
    Ok(())
}

/// `npm run NAME` in a folder.
pub fn script(folder: &str, name: &str) -> Cmd {
    Cmd::new("npm").args(["run", "--silent", name]).dir(folder)
}
