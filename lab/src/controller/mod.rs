//! What the controller does for an operator: one file per family of requests. Each checks a request completely before
//! it changes a model.

pub mod across;
pub mod charms;
pub mod commands;
pub mod configure;
pub mod deploy;
pub mod export;
pub mod faults;
pub mod machine_view;
pub mod machines;
pub mod models;
pub mod offers;
pub mod relate;
pub mod remove;
pub mod resources;
pub mod secrets;
pub mod settings;
pub mod status;
pub mod storage;
pub mod subordinate;
pub mod task_views;
pub mod tasks;
pub mod unit_view;
pub mod units;
