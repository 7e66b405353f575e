//! Objects that arrive in parts: `uploads/<id>` holds `upload.json` and per part its bytes and its tag.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    CompleteMultipartUploadInput, CreateMultipartUploadInput, ETag, MultipartUpload, Part,
    PartNumber, Timestamp,
};
use s3s::{S3ErrorCode, S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, Headers};
use super::body::{Incoming, Received, hex};
use super::commit::Condition;
use super::refusal::refused;
use super::{Store, fresh_id, internal};

/// S3's own limits.
const MAX_PART_NUMBER: PartNumber = 10_000;
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Upload {
    bucket: String,
    key: String,
    headers: Headers,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredPart {
    md5: [u8; 16],
    size: u64,
}

impl StoredPart {
    fn e_tag(&self) -> ETag {
        ETag::Strong(hex(&self.md5))
    }
}

fn part_file(directory: &Path, number: PartNumber) -> PathBuf {
    directory.join(number.to_string())
}

fn part_description(directory: &Path, number: PartNumber) -> PathBuf {
    directory.join(format!("{number}.json"))
}

impl Store {
    pub(super) fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<String> {
        // Refused now rather than after all parts have come.
        self.object(&input.bucket, &input.key)?;
        let upload = Upload {
            bucket: input.bucket,
            key: input.key,
            headers: Headers {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_disposition: input.content_disposition,
                content_language: input.content_language,
                cache_control: input.cache_control,
                metadata: Headers::user_metadata(input.metadata),
            },
        };
        let id = fresh_id();
        let directory = self.uploads().join(&id);
        fs::create_dir(&directory).map_err(internal)?;
        write_json(&directory.join("upload.json"), &upload)?;
        Ok(id)
    }

    /// The directory and description of an upload to this key.
    fn upload(&self, id: &str, bucket: &str, key: &str) -> S3Result<(PathBuf, Upload)> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused(S3ErrorCode::NoSuchUpload));
        }
        let directory = self.uploads().join(id);
        match read_json::<Upload>(&directory.join("upload.json"))? {
            Some(upload) if upload.bucket == bucket && upload.key == key => Ok((directory, upload)),
            _ => Err(refused(S3ErrorCode::NoSuchUpload)),
        }
    }

    pub(super) fn check_part(
        &self,
        id: &str,
        bucket: &str,
        key: &str,
        number: PartNumber,
    ) -> S3Result<()> {
        if !(1..=MAX_PART_NUMBER).contains(&number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            ));
        }
        self.upload(id, bucket, key).map(|_| ())
    }

    pub(super) async fn add_part(
        &self,
        id: &str,
        bucket: &str,
        key: &str,
        number: PartNumber,
        received: &Received,
    ) -> S3Result<ETag> {
        let part = StoredPart {
            md5: received.md5,
            size: received.size,
        };
        let description = Incoming::new(self);
        write_json(description.path(), &part)?;
        let _changing = self.changes.lock().await;
        // It may have been completed or aborted meanwhile.
        let (directory, _) = self.upload(id, bucket, key)?;
        fs::rename(received.file.path(), part_file(&directory, number)).map_err(internal)?;
        fs::rename(description.path(), part_description(&directory, number)).map_err(internal)?;
        Ok(part.e_tag())
    }

    pub(super) async fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<ETag> {
        let (directory, upload) = self.upload(&input.upload_id, &input.bucket, &input.key)?;
        let named = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        if named.is_empty() {
            return Err(s3_error!(
                InvalidRequest,
                "You must specify at least one part"
            ));
        }
        let numbers: Vec<PartNumber> = named
            .iter()
            .map(|part| part.part_number.unwrap_or_default())
            .collect();
        if !numbers.is_sorted_by(|one, other| one < other) {
            return Err(refused(S3ErrorCode::InvalidPartOrder));
        }
        let mut md5s = Md5::new();
        for (position, (part, number)) in named.iter().zip(&numbers).enumerate() {
            let stored = read_json::<StoredPart>(&part_description(&directory, *number))?;
            let Some(stored) = stored else {
                return Err(refused(S3ErrorCode::InvalidPart));
            };
            if part
                .e_tag
                .as_ref()
                .is_some_and(|tag| *tag != stored.e_tag())
            {
                return Err(refused(S3ErrorCode::InvalidPart));
            }
            if position + 1 < named.len() && stored.size < MIN_PART_BYTES {
                return Err(refused(S3ErrorCode::EntityTooSmall));
            }
            md5s.update(&stored.md5);
        }
        let e_tag = format!("{}-{}", hex(&md5s.finalize()), numbers.len());
        let file = Incoming::new(self);
        join(directory.clone(), numbers, file.path().to_owned()).await?;
        let attributes = Attributes {
            e_tag: e_tag.clone(),
            headers: upload.headers,
            ..Attributes::default()
        };
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        self.commit(&input.bucket, &input.key, &file, attributes, &condition)
            .await?;
        fs::remove_dir_all(directory).map_err(internal)?;
        Ok(ETag::Strong(e_tag))
    }

    pub(super) async fn abort_upload(&self, id: &str, bucket: &str, key: &str) -> S3Result<()> {
        let _changing = self.changes.lock().await;
        let (directory, _) = self.upload(id, bucket, key)?;
        fs::remove_dir_all(directory).map_err(internal)
    }

    pub(super) fn parts(&self, id: &str, bucket: &str, key: &str) -> S3Result<Vec<Part>> {
        let (directory, _) = self.upload(id, bucket, key)?;
        let mut parts = Vec::new();
        for entry in fs::read_dir(&directory).map_err(internal)? {
            let entry = entry.map_err(internal)?;
            let number = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let Some(number) = number else { continue };
            let Some(stored) = read_json::<StoredPart>(&part_description(&directory, number))?
            else {
                continue;
            };
            let modified = entry.metadata().and_then(|data| data.modified()).ok();
            parts.push(Part {
                part_number: Some(number),
                e_tag: Some(stored.e_tag()),
                size: i64::try_from(stored.size).ok(),
                last_modified: modified.map(Timestamp::from),
                ..Part::default()
            });
        }
        parts.sort_by_key(|part| part.part_number);
        Ok(parts)
    }

    pub(super) fn uploads_of(&self, bucket: &str, prefix: &str) -> S3Result<Vec<MultipartUpload>> {
        self.existing_bucket(bucket)?;
        let mut uploads = Vec::new();
        for entry in fs::read_dir(self.uploads()).map_err(internal)? {
            let entry = entry.map_err(internal)?;
            let Some(upload) = read_json::<Upload>(&entry.path().join("upload.json"))? else {
                continue;
            };
            if upload.bucket != bucket || !upload.key.starts_with(prefix) {
                continue;
            }
            let begun = entry.metadata().and_then(|data| data.created()).ok();
            uploads.push(MultipartUpload {
                key: Some(upload.key),
                upload_id: entry.file_name().into_string().ok(),
                initiated: begun.map(Timestamp::from),
                ..MultipartUpload::default()
            });
        }
        uploads.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(uploads)
    }
}

/// Writes the parts one after the other into one file.
async fn join(directory: PathBuf, numbers: Vec<PartNumber>, target: PathBuf) -> S3Result<()> {
    tokio::task::spawn_blocking(move || {
        let mut target = File::create(target)?;
        for number in numbers {
            io::copy(&mut File::open(part_file(&directory, number))?, &mut target)?;
        }
        Ok(())
    })
    .await
    .map_err(|error| internal(error.into()))?
    .map_err(internal)
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> S3Result<()> {
    let json = serde_json::to_vec(value).map_err(|error| internal(error.into()))?;
    fs::write(path, json).map_err(internal)
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> S3Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(internal(error)),
    }
}
