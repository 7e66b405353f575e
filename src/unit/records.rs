//! The charm's own durable records: JSON files only root (or the invoking user) can read, written whole or not at all.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapters::host::files::{self, FileError, Owner};

/// A record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What it holds.
    #[error("read the record {path}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads a record; none when it was never written. What cannot be understood is an error, never "none".
///
/// # Errors
///
/// See [`RecordError`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RecordError> {
    let Some(bytes) = files::read(path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| RecordError::Malformed {
            path: path.display().to_string(),
            source,
        })
}

/// Writes a record.
///
/// # Errors
///
/// See [`RecordError`].
pub fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), RecordError> {
    let bytes = serde_json::to_vec_pretty(record).map_err(|source| RecordError::Malformed {
        path: path.display().to_string(),
        source,
    })?;
    files::write_atomic(path, &bytes, 0o600, Owner::Root)?;
    Ok(())
}

/// Forgets a record.
///
/// # Errors
///
/// See [`RecordError`].
pub fn forget(path: &Path) -> Result<(), RecordError> {
    files::remove_file(path)?;
    Ok(())
}
