//! One folder per thing the charm talks to. Nothing here decides.
