use bytes::Bytes;
use s3s::dto::{
    CompleteMultipartUploadInput, CompletedMultipartUpload, CompletedPart, CopyObjectInput,
    CopySource, CreateBucketInput, CreateMultipartUploadInput, DeleteObjectInput, ETagCondition,
    GetObjectInput, HeadObjectInput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput,
    StreamingBlob, UploadPartInput,
};
use s3s::{Body, S3, S3ErrorCode, S3Request, S3Response, S3Result};

use super::Store;

struct Bucket {
    dir: tempfile::TempDir,
    store: Store,
}

fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: hyper::Method::GET,
        uri: hyper::Uri::default(),
        headers: hyper::HeaderMap::default(),
        extensions: hyper::http::Extensions::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

fn blob(bytes: impl Into<Bytes>) -> StreamingBlob {
    StreamingBlob::from(Body::from(bytes.into()))
}

fn code<T>(result: S3Result<S3Response<T>>) -> S3ErrorCode {
    match result {
        Ok(_) => panic!("it should have failed"),
        Err(error) => error.code().clone(),
    }
}

impl Bucket {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let bucket = Self { dir, store };
        let input = CreateBucketInput {
            bucket: "b".to_owned(),
            ..CreateBucketInput::default()
        };
        bucket.store.create_bucket(request(input)).await.unwrap();
        bucket
    }

    fn put_input(key: &str, bytes: &[u8]) -> PutObjectInput {
        PutObjectInput {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            body: Some(blob(bytes.to_vec())),
            ..PutObjectInput::default()
        }
    }

    async fn put(&self, key: &str, bytes: &[u8]) {
        let input = Self::put_input(key, bytes);
        self.store.put_object(request(input)).await.unwrap();
    }

    async fn get(&self, key: &str) -> S3Result<Vec<u8>> {
        let input = GetObjectInput {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            ..GetObjectInput::default()
        };
        let output = self.store.get_object(request(input)).await?.output;
        let mut bytes = Vec::new();
        let mut body = output.body.unwrap();
        while let Some(chunk) = futures::StreamExt::next(&mut body).await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        Ok(bytes)
    }

    async fn head(&self, key: &str) -> S3Result<S3Response<s3s::dto::HeadObjectOutput>> {
        let input = HeadObjectInput {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            ..HeadObjectInput::default()
        };
        self.store.head_object(request(input)).await
    }

    async fn delete(&self, key: &str) {
        let input = DeleteObjectInput {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            ..DeleteObjectInput::default()
        };
        self.store.delete_object(request(input)).await.unwrap();
    }

    async fn list(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
        after: Option<&str>,
        max_keys: i32,
    ) -> ListObjectsV2Output {
        let input = ListObjectsV2Input {
            bucket: "b".to_owned(),
            prefix: Some(prefix.to_owned()),
            delimiter: delimiter.map(str::to_owned),
            continuation_token: after.map(str::to_owned),
            max_keys: Some(max_keys),
            ..ListObjectsV2Input::default()
        };
        self.store
            .list_objects_v2(request(input))
            .await
            .unwrap()
            .output
    }

    /// All keys and common prefixes, page by page.
    async fn names(&self, prefix: &str, delimiter: Option<&str>, page: i32) -> Vec<String> {
        let mut names = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let output = self.list(prefix, delimiter, after.as_deref(), page).await;
            let mut of_page: Vec<String> = output
                .contents
                .unwrap()
                .into_iter()
                .map(|object| object.key.unwrap())
                .chain(
                    output
                        .common_prefixes
                        .unwrap()
                        .into_iter()
                        .map(|common| common.prefix.unwrap()),
                )
                .collect();
            of_page.sort();
            names.extend(of_page);
            after = output.next_continuation_token;
            if output.is_truncated != Some(true) {
                assert_eq!(after, None);
                return names;
            }
        }
    }
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let bucket = Bucket::new().await;
    let mut input = Bucket::put_input("a/b", b"hello");
    input.content_type = Some("text/plain".to_owned());
    input.metadata = Some([("owner".to_owned(), "me".to_owned())].into());
    bucket.store.put_object(request(input)).await.unwrap();
    assert_eq!(bucket.get("a/b").await.unwrap(), b"hello");
    let head = bucket.head("a/b").await.unwrap().output;
    assert_eq!(head.content_length, Some(5));
    assert_eq!(head.content_type.as_deref(), Some("text/plain"));
    assert_eq!(head.metadata.unwrap()["owner"], "me");
    assert_eq!(
        head.e_tag.unwrap().value(),
        "5d41402abc4b2a76b9719d911017c592"
    );
}

