//! Which verifier opens with which password, remembered because it costs a thousand rounds of hashing to find out.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::adapters::postgres::verifier;
use crate::domain::words::Secret;
use crate::unit::{Unit, records};

/// Verifiers that were found to open with a password.
///
/// Proving one costs thousands of rounds of hashing, on purpose. A digest of the pair is kept, in a file of root's, so that
/// a regular look costs none.
pub(super) struct Proved {
    digests: BTreeMap<String, String>,
    changed: bool,
}

impl Proved {
    fn path(unit: &Unit<'_>) -> std::path::PathBuf {
        unit.layout.records().join("verifiers.json")
    }

    pub(super) fn read(unit: &Unit<'_>) -> Self {
        // Losing it costs time and nothing else.
        let digests = records::read(&Self::path(unit))
            .ok()
            .flatten()
            .unwrap_or_default();
        Self {
            digests,
            changed: false,
        }
    }

    pub(super) fn opens(&mut self, user: &str, role: &Secret, password: &Secret) -> bool {
        let mut digest = Sha256::new();
        digest.update(role.expose());
        digest.update([0]);
        digest.update(password.expose());
        let digest = format!("{:x}", digest.finalize());
        if self.digests.get(user) == Some(&digest) {
            return true;
        }
        let opens = verifier::matches(role, password) == Some(true);
        if opens {
            self.digests.insert(user.to_owned(), digest);
            self.changed = true;
        }
        opens
    }

    pub(super) fn keep(&self, unit: &Unit<'_>) {
        if !self.changed {
            return;
        }
        if let Err(error) = records::write(&Self::path(unit), &self.digests) {
            tracing::debug!("cannot remember proved verifiers: {error}");
        }
    }
}
