//! PostgreSQL under Juju.
