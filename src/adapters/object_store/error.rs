//! What can go wrong between us and an object store.

/// An object store was not reached, or refused.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum ObjectStoreError {
    #[error("the endpoint {endpoint} is not an address")]
    Endpoint { endpoint: String },
    #[error("the certificates for the object store cannot be read: {why}")]
    Certificates { why: String },
    #[error("start the runtime for the object store")]
    Runtime {
        #[source]
        source: std::io::Error,
    },
    #[error("{operation}: the object store did not answer in time")]
    TimedOut { operation: String },
    #[error("{operation}: the object store cannot be reached: {why}")]
    Unreachable { operation: String, why: String },
    #[error("{operation}: there is no bucket {bucket}")]
    NoSuchBucket { operation: String, bucket: String },
    #[error("{operation}: the object store refused: {said} ({code})")]
    Refused {
        operation: String,
        code: String,
        said: String,
    },
    #[error("{operation}: the object store answered {status} {code}: {said}")]
    Answered {
        operation: String,
        status: u16,
        code: String,
        said: String,
    },
}
