//! The files of a Juju charm as types.
