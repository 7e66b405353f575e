//! The bucket itself: whoever hands out a secret also sees to it that the bucket exists.

use std::error::Error;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use crate::credentials::Keys;

/// The region in which buckets are made when none is named.
const DEFAULT_REGION: &str = "us-east-1";

/// How long a hook waits for the object store, all attempts together.
const PATIENCE: Duration = Duration::from_secs(10);

/// A bucket and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Address of the object store; Amazon's when there is none.
    pub endpoint: Option<String>,
    /// Region of the object store.
    pub region: Option<String>,
    /// Whether the bucket is named in the path of an address, not in the host.
    pub path_style: bool,
    /// Certificates to trust, besides those of the system.
    pub ca_chain: Vec<String>,
    /// The credentials.
    pub keys: Keys,
}

/// Sees to it that a bucket exists; the error is a sentence for the status.
pub type Ensure<'a> = &'a dyn Fn(&Bucket) -> Result<(), String>;

/// Makes the bucket unless it is there.
pub fn ensure(bucket: &Bucket) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| format!("cannot talk to the object store: {e}"))?;
    let outcome = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, ensure_with(&client(bucket)?, bucket))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
    });
    outcome.map_err(|why| format!("cannot use bucket {}: {why}", bucket.name))
}

async fn ensure_with(client: &Client, bucket: &Bucket) -> Result<(), String> {
    match client.head_bucket().bucket(&bucket.name).send().await {
        Ok(_) => return Ok(()),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(reason(&error)),
    }
    // Amazon refuses to be told its default region.
    let elsewhere = bucket
        .region
        .as_deref()
        .filter(|region| *region != DEFAULT_REGION);
    let place = elsewhere.map(|region| {
        let region = BucketLocationConstraint::from(region);
        CreateBucketConfiguration::builder()
            .location_constraint(region)
            .build()
    });
    let made = client.create_bucket().bucket(&bucket.name);
    match made.set_create_bucket_configuration(place).send().await {
        Ok(_) => {
            tracing::info!("made bucket {}", bucket.name);
            Ok(())
        }
        // Another leader was faster.
        Err(SdkError::ServiceError(error)) if error.err().is_bucket_already_owned_by_you() => {
            Ok(())
        }
        Err(error) => Err(reason(&error)),
    }
}

/// The store's own words if it answered, or else what kept the request from it.
fn reason<E: Error + ProvideErrorMetadata + 'static>(error: &SdkError<E>) -> String {
    if let Some(response) = error.raw_response() {
        let words = [error.code(), error.message()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        let status = response.status().as_u16();
        return match words.join(": ").as_str() {
            "" => format!("the object store answered with status {status}"),
            words => format!("the object store answered with status {status}, {words}"),
        };
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn is_missing<E>(error: &SdkError<E>) -> bool {
    error
        .raw_response()
        .is_some_and(|response| response.status().as_u16() == 404)
}

fn client(bucket: &Bucket) -> Result<Client, String> {
    let trusted = bucket
        .ca_chain
        .iter()
        .fold(TrustStore::default(), |trusted, certificate| {
            trusted.with_pem_certificate(certificate.as_bytes())
        });
    let tls = TlsContext::builder().with_trust_store(trusted).build();
    let tls = tls.map_err(|e| format!("its certificates are not usable: {e}"))?;
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let keys = &bucket.keys;
    let region = bucket
        .region
        .clone()
        .unwrap_or_else(|| DEFAULT_REGION.to_owned());
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(region))
        .credentials_provider(Credentials::new(
            &keys.access_key,
            keys.secret_key.expose(),
            None,
            None,
            "juju",
        ))
        .force_path_style(bucket.path_style)
        // Stores other than Amazon's do not know the newer checksums.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(PATIENCE / 2)
                .build(),
        );
    if let Some(endpoint) = &bucket.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(Client::from_conf(config.build()))
}
