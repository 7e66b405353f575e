//! Object stores that speak S3.

mod checks;
mod client;
mod endpoint;
mod error;
mod tls;

pub use checks::{Check, CheckFailure, Proof, prove};
pub use client::{AddressStyle, Bucket, Keys, Listing, ObjectStore, Put};
pub use error::ObjectStoreError;

#[cfg(test)]
mod imitation;
