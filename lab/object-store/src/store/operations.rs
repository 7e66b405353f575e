//! S3's operations on the store.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteBucketInput,
    DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, DeletedObject, ETag, Error, GetBucketLocationInput,
    GetBucketLocationOutput, GetBucketVersioningInput, GetBucketVersioningOutput, GetObjectInput,
    GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput,
    ListPartsOutput, PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result};

use super::Store;
use super::attributes::{Attributes, Checksums, Headers, with_checksums};
use super::body::{Expected, expected, hex};
use super::commit::Condition;
use super::list::Query;
use super::page::{delimiter, encoder, limit, next};

#[async_trait::async_trait]
impl S3 for Store {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.make_bucket(&request.input.bucket)?;
        Ok(S3Response::new(CreateBucketOutput {
            location: Some(format!("/{}", request.input.bucket)),
        }))
    }

    async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.remove_bucket(&request.input.bucket).await?;
        Ok(S3Response::new(DeleteBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.existing_bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(
        &self,
        _request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(self.buckets()?),
            ..ListBucketsOutput::default()
        }))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.existing_bucket(&request.input.bucket)?;
        // No constraint stands for us-east-1.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        self.existing_bucket(&request.input.bucket)?;
        Ok(S3Response::new(GetBucketVersioningOutput::default()))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        self.object(&input.bucket, &input.key)?;
        let expected = expected!(input, request.trailing_headers);
        let received = self.receive(input.body, expected).await?;
        let e_tag = hex(&received.md5);
        let attributes = Attributes {
            e_tag: e_tag.clone(),
            headers: Headers {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_disposition: input.content_disposition,
                content_language: input.content_language,
                cache_control: input.cache_control,
                metadata: Headers::user_metadata(input.metadata),
            },
            checksums: received.checksums.clone(),
            ..Attributes::default()
        };
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        self.commit(
            &input.bucket,
            &input.key,
            &received.file,
            attributes,
            &condition,
        )
        .await?;
        let output = PutObjectOutput {
            e_tag: Some(ETag::Strong(e_tag)),
            ..PutObjectOutput::default()
        };
        Ok(S3Response::new(with_checksums!(output, received.checksums)))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        Ok(S3Response::new(self.get(request.input).await?))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        Ok(S3Response::new(self.head(&request.input)?))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(self.copy(request.input).await?),
            ..CopyObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.remove(&request.input.bucket, &request.input.key)
            .await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        self.existing_bucket(&input.bucket)?;
        let mut deleted = Vec::new();
        let mut errors = Vec::new();
        for object in input.delete.objects {
            match self.remove(&input.bucket, &object.key).await {
                Ok(()) => deleted.push(DeletedObject {
                    key: Some(object.key),
                    ..DeletedObject::default()
                }),
                Err(error) => errors.push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(str::to_owned),
                    ..Error::default()
                }),
            }
        }
        if input.delete.quiet == Some(true) {
            deleted.clear();
        }
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: Some(deleted),
            errors: Some(errors),
            ..DeleteObjectsOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let after = input
            .continuation_token
            .as_deref()
            .or(input.start_after.as_deref());
        let listing = self.list(
            &input.bucket,
            &Query {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: delimiter(input.delimiter.as_deref()),
                after,
                limit: limit(input.max_keys),
            },
        )?;
        let encode = encoder(input.encoding_type.as_ref());
        let shown = self.show(&input.bucket, &listing, encode)?;
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(listing.items.len()).ok(),
            max_keys: i32::try_from(limit(input.max_keys)).ok(),
            is_truncated: Some(listing.truncated),
            next_continuation_token: next(&listing),
            contents: Some(shown.contents),
            common_prefixes: Some(shown.common_prefixes),
            continuation_token: input.continuation_token,
            delimiter: input.delimiter.map(|text| encode(&text)),
            prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
            start_after: input.start_after.map(|text| encode(&text)),
            encoding_type: input.encoding_type,
            name: Some(input.bucket),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = request.input;
        let listing = self.list(
            &input.bucket,
            &Query {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: delimiter(input.delimiter.as_deref()),
                after: input.marker.as_deref(),
                limit: limit(input.max_keys),
            },
        )?;
        let encode = encoder(input.encoding_type.as_ref());
        let shown = self.show(&input.bucket, &listing, encode)?;
        Ok(S3Response::new(ListObjectsOutput {
            max_keys: i32::try_from(limit(input.max_keys)).ok(),
            is_truncated: Some(listing.truncated),
            next_marker: next(&listing).map(|text| encode(&text)),
            contents: Some(shown.contents),
            common_prefixes: Some(shown.common_prefixes),
            marker: input.marker.map(|text| encode(&text)),
            delimiter: input.delimiter.map(|text| encode(&text)),
            prefix: Some(encode(input.prefix.as_deref().unwrap_or_default())),
            encoding_type: input.encoding_type,
            name: Some(input.bucket),
            ..ListObjectsOutput::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let id = self.begin_upload(request.input)?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let (id, number) = (&input.upload_id, input.part_number);
        self.check_part(id, &input.bucket, &input.key, number)?;
        let expected = expected!(input, request.trailing_headers);
        let received = self.receive(input.body, expected).await?;
        let e_tag = self
            .add_part(id, &input.bucket, &input.key, number, &received)
            .await?;
        let output = UploadPartOutput {
            e_tag: Some(e_tag),
            ..UploadPartOutput::default()
        };
        Ok(S3Response::new(with_checksums!(output, received.checksums)))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let e_tag = self.complete_upload(request.input).await?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            location: Some(format!("/{bucket}/{key}")),
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(e_tag),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        self.abort_upload(&input.upload_id, &input.bucket, &input.key)
            .await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = request.input;
        let parts = self.parts(&input.upload_id, &input.bucket, &input.key)?;
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            is_truncated: Some(false),
            parts: Some(parts),
            ..ListPartsOutput::default()
        }))
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = request.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let uploads = self.uploads_of(&input.bucket, &prefix)?;
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            is_truncated: Some(false),
            uploads: Some(uploads),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}
