//! Objects of one bucket.

use std::future::Future;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::{Client, Config};
use aws_smithy_http_client::{Builder, tls as smithy_tls};
use aws_smithy_runtime_api::http::Response;
use tokio::runtime::Runtime;

use super::endpoint::Endpoint;
use super::{ObjectStoreError, tls};
use crate::adapters::host::clock::Deadline;
use crate::domain::words::Secret;

/// The region requests are signed for where the store has none; every store that has none accepts it.
const ANY_REGION: &str = "us-east-1";

/// How the bucket is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressStyle {
    /// `https://endpoint/bucket/key`.
    Path,
    /// `https://bucket.endpoint/key`.
    Host,
}

/// The keys of an account.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Access key.
    pub access: String,
    /// Secret key.
    pub secret: Secret,
}

/// A bucket and how to reach it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Name.
    pub name: String,
    /// URL of the object store, such as `https://s3.example.net`.
    pub endpoint: String,
    /// Region; empty for a store that has none.
    pub region: String,
    /// How it is addressed.
    pub style: AddressStyle,
    /// Certificates, as PEM texts, that vouch for the store; none means those of the machine.
    pub ca_chain: Vec<String>,
    /// The keys.
    pub keys: Keys,
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was written.
    Written,
    /// There was an object already, and it is unchanged.
    AlreadyThere,
}

/// What a listing found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Objects: key and size in bytes.
    pub objects: Vec<(String, u64)>,
    /// The next level of "folders", each ending in the delimiter.
    pub prefixes: Vec<String>,
}

/// A client for one bucket.
pub struct ObjectStore {
    bucket: Bucket,
    client: Client,
    /// Always there until the end, when it is shut down without waiting for a name server.
    runtime: Option<Runtime>,
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl ObjectStore {
    /// A client; nothing is sent yet.
    pub fn new(bucket: Bucket) -> Result<Self, ObjectStoreError> {
        let endpoint = Endpoint::of(&bucket)?;
        // The library ends the process over a certificate it cannot read.
        tls::certificates(&bucket.ca_chain)?;
        let client = Client::from_conf(config(&bucket, &endpoint)?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| ObjectStoreError::Runtime {
                why: error.to_string(),
            })?;
        Ok(Self {
            bucket,
            client,
            runtime: Some(runtime),
        })
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// An object; `None` when there is none.
    pub fn get(&self, key: &str, deadline: Deadline) -> Result<Option<Vec<u8>>, ObjectStoreError> {
        let operation = format!("read the object {key}");
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket.name)
            .key(key)
            .send();
        let read = async {
            let answer = match request.await {
                Ok(answer) => answer,
                // Only this word says that the object is not there; a bare 404 may come from anybody in between.
                Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
                Err(error) => return Err(self.failed(&operation, error)),
            };
            let body =
                answer
                    .body
                    .collect()
                    .await
                    .map_err(|error| ObjectStoreError::Unreachable {
                        operation: operation.clone(),
                        why: error.to_string(),
                    })?;
            Ok(Some(body.to_vec()))
        };
        self.wait(&operation, deadline, read)
    }

    /// Writes an object.
    pub fn put(
        &self,
        key: &str,
        content: &[u8],
        deadline: Deadline,
    ) -> Result<(), ObjectStoreError> {
        let operation = format!("write the object {key}");
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket.name)
            .key(key)
            .body(ByteStream::from(content.to_vec()))
            .send();
        self.done(&operation, deadline, request)
    }