#[tokio::test]
async fn a_key_that_is_only_the_beginning_of_others_is_no_object() {
    let bucket = Bucket::new().await;
    bucket.put("a/b", b"x").await;
    assert_eq!(code(bucket.head("a").await), S3ErrorCode::NoSuchKey);
    assert_eq!(
        bucket.get("a").await.unwrap_err().code(),
        &S3ErrorCode::NoSuchKey
    );
    assert_eq!(code(bucket.head("a/b/c").await), S3ErrorCode::NoSuchKey);
}

#[tokio::test]
async fn an_object_cannot_continue_the_key_of_another() {
    let bucket = Bucket::new().await;
    bucket.put("a", b"x").await;
    let result = bucket
        .store
        .put_object(request(Bucket::put_input("a/b", b"y")))
        .await;
    assert_eq!(code(result), S3ErrorCode::InvalidRequest);
    assert_eq!(bucket.get("a").await.unwrap(), b"x");
}

#[tokio::test]
async fn a_range_is_a_part_of_the_object() {
    let bucket = Bucket::new().await;
    bucket.put("a", b"0123456789").await;
    let range = |text: &str| {
        let input = GetObjectInput {
            bucket: "b".to_owned(),
            key: "a".to_owned(),
            range: Some(s3s::dto::Range::parse(text).unwrap()),
            ..GetObjectInput::default()
        };
        bucket.store.get_object(request(input))
    };
    let output = range("bytes=2-4").await.unwrap().output;
    assert_eq!(output.content_length, Some(3));
    assert_eq!(output.content_range.as_deref(), Some("bytes 2-4/10"));
    let output = range("bytes=-3").await.unwrap().output;
    assert_eq!(output.content_range.as_deref(), Some("bytes 7-9/10"));
    assert_eq!(code(range("bytes=10-").await), S3ErrorCode::InvalidRange);
}

