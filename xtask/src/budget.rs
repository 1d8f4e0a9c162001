//! Download sizes. A page that loads slowly is a page that is not used, so the budget fails the build.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use miniz_oxide::deflate::compress_to_vec;

use crate::process::root;
use crate::web;

/// A gzip file's header and trailer, which the raw deflate stream lacks.
const GZIP_FRAME: usize = 18;

struct Budget {
    what: &'static str,
    /// 1000 bytes, as the goals are given.
    kilobytes: f64,
    files: Vec<PathBuf>,
}

/// Measures what was built and fails when something is too large or was not built.
pub fn run() -> Result<()> {
    // The wallet app knows what a first visit loads and what comes on demand.
    web::script("web", "budget").run()?;
    let budgets = [Budget {
        what: "service element (js)",
        kilobytes: 15.0,
        files: files_with(&root().join("web/sdk/dist"), &["js"]),
    }];
    let mut failed = false;
    for budget in budgets {
        let mut size = 0;
        let mut found = false;
        for file in &budget.files {
            if let Ok(bytes) = std::fs::read(file)
                && !bytes.is_empty()
            {
                size += compress_to_vec(&bytes, 9).len() + GZIP_FRAME;
                found = true;
            }
        }
        let size = size as f64 / 1000.0;
        let verdict = match (found, size <= budget.kilobytes) {
            (false, _) => "not built",
            (true, true) => "ok",
            (true, false) => "too large",
        };
        failed |= verdict != "ok";
        println!(
            "  {:<34} {size:>7.1} of {:>5.0} kB gzip  {verdict}",
            budget.what, budget.kilobytes
        );
    }
    if failed {
        bail!("a download is over its budget or was not built");
    }
    Ok(())
}

fn files_with(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return files;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(files_with(&path, extensions));
        } else if path
            .extension()
            .is_some_and(|ext| extensions.iter().any(|wanted| ext == *wanted))
        {
            files.push(path);
        }
    }
    files
}
