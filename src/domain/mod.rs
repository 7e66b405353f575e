//! What there is and what to do about it. Pure: no I/O, no clock, no Juju.

pub mod backups;
pub mod clients;
pub mod decide;
pub mod decision;
pub mod files;
pub mod observed;
pub mod passwords;
pub mod plan;
pub mod refusal;
pub mod render;
pub mod settings;
pub mod size;
pub mod system_roles;
pub mod tls;
pub mod topology;
pub mod words;
