//! Tasks on units: running actions and commands, following them, and looking at them afterwards.

mod actions;
mod exec;
mod follow;
mod inspect;
mod operations;
mod params;
mod render;
mod run;

pub(crate) use actions::Actions;
pub(crate) use exec::Exec;
pub(crate) use inspect::{CancelTask, ShowTask};
pub(crate) use operations::{Operations, ShowOperation};
pub(crate) use run::Run;
