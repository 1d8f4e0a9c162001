//! Reading the project's files.

use std::path::{Path, PathBuf};

/// Folders that hold what was built or downloaded, not what was written.
const NOT_OURS: &[&str] = &[
    "target",
    "node_modules",
    "dist",
    ".fixture-dist",
    "build",
    "pkg",
    ".git",
    ".assent",
    "corpus",
    "artifacts",
    ".venv",
];

/// Files that a build writes among those that people write; git ignores them.
const GENERATED: &[&str] = &["web/ui/src/i18n/keys.ts"];

/// A file of the project.
#[derive(Debug, Clone)]
pub struct File {
    /// Relative to the project's root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The project's root folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Every text file under `folder` (relative to the root) with one of the extensions, sorted by path.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    walk(&root().join(folder), extensions, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// One file's text; empty when it does not exist.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn walk(folder: &Path, extensions: &[&str], found: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                walk(&path, extensions, found);
            }
        } else if path
            .extension()
            .is_some_and(|ext| extensions.iter().any(|wanted| ext == *wanted))
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let path = path
                .strip_prefix(root())
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            if !GENERATED.contains(&path.as_str()) {
                found.push(File { path, text });
            }
        }
    }
}

impl File {
    /// The lines before the file's own test module: what is shipped.
    pub fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]")
    }

    /// True for files that hold only tests.
    pub fn is_test(&self) -> bool {
        const NAMES: &[&str] = &["/tests.rs", "_tests.rs", "/vectors.rs"];
        NAMES.iter().any(|name| self.path.ends_with(name))
            || self.path.contains("/tests/")
            || self.path.starts_with("tests/")
    }
}
