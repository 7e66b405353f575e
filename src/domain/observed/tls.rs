//! What the relations about certificates say.

use crate::domain::tls::standing::Again;
use crate::domain::tls::{Material, Names};

/// The certificates of this unit, and those it was told to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsView {
    /// Whether the application has the relation `certificates`.
    pub related: bool,
    /// What this unit proves itself with: committed, checked, and not expired.
    pub material: Option<Material>,
    /// Why there is none yet, for the status; also why another one is waited for.
    pub waiting: Option<String>,
    /// What a person has to see to, for the status.
    pub problem: Option<String>,
    /// The material has come from the provider and is not kept yet.
    pub fresh: bool,
    /// What the request asks for that the provider has now.
    pub asked_for: Option<Names>,
    /// Why another request is due although this one asks for the right names.
    pub again: Option<Again>,
    /// Further authorities to trust, from `receive-ca-cert`, PEM, each once, in a fixed order.
    pub transferred: Vec<String>,
}