    /// Writes an object unless there is one.
    ///
    /// It looks first, because a store that does not know the condition writes all the same; where the store knows it,
    /// two writers at once cannot both succeed.
    pub fn put_if_absent(
        &self,
        key: &str,
        content: &[u8],
        deadline: Deadline,
    ) -> Result<Put, ObjectStoreError> {
        if self.get(key, deadline)?.is_some() {
            return Ok(Put::AlreadyThere);
        }
        let operation = format!("write the object {key} unless there is one");
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket.name)
            .key(key)
            .if_none_match("*")
            .body(ByteStream::from(content.to_vec()))
            .send();
        match self.done(&operation, deadline, request) {
            Ok(()) => Ok(Put::Written),
            Err(ObjectStoreError::Answered { status: 412, .. }) => Ok(Put::AlreadyThere),
            Err(ObjectStoreError::Answered { status: 501, .. }) => {
                self.put(key, content, deadline).map(|()| Put::Written)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes an object; one that is not there is no error.
    pub fn delete(&self, key: &str, deadline: Deadline) -> Result<(), ObjectStoreError> {
        let operation = format!("delete the object {key}");
        let request = self
            .client
            .delete_object()
            .bucket(&self.bucket.name)
            .key(key)
            .send();
        match self.done(&operation, deadline, request) {
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            result => result,
        }
    }

    /// The "folders" directly below `prefix`, each with `prefix` and ending in `/`.
    pub fn list_prefixes(
        &self,
        prefix: &str,
        deadline: Deadline,
    ) -> Result<Vec<String>, ObjectStoreError> {
        Ok(self.list(prefix, deadline)?.prefixes)
    }

    /// Objects and "folders" directly below `prefix`, sorted.
    pub fn list(&self, prefix: &str, deadline: Deadline) -> Result<Listing, ObjectStoreError> {
        let operation = format!("list the objects below {prefix}");
        let mut listing = Listing::default();
        let mut next = None;
        loop {
            let request = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket.name)
                .prefix(prefix)
                .delimiter("/")
                .set_continuation_token(next)
                .send();
            let page = self.answer(&operation, deadline, request)?;
            for object in page.contents() {
                let size = object
                    .size()
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or(0);
                listing
                    .objects
                    .extend(object.key().map(|key| (key.to_owned(), size)));
            }
            let prefixes = page.common_prefixes().iter();
            listing
                .prefixes
                .extend(prefixes.filter_map(|it| it.prefix().map(str::to_owned)));
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() || page.is_truncated() != Some(true) {
                listing.objects.sort();
                listing.prefixes.sort();
                return Ok(listing);
            }
        }
    }

    /// Whether the bucket can be listed: one object is asked for.
    pub(super) fn look(&self, prefix: &str, deadline: Deadline) -> Result<(), ObjectStoreError> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket.name)
            .prefix(prefix)
            .max_keys(1)
            .send();
        self.done("list the bucket", deadline, request)
    }

    pub(super) fn create_bucket(&self, deadline: Deadline) -> Result<(), ObjectStoreError> {
        use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
        let region = self.bucket.region.as_str();
        // The first region of S3 has no name as a place.
        let place = (!region.is_empty() && region != ANY_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let request = self
            .client
            .create_bucket()
            .bucket(&self.bucket.name)
            .set_create_bucket_configuration(place)
            .send();
        self.done("create the bucket", deadline, request)
    }

    fn failed<E>(&self, operation: &str, error: SdkError<E, Response>) -> ObjectStoreError
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        ObjectStoreError::of(operation.to_owned(), &self.bucket.name, error)
    }

    fn done<T, E>(
        &self,
        operation: &str,
        deadline: Deadline,
        request: impl Future<Output = Result<T, SdkError<E, Response>>>,
    ) -> Result<(), ObjectStoreError>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        self.answer(operation, deadline, request).map(|_| ())
    }

    fn answer<T, E>(
        &self,
        operation: &str,
        deadline: Deadline,
        request: impl Future<Output = Result<T, SdkError<E, Response>>>,
    ) -> Result<T, ObjectStoreError>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let answer = async { request.await.map_err(|error| self.failed(operation, error)) };
        self.wait(operation, deadline, answer)
    }

    fn wait<T>(
        &self,
        operation: &str,
        deadline: Deadline,
        answer: impl Future<Output = Result<T, ObjectStoreError>>,
    ) -> Result<T, ObjectStoreError> {
        let Some(runtime) = &self.runtime else {
            return Err(ObjectStoreError::Runtime {
                why: "it has ended".to_owned(),
            });
        };
        runtime.block_on(async {
            tokio::time::timeout(deadline.remaining(), answer)
                .await
                .unwrap_or_else(|_| {
                    Err(ObjectStoreError::TimedOut {
                        operation: operation.to_owned(),
                    })
                })
        })
    }
}

fn config(bucket: &Bucket, endpoint: &Endpoint) -> Result<Config, ObjectStoreError> {
    let mut trust = if bucket.ca_chain.is_empty() {
        smithy_tls::TrustStore::default()
    } else {
        smithy_tls::TrustStore::empty()
    };
    for certificate in &bucket.ca_chain {
        trust.add_pem_certificate(certificate.as_bytes());
    }
    let context = smithy_tls::TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| ObjectStoreError::Certificates {
            why: error.to_string(),
        })?;
    let ring = smithy_tls::rustls_provider::CryptoMode::Ring;
    let http = Builder::new()
        .tls_provider(smithy_tls::Provider::Rustls(ring))
        .tls_context(context)
        .build_https();
    let region = if bucket.region.is_empty() {
        ANY_REGION
    } else {
        &bucket.region
    };
    let keys = &bucket.keys;
    Ok(Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&endpoint.url)
        .region(Region::new(region.to_owned()))
        .force_path_style(bucket.style == AddressStyle::Path)
        .credentials_provider(Credentials::from_keys(
            &keys.access,
            keys.secret.expose(),
            None,
        ))
        // Most stores that are not S3 itself do not know the newer checksums.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .http_client(http)
        .build())
}

#[cfg(test)]
mod tests;
