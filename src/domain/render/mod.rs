//! Files the charm manages, as text made from values.
