//! Write Juju charms in Rust.
