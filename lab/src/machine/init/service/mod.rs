//! The life of one service: started, running, reloaded, stopped, restarted.

mod command;
mod condition;
mod directories;
mod lifecycle;
mod reload;
mod restart;
mod start;
mod stop;

pub(crate) use lifecycle::run;

use std::rc::Rc;

use super::Init;
use super::state::{ActiveState, RunResult};
use super::unit::Unit;
use crate::machine::unit::definition::{Definition, NotifyAccess};

/// A unit together with the definition that one activation of it follows from start to end, even if its
/// files change meanwhile.
struct Service {
    init: Rc<Init>,
    unit: Rc<Unit>,
    definition: Rc<Definition>,
}

impl Service {
    fn enter(&self, active: ActiveState, sub: &'static str) {
        self.unit.enter(&self.init, active, sub);
    }

    fn say(&self, message: &str) {
        self.unit.say(&self.init, message);
    }

    /// A line of the journal that begins with a verb and ends with the description.
    fn announce(&self, what: &str, end: &str) {
        let name = self.unit.name();
        let description = &self.definition.description;
        let shown = if description == name {
            name.to_owned()
        } else {
            format!("{name} - {description}")
        };
        self.init.journal.say(name, &format!("{what} {shown}{end}"));
    }

    fn main_pid(&self) -> Option<u32> {
        self.unit.state.borrow().main.map(|id| id.pid)
    }

    fn result(&self) -> RunResult {
        self.unit.state.borrow().result
    }

    /// Variables of this activation that every command gets.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("INVOCATION_ID", self.unit.state.borrow().invocation.clone())];
        if let Some(pid) = self.main_pid() {
            variables.push(("MAINPID", pid.to_string()));
        }
        if self.definition.service.notify_access != NotifyAccess::None
            && let Some(socket) = &*self.unit.notify_socket.borrow()
        {
            variables.push(("NOTIFY_SOCKET", socket.path.display().to_string()));
        }
        variables.extend(directories::variables(
            &self.init.layout,
            &self.definition.service,
        ));
        variables
    }
}