#[tokio::test]
async fn a_body_with_a_wrong_digest_is_never_seen() {
    let bucket = Bucket::new().await;
    bucket.put("a", b"old").await;
    let mut input = Bucket::put_input("a", b"new");
    input.content_md5 = Some("1B2M2Y8AsgTpgAmY7PhCfg==".to_owned());
    assert_eq!(
        code(bucket.store.put_object(request(input)).await),
        S3ErrorCode::BadDigest
    );
    let mut input = Bucket::put_input("a", b"new");
    input.checksum_crc32 = Some("AAAAAA==".to_owned());
    assert_eq!(
        code(bucket.store.put_object(request(input)).await),
        S3ErrorCode::BadDigest
    );
    let mut input = Bucket::put_input("a", b"new");
    input.content_length = Some(10);
    assert_eq!(
        code(bucket.store.put_object(request(input)).await),
        S3ErrorCode::IncompleteBody
    );
    assert_eq!(bucket.get("a").await.unwrap(), b"old");
    let left = std::fs::read_dir(bucket.dir.path().join("incoming")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn of_many_writers_that_want_to_be_first_one_is() {
    let bucket = Bucket::new().await;
    let writes = (0..20).map(|number| {
        let mut input = Bucket::put_input("owner", format!("writer {number}").as_bytes());
        input.if_none_match = Some(ETagCondition::Any);
        bucket.store.put_object(request(input))
    });
    let results = futures::future::join_all(writes).await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1);
    for result in results {
        if let Err(error) = result {
            assert_eq!(error.code(), &S3ErrorCode::PreconditionFailed);
        }
    }
}

#[tokio::test]
async fn a_write_can_insist_on_what_it_replaces() {
    let bucket = Bucket::new().await;
    bucket.put("a", b"one").await;
    let tag = bucket.head("a").await.unwrap().output.e_tag.unwrap();
    let replace = |key: &str, bytes: &[u8]| {
        let mut input = Bucket::put_input(key, bytes);
        input.if_match = Some(ETagCondition::ETag(tag.clone()));
        bucket.store.put_object(request(input))
    };
    replace("a", b"two").await.unwrap();
    assert_eq!(
        code(replace("a", b"three").await),
        S3ErrorCode::PreconditionFailed
    );
    assert_eq!(code(replace("gone", b"x").await), S3ErrorCode::NoSuchKey);
    assert_eq!(bucket.get("a").await.unwrap(), b"two");
}

#[tokio::test]
async fn keys_are_listed_in_the_order_of_their_bytes() {
    let bucket = Bucket::new().await;
    let mut keys = vec!["a", "a-b/c", "a.b", "b/1", "b/2/x", "b0", "ä", "b/", "100%"];
    for key in &keys {
        bucket.put(key, b"").await;
    }
    keys.sort_unstable();
    for page in [1, 2, 1000] {
        assert_eq!(bucket.names("", None, page).await, keys, "{page} a page");
    }
    assert_eq!(bucket.names("b/", None, 1).await, ["b/", "b/1", "b/2/x"]);
    assert_eq!(
        bucket.names("b", None, 1).await,
        ["b/", "b/1", "b/2/x", "b0"]
    );
    assert_eq!(bucket.names("zzz", None, 1).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_delimiter_groups_keys() {
    let bucket = Bucket::new().await;
    for key in ["a/1", "a/2", "a/b/3", "c", "d/4", "e-1", "e-2"] {
        bucket.put(key, b"").await;
    }
    for page in [1, 2, 1000] {
        assert_eq!(
            bucket.names("", Some("/"), page).await,
            ["a/", "c", "d/", "e-1", "e-2"]
        );
        assert_eq!(
            bucket.names("a/", Some("/"), page).await,
            ["a/1", "a/2", "a/b/"]
        );
        assert_eq!(bucket.names("a", Some("/"), page).await, ["a/"]);
        assert_eq!(bucket.names("e", Some("-"), page).await, ["e-"]);
    }
}

#[tokio::test]
async fn what_was_deleted_leaves_nothing_to_list() {
    let bucket = Bucket::new().await;
    bucket.put("a/b/c", b"").await;
    bucket.put("a/d", b"").await;
    bucket.delete("a/b/c").await;
    bucket.delete("a/b/c").await;
    bucket.delete("a").await;
    assert_eq!(bucket.names("a/", Some("/"), 1000).await, ["a/d"]);
    bucket.delete("a/d").await;
    assert_eq!(
        bucket.names("", Some("/"), 1000).await,
        Vec::<String>::new()
    );
    bucket.put("a", b"now free").await;
}

#[tokio::test]
async fn ten_thousand_keys_are_listed_page_by_page() {
    let bucket = Bucket::new().await;
    let base = bucket.dir.path().join("buckets/b/archive");
    std::fs::create_dir_all(&base).unwrap();
    for number in 0..10_000 {
        std::fs::write(base.join(format!("{number:05}")), "").unwrap();
    }
    bucket.put("other", b"").await;
    let names = bucket.names("archive/", Some("/"), 1000).await;
    assert_eq!(names.len(), 10_000);
    assert_eq!(names[9_999], "archive/09999");
    assert_eq!(
        bucket.names("", Some("/"), 1000).await,
        ["archive/", "other"]
    );
}

async fn upload_part(bucket: &Bucket, id: &str, number: i32, bytes: Vec<u8>) -> CompletedPart {
    let input = UploadPartInput {
        bucket: "b".to_owned(),
        key: "big".to_owned(),
        upload_id: id.to_owned(),
        part_number: number,
        body: Some(blob(bytes)),
        ..UploadPartInput::default()
    };
    let output = bucket
        .store
        .upload_part(request(input))
        .await
        .unwrap()
        .output;
    CompletedPart {
        part_number: Some(number),
        e_tag: output.e_tag,
        ..CompletedPart::default()
    }
}

#[tokio::test]
async fn parts_become_one_object_when_they_are_complete() {
    let bucket = Bucket::new().await;
    let input = CreateMultipartUploadInput {
        bucket: "b".to_owned(),
        key: "big".to_owned(),
        ..CreateMultipartUploadInput::default()
    };
    let id = bucket
        .store
        .create_multipart_upload(request(input))
        .await
        .unwrap()
        .output
        .upload_id
        .unwrap();
    let first = upload_part(&bucket, &id, 1, vec![1; 5 * 1024 * 1024]).await;
    let small = upload_part(&bucket, &id, 2, vec![2; 10]).await;
    let complete = |parts: Vec<CompletedPart>| {
        let input = CompleteMultipartUploadInput {
            bucket: "b".to_owned(),
            key: "big".to_owned(),
            multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
            upload_id: id.clone(),
            ..CompleteMultipartUploadInput::default()
        };
        bucket.store.complete_multipart_upload(request(input))
    };
    assert_eq!(code(bucket.head("big").await), S3ErrorCode::NoSuchKey);
    assert_eq!(
        code(complete(vec![small.clone(), first.clone()]).await),
        S3ErrorCode::InvalidPartOrder
    );
    let third = upload_part(&bucket, &id, 3, vec![3; 10]).await;
    assert_eq!(
        code(complete(vec![first.clone(), small.clone(), third]).await),
        S3ErrorCode::EntityTooSmall
    );
    let mut wrong = small.clone();
    wrong.e_tag.clone_from(&first.e_tag);
    assert_eq!(
        code(complete(vec![first.clone(), wrong]).await),
        S3ErrorCode::InvalidPart
    );
    complete(vec![first.clone(), small.clone()]).await.unwrap();
    let bytes = bucket.get("big").await.unwrap();
    assert_eq!(bytes.len(), 5 * 1024 * 1024 + 10);
    assert_eq!(bytes.last(), Some(&2));
    let tag = bucket.head("big").await.unwrap().output.e_tag.unwrap();
    assert!(tag.value().ends_with("-2"));
    assert_eq!(
        code(complete(vec![first, small]).await),
        S3ErrorCode::NoSuchUpload
    );
}

#[tokio::test]
async fn a_copy_keeps_what_is_known() {
    let bucket = Bucket::new().await;
    let mut input = Bucket::put_input("a", b"hello");
    input.metadata = Some([("k".to_owned(), "v".to_owned())].into());
    bucket.store.put_object(request(input)).await.unwrap();
    let mut builder = CopyObjectInput::builder();
    builder.set_bucket("b".to_owned());
    builder.set_key("c/d".to_owned());
    builder.set_copy_source(CopySource::Bucket {
        bucket: "b".into(),
        key: "a".into(),
        version_id: None,
    });
    let input = builder.build().unwrap();
    bucket.store.copy_object(request(input)).await.unwrap();
    assert_eq!(bucket.get("c/d").await.unwrap(), b"hello");
    let head = bucket.head("c/d").await.unwrap().output;
    assert_eq!(head.metadata.unwrap()["k"], "v");
}

#[tokio::test]
async fn after_a_crash_half_received_bodies_are_gone_and_changed_files_are_measured_anew() {
    let bucket = Bucket::new().await;
    bucket.put("a", b"hello").await;
    std::fs::write(bucket.dir.path().join("incoming/half"), "half").unwrap();
    std::fs::write(bucket.dir.path().join("buckets/b/a"), "changed").unwrap();
    let store = Store::open(bucket.dir.path()).unwrap();
    let left = std::fs::read_dir(bucket.dir.path().join("incoming")).unwrap();
    assert_eq!(left.count(), 0);
    let input = HeadObjectInput {
        bucket: "b".to_owned(),
        key: "a".to_owned(),
        ..HeadObjectInput::default()
    };
    let head = store.head_object(request(input)).await.unwrap().output;
    assert_eq!(
        head.e_tag.unwrap().value(),
        "8977dfac2f8e04cb96e66882235f5aba"
    );
}

#[tokio::test]
async fn a_bucket_with_objects_cannot_be_deleted() {
    let bucket = Bucket::new().await;
    bucket.put("a/b", b"").await;
    let delete = || {
        let input = s3s::dto::DeleteBucketInput {
            bucket: "b".to_owned(),
            ..s3s::dto::DeleteBucketInput::default()
        };
        bucket.store.delete_bucket(request(input))
    };
    assert_eq!(code(delete().await), S3ErrorCode::BucketNotEmpty);
    bucket.delete("a/b").await;
    delete().await.unwrap();
    assert_eq!(code(bucket.head("a").await), S3ErrorCode::NoSuchBucket);
}
