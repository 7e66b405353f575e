//! The machine's init: owns every process of the machine and answers its tools.
//!
//! It is one thread. State is shared through `Rc`; nobody holds a borrow over an await.

mod answer;
mod boot;
mod connection;
mod jobs;
mod notify;
mod reaper;
mod service;
mod show;
mod shutdown;
mod spawn;
mod state;
pub(crate) mod tracker;
mod transient;
mod unit;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::journal::Journal;
use super::launcher;
use super::layout::Layout;
use super::proc_fs::ProcessId;
use reaper::{Exit, Reaper};
use tracker::Tracker;
use unit::Unit;

use super::unit as unit_files;
use unit_files::name::UnitName;

pub(crate) struct Init {
    pub(crate) layout: Layout,
    pub(crate) hostname: String,
    /// Whether `User=` can be honoured.
    pub(crate) superuser: bool,
    pub(crate) journal: Journal,
    pub(crate) reaper: Reaper,
    pub(crate) tracker: RefCell<Tracker>,
    pub(crate) units: RefCell<BTreeMap<UnitName, Rc<Unit>>>,
    /// Something about some unit changed.
    pub(crate) changed: Notify,
    /// Asked to end; true to boot again.
    pub(crate) ending: RefCell<Option<bool>>,
}

/// 32 hexadecimal digits that nobody else has.
pub(crate) fn fresh_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// `machine-init --machine ROOT` runs a machine until it is shut down; `machine-init --exec FILE` is a
/// launcher on its way to become a service.
pub(crate) fn main(args: &[String]) -> ExitCode {
    match args {
        [option, file] if option == "--exec" => launcher::main(file.as_ref()),
        [option, root] if option == "--machine" => boot::main(PathBuf::from(root)),
        _ => {
            eprintln!("usage: juju-lab machine-init --machine ROOT");
            ExitCode::from(2)
        }
    }
}

impl Init {
    /// The unit with this name if there is such a unit file or it is in memory already.
    pub(crate) fn unit(self: &Rc<Self>, name: &UnitName) -> Option<Rc<Unit>> {
        let name = unit_files::directory::canonical(&self.layout, name);
        let known = self.units.borrow().get(&name).cloned();
        if let Some(unit) = known {
            unit.read_files_if_forgotten(self);
            return Some(unit);
        }
        if !name.is_service()
            || name.is_template()
            || unit_files::directory::find(&self.layout, &name)
                .fragment
                .is_none()
        {
            return None;
        }
        let (unit, jobs) = Unit::new(self, name.clone());
        self.units.borrow_mut().insert(name, Rc::clone(&unit));
        tokio::task::spawn_local(service::run(Rc::clone(self), Rc::clone(&unit), jobs));
        Some(unit)
    }

    /// Drops a transient unit that is over, file and all.
    pub(crate) fn forget(&self, unit: &Rc<Unit>) {
        let file = self.layout.transient_units().join(unit.name());
        // Gone already is as good.
        let _ = std::fs::remove_file(file);
        self.units.borrow_mut().remove(&unit.name);
        self.journal.close(unit.name());
        self.changed.notify_waiters();
    }

    /// Waits for the end of a process: of a child through the reaper, of another by looking.
    pub(crate) async fn wait_for(
        &self,
        id: ProcessId,
        exit: Option<oneshot::Receiver<Exit>>,
    ) -> Exit {
        const LOOK: Duration = Duration::from_millis(200);
        // A daemon becomes a child when its parents have left it; then the reaper knows how it ends.
        let exit = exit.unwrap_or_else(|| self.reaper.expect(id.pid));
        let gone = async {
            while id.is_alive() {
                tokio::time::sleep(LOOK).await;
            }
            // The reaper may be about to tell.
            tokio::time::sleep(LOOK).await;
        };
        tokio::select! {
            biased;
            told = exit => told.unwrap_or(Exit::Unknown),
            () = gone => Exit::Unknown,
        }
    }
}
