//! What is known about an object besides its bytes.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use s3s::dto::{self, Checksum};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    /// The file that these attributes belong to. After a crash between two renames, or when somebody has
    /// changed the file, they do not fit any more and do not count.
    pub(super) file: FileIdentity,
    pub(super) e_tag: String,
    pub(super) headers: Headers,
    pub(super) checksums: Checksums,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileIdentity {
    inode: u64,
    size: u64,
    modified_nanos: i128,
}

impl FileIdentity {
    pub(super) fn of(file: &Metadata) -> Self {
        Self {
            inode: file.ino(),
            size: file.len(),
            modified_nanos: i128::from(file.mtime()) * 1_000_000_000
                + i128::from(file.mtime_nsec()),
        }
    }
}

/// What the writer said about the object and every reader is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Headers {
    pub(super) fn user_metadata(metadata: Option<dto::Metadata>) -> BTreeMap<String, String> {
        metadata.unwrap_or_default().into_iter().collect()
    }

    pub(super) fn metadata(&self) -> Option<dto::Metadata> {
        let metadata: dto::Metadata = self
            .metadata
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        (!metadata.is_empty()).then_some(metadata)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Checksums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

impl From<Checksum> for Checksums {
    fn from(checksum: Checksum) -> Self {
        Self {
            crc32: checksum.checksum_crc32,
            crc32c: checksum.checksum_crc32c,
            crc64nvme: checksum.checksum_crc64nvme,
            sha1: checksum.checksum_sha1,
            sha256: checksum.checksum_sha256,
        }
    }
}

/// The output of an operation with checksums: the types differ, the fields do not.
macro_rules! with_checksums {
    ($output:ident, $checksums:expr) => {{
        let checksums = $checksums;
        let mut output = $output;
        output.checksum_crc32 = checksums.crc32;
        output.checksum_crc32c = checksums.crc32c;
        output.checksum_crc64nvme = checksums.crc64nvme;
        output.checksum_sha1 = checksums.sha1;
        output.checksum_sha256 = checksums.sha256;
        output
    }};
}
pub(super) use with_checksums;
