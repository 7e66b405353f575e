//! A faithful local Juju.
