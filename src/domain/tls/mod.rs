//! TLS: what a unit proves itself with, and how it comes by it.

pub mod material;

pub use material::Material;
