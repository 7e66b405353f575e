//! pgBackRest: typed commands, its exit codes and answers.

pub mod capabilities;
pub mod command;
mod exit;
pub mod info;
pub mod progress;
mod run;

pub use command::Command;
pub use exit::{ExitKind, PgBackRestError, explanation};
pub use run::PgBackRest;
