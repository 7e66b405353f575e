//! What holds for all options at once.
