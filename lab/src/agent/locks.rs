//! The machine lock: units on one machine run one hook at a time. Actions may be in a group of their own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Locks by machine and group; the empty group is the machine's own lock.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<(u32, String), Lock>>);

impl Locks {
    pub(super) async fn acquire(&self, slot: u32, group: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry((slot, group.to_owned())).or_default())
        };
        lock.lock_owned().await
    }
}
