//! Types from the folder of documents, and those of the sandbox.

use std::path::Path;

use assent_core::issuer::sandbox;
use assent_core::sd_jwt::type_metadata::{
    KnownType, MAX_TYPE_METADATA, TypeMetadata, TypeReference, TypeResolution, matches_integrity,
};

use crate::config::{Config, Issue};

const SETTING: &str = "lookups.types_dir";

/// Every type that is known without asking anybody.
pub(crate) fn types(config: &Config) -> Result<Vec<KnownType>, Vec<Issue>> {
    let mut types = if config.sandbox {
        sandbox::types()
    } else {
        Vec::new()
    };
    let Some(folder) = &config.lookups.types_dir else {
        return Ok(types);
    };
    let (documents, mut issues) = read(folder);
    for (name, document) in &documents {
        match resolve(document, &documents) {
            Ok(known) => types.push(known),
            Err(why) => issues.push(Issue::new(SETTING, format!("{name}: {why}"))),
        }
    }
    if issues.is_empty() { Ok(types) } else { Err(issues) }
}

/// The documents of a folder with their names, in the order of the names.
fn read(folder: &Path) -> (Vec<(String, Vec<u8>)>, Vec<Issue>) {
    let unreadable = |path: &Path, error: std::io::Error| {
        Issue::new(SETTING, format!("cannot read {}: {error}", path.display()))
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return (Vec::new(), vec![unreadable(folder, error)]),
    };
    let mut paths: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let (mut documents, mut issues) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match std::fs::metadata(&path).and_then(|meta| match meta.len() > MAX_TYPE_METADATA as u64 {
            true => Err(std::io::Error::other("too large")),
            false => std::fs::read(&path),
        }) {
            Ok(document) => documents.push((name, document)),
            Err(error) => issues.push(unreadable(&path, error)),
        }
    }
    (documents, issues)
}

fn resolve(document: &[u8], documents: &[(String, Vec<u8>)]) -> Result<KnownType, String> {
    let own = TypeMetadata::parse(document).map_err(|error| error.to_string())?;
    let started = TypeResolution::new(&own.vct, None).supply(document);
    let mut types = started.map_err(|error| error.to_string())?;
    while let Some(wanted) = types.wanted().cloned() {
        let next = documents
            .iter()
            .map(|(_, document)| document)
            .find(|document| describes(document, &wanted))
            .ok_or_else(|| format!("extends {}, about which there is no document here", wanted.vct))?;
        types = types.supply(next).map_err(|error| error.to_string())?;
    }
    types.finish().map_err(|error| error.to_string())
}

/// True when a document is about the type that is wanted, and is the version that is wanted.
pub(super) fn describes(document: &[u8], wanted: &TypeReference) -> bool {
    let about = TypeMetadata::parse(document).is_ok_and(|metadata| metadata.vct == wanted.vct);
    let version = wanted.integrity.as_deref();
    about && version.is_none_or(|value| matches_integrity(document, value))
}
