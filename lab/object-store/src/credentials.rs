//! The one pair of keys that may use the store, made at its first start.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rand::Rng;
use rand::distr::Alphanumeric;
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use crate::files;

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Credentials {
    pub access_key: String,
    pub secret_key: String,
}

/// Without the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// Where the keys of the store in `dir` are kept, readable by their owner only.
pub fn path(dir: &Path) -> PathBuf {
    dir.join("credentials.json")
}

impl Credentials {
    /// Reads the keys, or makes them.
    pub fn load_or_create(dir: &Path) -> io::Result<Self> {
        let path = path(dir);
        if let Some(text) = files::read(&path)? {
            return Ok(serde_json::from_str(&text)?);
        }
        let credentials = Self {
            access_key: format!("LAB{}", random(17).to_ascii_uppercase()),
            secret_key: random(40),
        };
        files::write(&path, &serde_json::to_vec(&credentials)?, files::SECRET)?;
        Ok(credentials)
    }
}

fn random(length: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}

#[async_trait::async_trait]
impl S3Auth for Credentials {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.access_key {
            Ok(SecretKey::from(self.secret_key.clone()))
        } else {
            Err(s3_error!(
                InvalidAccessKeyId,
                "The access key in the request is not one of this store's."
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_stay_the_same_and_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let first = Credentials::load_or_create(dir.path()).unwrap();
        let second = Credentials::load_or_create(dir.path()).unwrap();
        assert_eq!(first.secret_key, second.secret_key);
        let mode = std::fs::metadata(path(dir.path()))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{first:?}").contains(&first.secret_key));
    }
}
