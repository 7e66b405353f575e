//! The proof that an object store can hold backups: one question after the other, each with its own answer.

use super::Bucket;
use crate::adapters::host::clock::Deadline;

/// A question to the object store, in the order they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Does the name of the host lead to an address?
    Resolve,
    /// Does it answer, with a certificate we trust?
    Connect,
    /// Does it accept our keys?
    Authenticate,
    /// Is there the bucket, or may we create it?
    Bucket,
    /// May we write?
    Write,
    /// Do we read what we wrote?
    Read,
    /// May we delete?
    Delete,
}

/// The first question with a wrong answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}\nHINT: {hint}")]
pub struct CheckFailure {
    /// The question.
    pub check: Check,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// What was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whether the bucket was created just now.
    pub bucket_created: bool,
}

/// Asks all questions; the probe object is written below `path`.
pub fn prove(
    bucket: &Bucket,
    path: &str,
    create_bucket: bool,
    deadline: Deadline,
) -> Result<Proof, CheckFailure> {
    let _ = (bucket, path, create_bucket, deadline);
    unimplemented!()
}
