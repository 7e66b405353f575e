//! Related applications: what one asks for, the database and the user it gets, and what it is told.
//!
//! The relation is `database`, interface `postgresql_client`. A database belongs to a role of its own that nobody logs in
//! as, and the users of applications act as that role. So whatever an application makes belongs to the database, and is
//! there for the next application when this one has gone.

mod account;
mod answer;
mod database_name;
mod refusal;
mod request;

pub use account::{Account, Mark, Privileges, former, is_former, user};
pub use answer::{Answer, Group, Written};
pub use database_name::DatabaseName;
pub use refusal::Refusal;
pub use request::Request;

/// The role whose members may connect over the network.
pub const ACCESS_GROUP: &str = "relation_access";
