//! Objects in a directory.
//!
//! `buckets/<bucket>/<key>` holds an object's bytes, `attributes/<bucket>/<key>` what else is known about
//! it. An object is received into `incoming` and put in place when it is complete and its checksums are
//! right, so that nobody ever sees half of one, also after the server was killed.
//!
//! As keys are paths, `a` and `a/b` cannot both be objects; the second to come is refused.

mod attributes;
mod body;
mod bucket;
mod commit;
mod copy;
mod delete;
mod list;
mod multipart;
mod operations;
mod page;
mod read;
mod refusal;

mod key;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use s3s::{S3Error, S3ErrorCode, S3Result};
use tokio::sync::Mutex;

use refusal::refused;

#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    /// Held while what is visible changes: conditions hold until their object is in place.
    changes: Mutex<()>,
}

impl Store {
    /// Opens the store in `dir`, and removes what a killed server was receiving.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let store = Self {
            dir: dir.to_owned(),
            changes: Mutex::new(()),
        };
        let incoming = store.incoming();
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for path in [
            incoming,
            store.uploads(),
            dir.join("buckets"),
            dir.join("attributes"),
        ] {
            fs::create_dir_all(path)?;
        }
        Ok(store)
    }

    fn incoming(&self) -> PathBuf {
        self.dir.join("incoming")
    }

    fn uploads(&self) -> PathBuf {
        self.dir.join("uploads")
    }

    fn bucket(&self, bucket: &str) -> PathBuf {
        self.dir.join("buckets").join(bucket)
    }

    fn existing_bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let path = self.bucket(bucket);
        if path.is_dir() {
            Ok(path)
        } else {
            Err(refused(S3ErrorCode::NoSuchBucket))
        }
    }

    fn object(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        Ok(self.existing_bucket(bucket)?.join(key::to_path(key)?))
    }

    fn attributes(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        let path = key::to_path(key)?;
        Ok(self.dir.join("attributes").join(bucket).join(path))
    }
}

/// A failure of the store itself, for the log and the client's operator.
fn internal(error: io::Error) -> S3Error {
    tracing::error!("{error}");
    S3Error::internal_error(error)
}

/// A fresh name for a file or an upload.
fn fresh_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests;
