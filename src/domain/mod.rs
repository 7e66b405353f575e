//! What there is and what to do about it. Pure: no I/O, no clock, no Juju.

pub mod backups;
pub mod passwords;
pub mod render;
pub mod settings;
pub mod words;
