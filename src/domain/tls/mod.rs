//! TLS: what a unit proves itself with, and how it comes by it.

pub mod authority;
pub mod certificate;
mod der;
pub mod key;
pub mod material;
pub mod request;
pub mod standing;

pub use key::PrivateKey;
pub use material::Material;
pub use request::Names;

#[cfg(test)]
mod tests;
