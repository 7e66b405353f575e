//! PostgreSQL: sessions and their queries, password verifiers, and the control file of a data directory.

mod clients;
mod connect;
pub mod control;
mod error;
mod login;
mod queries;
mod roles;
mod sql;
mod tls;
pub mod verifier;

pub use clients::{ClientRole, DatabaseEntry};
pub use connect::{Database, Target};
pub use error::{PostgresError, SqlClass};
pub use login::{Login, try_login, try_login_in};
pub use queries::{Archiver, Position, Replay, Setting};
pub use roles::{Role, RoleAttributes};
