//! The options of `config.yaml`, validated all at once.
