//! Copying an object within the store.

use std::fs;

use s3s::dto::{
    CopyObjectInput, CopyObjectResult, CopySource, ETag, ETagCondition, MetadataDirective,
    Timestamp,
};
use s3s::{S3ErrorCode, S3Result};

use super::attributes::{Attributes, Headers};
use super::body::Incoming;
use super::commit::Condition;
use super::refusal::refused;
use super::{Store, internal};

impl Store {
    pub(super) async fn copy(&self, input: CopyObjectInput) -> S3Result<CopyObjectResult> {
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(refused(S3ErrorCode::NotImplemented));
        };
        let mut source = self.find(bucket, key)?;
        let e_tag = ETag::Strong(source.attributes.e_tag.clone());
        if let Some(ETagCondition::ETag(wanted)) = &input.copy_source_if_match
            && !e_tag.strong_cmp(wanted)
        {
            return Err(refused(S3ErrorCode::PreconditionFailed));
        }
        let replace = input
            .metadata_directive
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        let headers = if replace {
            Headers {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_disposition: input.content_disposition,
                content_language: input.content_language,
                cache_control: input.cache_control,
                metadata: Headers::user_metadata(input.metadata),
            }
        } else {
            source.attributes.headers
        };
        let file = Incoming::new(self);
        let copied = {
            let target = file.path().to_owned();
            tokio::task::spawn_blocking(move || {
                use std::io::{Seek, copy};
                source.file.rewind()?;
                let mut target = fs::File::create(target)?;
                copy(&mut source.file, &mut target)?;
                target.metadata()?.modified()
            })
            .await
            .map_err(|error| internal(error.into()))?
            .map_err(internal)?
        };
        let attributes = Attributes {
            e_tag: source.attributes.e_tag,
            headers,
            checksums: source.attributes.checksums,
            ..Attributes::default()
        };
        self.commit(
            &input.bucket,
            &input.key,
            &file,
            attributes,
            &Condition::default(),
        )
        .await?;
        Ok(CopyObjectResult {
            e_tag: Some(e_tag),
            last_modified: Some(Timestamp::from(copied)),
            ..CopyObjectResult::default()
        })
    }
}
