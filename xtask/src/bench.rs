//! Measurements: every benchmark of the workspace, optimised, one after the other.

use anyhow::{Result, bail};

use crate::args::Args;
use crate::process::{Cmd, root};

pub const HELP: &str =
    "Figures are of this machine and this run: compare ratios, not numbers of two machines.";

/// Runs `tests/benches/*`; a plain word picks one of them.
pub fn run(args: &Args) -> Result<()> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/benches"))
        .map(|entries| {
            entries
                .flatten()
                .filter_map(|e| {
                    e.file_name()
                        .to_str()
                        .and_then(|n| n.strip_suffix(".rs").map(str::to_owned))
                })
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    if let Some(filter) = args.words.first() {
        names.retain(|name| name.contains(filter.as_str()));
    }
    if names.is_empty() {
        bail!("there is no such benchmark in tests/benches");
    }
    for name in names {
        Cmd::new("cargo")
            .args(["bench", "--package", "assent-tests", "--bench", &name])
            .run()?;
    }
    Ok(())
}
