//! TLS: what a unit proves itself with, and how it comes by it.

pub mod authority;
pub mod certificate;
mod der;
pub mod key;
pub mod material;
pub mod request;
pub mod stage;
pub mod standing;

pub use key::PrivateKey;
pub use material::Material;
pub use request::Names;
pub use stage::{Announcement, Course, Stage};

#[cfg(test)]
mod tests;
