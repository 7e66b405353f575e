//! Reading objects.

use std::io::SeekFrom;

use s3s::dto::{
    ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    StreamingBlob, Timestamp,
};
use s3s::{S3ErrorCode, S3Result};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::attributes::{Checksums, with_checksums};
use super::commit::Found;
use super::refusal::refused;
use super::{Store, internal};

const CHUNK: usize = 128 * 1024;

/// The output of an operation that describes an object: the types differ, the fields do not.
macro_rules! described {
    ($output:ident, $attributes:expr, $metadata:expr) => {{
        let (attributes, metadata) = ($attributes, $metadata);
        let headers = attributes.headers;
        let mut output = $output;
        output.accept_ranges = Some("bytes".to_owned());
        output.last_modified = metadata.modified().ok().map(Timestamp::from);
        output.e_tag = Some(ETag::Strong(attributes.e_tag));
        output.metadata = headers.metadata();
        output.content_type = headers.content_type;
        output.content_encoding = headers.content_encoding;
        output.content_disposition = headers.content_disposition;
        output.content_language = headers.content_language;
        output.cache_control = headers.cache_control;
        output
    }};
}

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
        // Checksums are of the whole object.
        let checksums = if content_range.is_none() {
            found.attributes.checksums.clone()
        } else {
            Checksums::default()
        };
        let output = GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            content_length: i64::try_from(length).ok(),
            content_range,
            ..GetObjectOutput::default()
        };
        let output = described!(output, found.attributes, found.metadata);
        Ok(with_checksums!(output, checksums))
    }

    pub(super) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let found = self.find(&input.bucket, &input.key)?;
        check(
            &found,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let output = HeadObjectOutput {
            content_length: i64::try_from(found.metadata.len()).ok(),
            ..HeadObjectOutput::default()
        };
        let checksums = found.attributes.checksums.clone();
        let output = described!(output, found.attributes, found.metadata);
        Ok(with_checksums!(output, checksums))
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
