//! The relation `certificates`.

use juju_charm::{Juju, ToolError};

use super::transferred;
use crate::domain::observed::TlsView;

/// Reads the relations about certificates.
///
/// # Errors
///
/// When Juju refuses something that cannot be waited for.
pub fn read(juju: &Juju, leader: bool) -> Result<TlsView, ToolError> {
    let related = !juju.relation_ids(super::CERTIFICATES)?.is_empty();
    Ok(TlsView {
        related,
        material: None,
        waiting: related.then(|| "waiting for a certificate".to_owned()),
        transferred: transferred::read(juju, leader)?,
    })
}
