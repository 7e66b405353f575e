//! Refusals: the codes that S3 has for them, each with a sentence.

use s3s::{S3Error, S3ErrorCode};

/// The error with this code.
pub(super) fn refused(code: S3ErrorCode) -> S3Error {
    let message = match code {
        S3ErrorCode::BadDigest => "The body does not have the digest that was announced.",
        S3ErrorCode::BucketAlreadyOwnedByYou => "The bucket exists already, and is yours.",
        S3ErrorCode::BucketNotEmpty => "The bucket holds objects.",
        S3ErrorCode::EntityTooSmall => "All parts but the last need 5 MiB or more.",
        S3ErrorCode::IncompleteBody => "The body ended before its announced length.",
        S3ErrorCode::InvalidPart => "A part was never uploaded, or has another tag.",
        S3ErrorCode::InvalidPartOrder => "The parts are not in the order of their numbers.",
        S3ErrorCode::KeyTooLongError => "The key, or a part of it between slashes, is too long.",
        S3ErrorCode::NoSuchBucket => "The bucket does not exist.",
        S3ErrorCode::NoSuchKey => "The object does not exist.",
        S3ErrorCode::NoSuchUpload => "The upload does not exist, is complete, or was aborted.",
        S3ErrorCode::PreconditionFailed => "A condition of the request does not hold.",
        _ => return S3Error::new(code),
    };
    S3Error::with_message(code, message)
}
