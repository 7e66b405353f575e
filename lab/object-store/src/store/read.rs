//! Reading objects.

use std::io::SeekFrom;

use s3s::dto::{
    ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    StreamingBlob, Timestamp,
};
use s3s::{S3ErrorCode, S3Result};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::commit::Found;
use super::refusal::refused;
use super::{Store, internal};

const CHUNK: usize = 128 * 1024;

impl Store {
    pub(super) async fn get(&self, input: GetObjectInput) -> S3Result<GetObjectOutput> {
        let found = self.find(&input.bucket, &input.key)?;
        check(
            &found,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let size = found.metadata.len();
        let (range, content_range) = match input.range {
            None => (0..size, None),
            Some(range) => {
                let range = range.check(size)?;
                let shown = format!("bytes {}-{}/{size}", range.start, range.end - 1);
                (range, Some(shown))
            }
        };
        let length = range.end - range.start;
        let mut file = tokio::fs::File::from_std(found.file);
        file.seek(SeekFrom::Start(range.start))
            .await
            .map_err(internal)?;
        let body = ReaderStream::with_capacity(file.take(length), CHUNK);
        let headers = found.attributes.headers;
        // Checksums are of the whole object.
        let checksums = if content_range.is_none() {
            found.attributes.checksums
        } else {
            super::attributes::Checksums::default()
        };
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(body)),
            content_length: i64::try_from(length).ok(),
            content_range,
            last_modified: found.metadata.modified().ok().map(Timestamp::from),
            e_tag: Some(ETag::Strong(found.attributes.e_tag)),
            metadata: headers.metadata(),
            content_type: headers.content_type,
            content_encoding: headers.content_encoding,
            content_disposition: headers.content_disposition,
            content_language: headers.content_language,
            cache_control: headers.cache_control,
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            ..GetObjectOutput::default()
        })
    }

    pub(super) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let found = self.find(&input.bucket, &input.key)?;
        check(
            &found,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let headers = found.attributes.headers;
        let checksums = found.attributes.checksums;
        Ok(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(found.metadata.len()).ok(),
            last_modified: found.metadata.modified().ok().map(Timestamp::from),
            e_tag: Some(ETag::Strong(found.attributes.e_tag)),
            metadata: headers.metadata(),
            content_type: headers.content_type,
            content_encoding: headers.content_encoding,
            content_disposition: headers.content_disposition,
            content_language: headers.content_language,
            cache_control: headers.cache_control,
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            ..HeadObjectOutput::default()
        })
    }
}

fn check(
    found: &Found,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let present = ETag::Strong(found.attributes.e_tag.clone());
    let matches = |wanted: &ETagCondition| match wanted {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => present.weak_cmp(wanted),
    };
    if if_match.is_some_and(|wanted| !matches(wanted)) {
        return Err(refused(S3ErrorCode::PreconditionFailed));
    }
    if if_none_match.is_some_and(matches) {
        return Err(refused(S3ErrorCode::NotModified));
    }
    Ok(())
}
