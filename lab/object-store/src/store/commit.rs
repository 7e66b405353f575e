//! Putting a complete object in place, and finding one.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{ETag, ETagCondition};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::attributes::{Attributes, FileIdentity};
use super::body::{Incoming, hex};
use super::refusal::refused;
use super::{Store, internal};

/// What has to hold at the moment an object is put in place.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl Store {
    /// Makes `file` the object `key`, if `condition` holds. Readers see the old object or the new one.
    pub(super) async fn commit(
        &self,
        bucket: &str,
        key: &str,
        file: &Incoming,
        mut attributes: Attributes,
        condition: &Condition,
    ) -> S3Result<()> {
        let object = self.object(bucket, key)?;
        let beside = self.attributes(bucket, key)?;
        let metadata = fs::metadata(file.path()).map_err(internal)?;
        attributes.file = FileIdentity::of(&metadata);
        let text = Incoming::new(self);
        let json = serde_json::to_vec(&attributes).map_err(|error| internal(error.into()))?;
        fs::write(text.path(), json).map_err(internal)?;
        let _changing = self.changes.lock().await;
        self.existing_bucket(bucket)?;
        self.check(bucket, key, condition)?;
        place(file.path(), &object)?;
        place(text.path(), &beside)
    }

    fn check(&self, bucket: &str, key: &str, condition: &Condition) -> S3Result<()> {
        if condition.if_match.is_none() && condition.if_none_match.is_none() {
            return Ok(());
        }
        let present = match self.find(bucket, key) {
            Ok(found) => Some(ETag::Strong(found.attributes.e_tag)),
            Err(error) if *error.code() == S3ErrorCode::NoSuchKey => None,
            Err(error) => return Err(error),
        };
        let matches = |wanted: &ETagCondition| match (wanted, &present) {
            (_, None) => false,
            (ETagCondition::Any, Some(_)) => true,
            (ETagCondition::ETag(wanted), Some(present)) => present.strong_cmp(wanted),
        };
        if condition.if_none_match.as_ref().is_some_and(matches) {
            return Err(refused(S3ErrorCode::PreconditionFailed));
        }
        match &condition.if_match {
            Some(_) if present.is_none() => Err(refused(S3ErrorCode::NoSuchKey)),
            Some(wanted) if !matches(wanted) => Err(refused(S3ErrorCode::PreconditionFailed)),
            _ => Ok(()),
        }
    }

    /// The object, opened, with what is known about it.
    pub(super) fn find(&self, bucket: &str, key: &str) -> S3Result<Found> {
        let path = self.object(bucket, key)?;
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Err(refused(S3ErrorCode::NoSuchKey)),
            Err(error) => return Err(internal(error)),
        };
        let metadata = file.metadata().map_err(internal)?;
        // A directory is where other keys begin, and no object.
        if !metadata.is_file() {
            return Err(refused(S3ErrorCode::NoSuchKey));
        }
        let attributes = match self.read_attributes(bucket, key, &metadata)? {
            Some(attributes) => attributes,
            None => Attributes {
                file: FileIdentity::of(&metadata),
                e_tag: digest(&mut file).map_err(internal)?,
                ..Attributes::default()
            },
        };
        Ok(Found {
            file,
            metadata,
            attributes,
        })
    }

    /// The attributes that belong to the file with this metadata.
    pub(super) fn read_attributes(
        &self,
        bucket: &str,
        key: &str,
        metadata: &Metadata,
    ) -> S3Result<Option<Attributes>> {
        let path = self.attributes(bucket, key)?;
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(internal(error)),
        };
        Ok(serde_json::from_slice(&bytes)
            .ok()
            .filter(|attributes: &Attributes| attributes.file == FileIdentity::of(metadata)))
    }
}

#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) metadata: Metadata,
    pub(super) attributes: Attributes,
}

/// Whether the error says that there is no such object: no file, or a file where a directory would be.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn place(from: &Path, to: &Path) -> S3Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(conflict)?;
    }
    fs::rename(from, to).map_err(conflict)
}

/// A file and a directory cannot have the same name.
fn conflict(error: io::Error) -> S3Error {
    match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => s3_error!(
            InvalidRequest,
            "This store cannot hold an object whose key continues the key of another object after a slash."
        ),
        _ => internal(error),
    }
}

/// The tag of a file that has no attributes.
fn digest(file: &mut File) -> io::Result<String> {
    let mut md5 = Md5::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&md5.finalize())),
            read => md5.update(&buffer[..read]),
        }
    }
}
