//! The sockets on which machines' hook tools, and clients, find the daemon.

use super::Daemon;
use crate::agent::environment::agent_socket;
use crate::tools::server;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::UnixListener;
use tokio::task::AbortHandle;

/// Listeners for hook tools, by slot.
#[derive(Debug, Default)]
pub struct Sockets(Mutex<HashMap<u32, AbortHandle>>);

impl Sockets {
    /// Listens on a machine's socket. A boot empties `/run`, so the socket is made anew when its file is gone.
    pub(super) fn listen(&self, daemon: &Arc<Daemon>, slot: u32) -> std::io::Result<()> {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let path = agent_socket(&daemon.home.machine(slot));
        if sockets.contains_key(&slot) && path.exists() {
            return Ok(());
        }
        if let Some(old) = sockets.remove(&slot) {
            old.abort();
        }
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let listener = bind_private(&path)?;
        let task = tokio::spawn(server::serve(Arc::clone(daemon), slot, listener));
        sockets.insert(slot, task.abort_handle());
        Ok(())
    }

    pub(super) fn close(&self, slot: u32) {
        if let Some(task) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&slot)
        {
            task.abort();
        }
    }
}

/// Binds a socket that only its owner can use. It appears under its name when it is already private.
pub(super) fn bind_private(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let draft = path.with_extension("new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&draft)?;
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&draft, path)?;
    Ok(listener)
}
