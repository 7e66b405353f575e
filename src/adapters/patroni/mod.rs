//! Patroni, through its REST API.

mod client;
mod read;
mod wire;

pub use client::{Credentials, Patroni, PatroniError};
pub use read::{Lag, Member, MemberState, Role, Switchover, ThisMember, Xlog};
