//! What the relations about certificates say.

use crate::domain::tls::Material;

/// The certificates of this unit, and those it was told to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsView {
    /// Whether the application has the relation `certificates`.
    pub related: bool,
    /// What this unit proves itself with: committed, checked, and not expired.
    pub material: Option<Material>,
    /// Why there is none yet, for the status.
    pub waiting: Option<String>,
    /// Further authorities to trust, from `receive-ca-cert`, PEM, each once, in a fixed order.
    pub transferred: Vec<String>,
}
