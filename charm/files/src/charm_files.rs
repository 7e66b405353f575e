//! The files of one charm together, from its directory.

use std::io::ErrorKind;
use std::path::Path;

use crate::{Actions, ConfigOptions, FileError, Metadata};

/// What a charm says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CharmFiles {
    /// `metadata.yaml`
    pub metadata: Metadata,
    /// `config.yaml`; no options when there is none.
    pub config: ConfigOptions,
    /// `actions.yaml`; no actions when there is none.
    pub actions: Actions,
}

impl CharmFiles {
    /// Reads the files of a charm that is unpacked in `directory`.
    ///
    /// # Errors
    /// When `metadata.yaml` is missing, or a file cannot be used.
    pub fn read(directory: &Path) -> Result<Self, FileError> {
        let metadata = read(directory, "metadata.yaml")?.ok_or_else(|| FileError::Open {
            file: "metadata.yaml",
            source: ErrorKind::NotFound.into(),
        })?;
        Self::parse(
            &metadata,
            read(directory, "config.yaml")?.as_deref(),
            read(directory, "actions.yaml")?.as_deref(),
        )
    }

    /// The same from texts.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn parse(
        metadata: &str,
        config: Option<&str>,
        actions: Option<&str>,
    ) -> Result<Self, FileError> {
        Ok(Self {
            metadata: Metadata::parse(metadata)?,
            config: config
                .map(ConfigOptions::parse)
                .transpose()?
                .unwrap_or_default(),
            actions: actions.map(Actions::parse).transpose()?.unwrap_or_default(),
        })
    }
}

fn read(directory: &Path, file: &'static str) -> Result<Option<String>, FileError> {
    match std::fs::read_to_string(directory.join(file)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::Open { file, source }),
    }
}
