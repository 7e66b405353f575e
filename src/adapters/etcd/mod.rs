//! etcd, through the JSON gateway of its v3 API.

mod auth;
mod client;
mod lock;
mod members;
mod store;

pub use auth::PatroniAccess;
pub use client::{Etcd, EtcdError, Login};
pub use lock::Lock;
pub use members::{Health, Member, MemberId};
