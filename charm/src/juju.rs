//! The session: what one dispatch reads from Juju and writes to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::Context;
use crate::tools::{HookTools, LogBuffer, Session, ToolError};

/// Juju, for the length of one hook or action.
///
/// Reading is done when asked and remembered until the end. Writing is collected, and sent by
/// [`flush`](Self::flush) if it changes anything; only statuses, the version, log lines and the
/// addition of secrets are sent at once. What was written is seen by later reads.
///
/// The methods are those of the families of hook tools; see [`tools`](crate::tools).
pub struct Juju {
    context: Context,
    tools: Arc<dyn HookTools>,
    log: Arc<LogBuffer>,
    session: Mutex<Session>,
}

impl Juju {
    /// A session for this context over these hook tools.
    pub fn new(context: Context, tools: Arc<dyn HookTools>) -> Self {
        let log = Arc::new(LogBuffer::new(Arc::clone(&tools)));
        Self {
            context,
            tools,
            log,
            session: Mutex::default(),
        }
    }

    /// What Juju says about this run.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Where log lines wait; a [`JujuLog`](crate::tools::JujuLog) layer writes to it.
    pub fn log(&self) -> &Arc<LogBuffer> {
        &self.log
    }

    /// Sends everything that was written and is not there yet, in as few calls as possible.
    ///
    /// Juju commits it if and when the process ends with status 0. After a failure nothing more
    /// should be sent: end with another status, and Juju discards what it already took.
    pub fn flush(&self) -> Result<(), ToolError> {
        self.flush_secrets()?;
        self.flush_relations()?;
        self.flush_state()?;
        self.flush_ports()?;
        self.flush_action()
    }

    /// Forgets everything that was written and not sent, except the results of an action.
    pub(crate) fn discard(&self) {
        self.session().discard();
    }

    pub(crate) fn tools(&self) -> &dyn HookTools {
        self.tools.as_ref()
    }

    /// Never held across a call of a tool.
    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Juju {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Juju")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
