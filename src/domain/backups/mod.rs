//! What is in a backup repository.
