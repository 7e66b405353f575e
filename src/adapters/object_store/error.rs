//! What can go wrong between us and an object store.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;

/// An object store was not reached, or refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum ObjectStoreError {
    #[error("the endpoint {endpoint:?} is not a URL such as https://s3.example.net")]
    Endpoint { endpoint: String },
    #[error("the certificates for the object store cannot be read: {why}")]
    Certificates { why: String },
    #[error("start the runtime for the object store: {why}")]
    Runtime { why: String },
    #[error("{operation}: the object store did not answer in time")]
    TimedOut { operation: String },
    #[error("{operation}: the object store cannot be reached: {why}")]
    Unreachable { operation: String, why: String },
    #[error("{operation}: there is no bucket {bucket}")]
    NoSuchBucket { operation: String, bucket: String },
    #[error("{operation}: the object store answered {status} {code}: {said}")]
    Answered {
        operation: String,
        status: u16,
        code: String,
        said: String,
    },
    #[error("{operation}: the answer of the object store cannot be read: {why}")]
    Unreadable { operation: String, why: String },
}

impl ObjectStoreError {
    /// Whether nothing is known because nobody answered.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Unreachable { .. })
    }

    /// The object store's word for what is wrong, such as `AccessDenied`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Answered { code, .. } => Some(code),
            Self::NoSuchBucket { .. } => Some("NoSuchBucket"),
            _ => None,
        }
    }

    pub(super) fn of<E>(operation: String, bucket: &str, error: SdkError<E, Response>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut { operation },
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::TimedOut { operation }
            }
            SdkError::DispatchFailure(failure) => Self::Unreachable {
                operation,
                why: failure
                    .as_connector_error()
                    .map_or_else(String::new, |error| chain(error)),
            },
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let error = answer.into_err();
                let code = error.code().unwrap_or("without a code").to_owned();
                if code == "NoSuchBucket" {
                    let bucket = bucket.to_owned();
                    return Self::NoSuchBucket { operation, bucket };
                }
                let said = error.message().unwrap_or("it does not say why").to_owned();
                Self::Answered {
                    operation,
                    status,
                    code,
                    said,
                }
            }
            other => Self::Unreadable {
                operation,
                why: chain(&other),
            },
        }
    }
}

/// An error with everything that caused it, the same words once.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}
