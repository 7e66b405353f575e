//! Events in, hook tools out. The only module that speaks to Juju.

pub mod actions;
pub mod certificates;
pub mod clients;
pub mod databag;
pub mod object_storage;
pub mod passwords;
mod peer_bags;
pub mod publish;
pub mod routes;
pub mod transferred;
pub mod view;

/// The peer relation's endpoint.
pub const PEERS: &str = "database-peers";
/// The object store's endpoint.
pub const OBJECT_STORAGE: &str = "s3-parameters";
/// The certificate authority's endpoint.
pub const CERTIFICATES: &str = "certificates";
/// The endpoint of related applications.
pub const DATABASE: &str = "database";
/// The endpoint of further authorities to trust.
pub const RECEIVE_CA: &str = "receive-ca-cert";
