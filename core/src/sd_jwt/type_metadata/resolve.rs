//! From a type to its metadata, one document after the other.

use super::document::TypeMetadata;
use super::{KnownType, MAX_TYPES, TypeMetadataError, integrity};

/// A document that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeReference {
    /// The type it must describe.
    pub vct: String,
    /// What it must hash to, when that is said.
    pub integrity: Option<String>,
}

/// A type whose metadata is being collected: ask for [`TypeResolution::wanted`], bring it to
/// [`TypeResolution::supply`], and again until nothing is wanted.
#[derive(Debug, Clone)]
pub struct TypeResolution {
    /// What came so far, the type itself first, each with its text.
    types: Vec<(TypeMetadata, Vec<u8>)>,
    wanted: Option<TypeReference>,
}

impl TypeResolution {
    /// Begins with the type of a credential and its `vct#integrity`, when it has one.
    #[must_use]
    pub fn new(vct: &str, integrity: Option<&str>) -> Self {
        Self {
            types: Vec::new(),
            wanted: Some(TypeReference {
                vct: vct.to_owned(),
                integrity: integrity.map(str::to_owned),
            }),
        }
    }

    /// The document to bring next; `None` when all are here.
    #[must_use]
    pub fn wanted(&self) -> Option<&TypeReference> {
        self.wanted.as_ref()
    }

    /// Takes the document that was wanted.
    ///
    /// # Errors
    /// [`TypeMetadataError`].
    pub fn supply(mut self, document: &[u8]) -> Result<Self, TypeMetadataError> {
        let Some(wanted) = self.wanted.take() else {
            return Ok(self);
        };
        // "Document Integrity": over the bytes as they came, before they are read.
        if wanted
            .integrity
            .is_some_and(|value| !integrity::matches(document, &value))
        {
            return Err(TypeMetadataError::Integrity);
        }
        let metadata = TypeMetadata::parse(document)?;
        // "Retrieving Type Metadata": the document names the very type it was asked for.
        if metadata.vct != wanted.vct {
            return Err(TypeMetadataError::WrongType);
        }
        if let Some(next) = &metadata.extends {
            // "Circular extends Dependencies": consumers detect and reject.
            if next.vct == metadata.vct || self.types.iter().any(|(known, _)| known.vct == next.vct) {
                return Err(TypeMetadataError::Circular);
            }
            if self.types.len() + 1 == MAX_TYPES {
                return Err(TypeMetadataError::TooManyTypes);
            }
            self.wanted = Some(next.clone());
        }
        self.types.push((metadata, document.to_vec()));
        Ok(self)
    }

    /// The type with everything it extends.
    ///
    /// # Errors
    /// [`TypeMetadataError::Incomplete`] while a document is wanted, [`TypeMetadataError::Loosened`].
    pub fn finish(self) -> Result<KnownType, TypeMetadataError> {
        if self.wanted.is_some() {
            return Err(TypeMetadataError::Incomplete);
        }
        KnownType::merge(self.types)
    }
}
