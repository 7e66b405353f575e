//! Objects of one bucket.

use super::ObjectStoreError;
use crate::adapters::host::clock::Deadline;
use crate::domain::words::Secret;

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
}

impl ObjectStore {
    /// A client; nothing is sent yet.
    pub fn new(bucket: Bucket) -> Result<Self, ObjectStoreError> {
        let _ = Self { bucket };
        unimplemented!()
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// An object; `None` when there is none.
    pub fn get(&self, key: &str, deadline: Deadline) -> Result<Option<Vec<u8>>, ObjectStoreError> {
        let _ = (key, deadline);
        unimplemented!()
    }

    /// Writes an object.
    pub fn put(
        &self,
        key: &str,
        content: &[u8],
        deadline: Deadline,
    ) -> Result<(), ObjectStoreError> {
        let _ = (key, content, deadline);
        unimplemented!()
    }

    /// Writes an object unless there is one.
    pub fn put_if_absent(
        &self,
        key: &str,
        content: &[u8],
        deadline: Deadline,
    ) -> Result<Put, ObjectStoreError> {
        let _ = (key, content, deadline);
        unimplemented!()
    }

    /// Deletes an object; one that is not there is no error.
    pub fn delete(&self, key: &str, deadline: Deadline) -> Result<(), ObjectStoreError> {
        let _ = (key, deadline);
        unimplemented!()
    }

    /// The "folders" directly below `prefix`, each ending in `/`.
    pub fn list_prefixes(
        &self,
        prefix: &str,
        deadline: Deadline,
    ) -> Result<Vec<String>, ObjectStoreError> {
        let _ = (prefix, deadline);
        unimplemented!()
    }

    /// Objects and "folders" directly below `prefix`.
    pub fn list(&self, prefix: &str, deadline: Deadline) -> Result<Listing, ObjectStoreError> {
        let _ = (prefix, deadline);
        unimplemented!()
    }
}
