//! The machine: its files, processes, clock, packages and the user the workload runs as.
//!
//! Only this folder uses `std::fs`, `std::process` and the clocks of `std::time`.

pub mod clock;
pub mod files;
pub mod lines;
pub mod machine;
pub mod packages;
pub mod process;
mod user;

pub use user::{UserError, WorkloadUser};
