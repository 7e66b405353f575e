//! Removing objects, and directories that hold none any more.

use std::fs;
use std::path::Path;

use s3s::S3Result;

use super::commit::is_absent;
use super::{Store, internal};

impl Store {
    /// Removes an object; that there is none is as good.
    pub(super) async fn remove(&self, bucket: &str, key: &str) -> S3Result<()> {
        let object = self.object(bucket, key)?;
        let beside = self.attributes(bucket, key)?;
        let _changing = self.changes.lock().await;
        // A directory is no object.
        if object.is_dir() {
            return Ok(());
        }
        remove_file(&object, &self.bucket(bucket))?;
        remove_file(&beside, &self.dir.join("attributes"))
    }
}

fn remove_file(path: &Path, base: &Path) -> S3Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => return Err(internal(error)),
        _ => {}
    }
    let parents = path
        .ancestors()
        .skip(1)
        .take_while(|parent| *parent != base);
    for parent in parents {
        // Not empty: the rest is not either.
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
    Ok(())
}
