//! The lab's S3 server: objects in a directory, spoken to over TLS.
//!
//! The `s3s` crate speaks the protocol and checks signatures; this crate keeps the objects (`store`), the
//! certificates (`tls`) and the keys (`credentials`), and breaks on demand (`fault`).

pub mod credentials;
pub mod fault;
mod files;
pub mod server;
pub mod store;
pub mod tls;
