//! Buckets.

use std::fs;
use std::io::ErrorKind;
use std::time::SystemTime;

use s3s::dto::{Bucket, Timestamp};
use s3s::{S3ErrorCode, S3Result};

use super::refusal::refused;
use super::{Store, internal, list};

impl Store {
    pub(super) fn make_bucket(&self, bucket: &str) -> S3Result<()> {
        match fs::create_dir(self.bucket(bucket)) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(refused(S3ErrorCode::BucketAlreadyOwnedByYou))
            }
            Err(error) => Err(internal(error)),
        }
    }

    pub(super) async fn remove_bucket(&self, bucket: &str) -> S3Result<()> {
        let _changing = self.changes.lock().await;
        let path = self.existing_bucket(bucket)?;
        if list::holds_object(&path).map_err(internal)? {
            return Err(refused(S3ErrorCode::BucketNotEmpty));
        }
        fs::remove_dir_all(path).map_err(internal)?;
        match fs::remove_dir_all(self.dir.join("attributes").join(bucket)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(internal(error)),
            _ => Ok(()),
        }
    }

    pub(super) fn buckets(&self) -> S3Result<Vec<Bucket>> {
        let mut buckets = Vec::new();
        for entry in fs::read_dir(self.dir.join("buckets")).map_err(internal)? {
            let entry = entry.map_err(internal)?;
            let created = entry
                .metadata()
                .and_then(|data| data.created().or_else(|_| data.modified()))
                .unwrap_or(SystemTime::UNIX_EPOCH);
            buckets.push(Bucket {
                name: entry.file_name().into_string().ok(),
                creation_date: Some(Timestamp::from(created)),
                ..Bucket::default()
            });
        }
        buckets.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(buckets)
    }
}
