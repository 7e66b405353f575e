//! From assignments to a `Definition`. A value that cannot be read costs only its own line, with a note
//! worded like systemd's; what makes the whole unit unusable becomes its `fault`.

mod execution;
mod install;
mod service;
mod unenforced;
mod unit;
mod values;

use super::definition::{
    Definition, Dependencies, Install, NotifyAccess, Restart, Service, ServiceType,
};
use super::sections::Assignment;
use super::specifiers::Specifiers;
use std::time::Duration;

/// What one assignment came to.
enum Assigned {
    Used,
    /// No such key in this section.
    Unknown,
    /// The key is fine, its value is not; the text is the note.
    Bad(String),
}

struct Reader<'a> {
    specifiers: &'a Specifiers<'a>,
    definition: Definition,
    /// `Type=` as written; without it the kind depends on `ExecStart=`.
    kind: Option<ServiceType>,
    start_timeout_set: bool,
    notify_access_set: bool,
}

/// Reads all files of one unit (the unit file first, then its drop-ins) in order.
pub(crate) fn read(files: &[(String, Vec<Assignment>)], specifiers: &Specifiers<'_>) -> Definition {
    let mut reader = Reader {
        specifiers,
        definition: Definition {
            description: specifiers.name.as_str().to_owned(),
            dependencies: Dependencies::default(),
            conditions: Vec::new(),
            start_limit_interval: Duration::from_secs(10),
            start_limit_burst: 5,
            service: Service::with_defaults(ServiceType::Simple),
            install: Install::default(),
            notes: Vec::new(),
            fault: None,
        },
        kind: None,
        start_timeout_set: false,
        notify_access_set: false,
    };
    for (file, assignments) in files {
        for assignment in assignments {
            reader.assign(file, assignment);
        }
    }
    reader.finish()
}

impl Reader<'_> {
    fn assign(&mut self, file: &str, assignment: &Assignment) {
        let Assignment {
            section,
            key,
            value,
        } = assignment;
        if section.starts_with("X-") || key.starts_with("X-") {
            return;
        }
        let assigned = match section.as_str() {
            "Unit" => self.assign_unit(key, value),
            "Service" => match self.assign_service(key, value) {
                Assigned::Unknown => self.assign_execution(key, value),
                assigned => assigned,
            },
            "Install" => self.assign_install(key, value),
            _ => {
                self.note(format!("{file}: Unknown section '{section}'. Ignoring."));
                return;
            }
        };
        match assigned {
            Assigned::Used => {}
            Assigned::Bad(note) => self.note(format!("{file}: {note}")),
            Assigned::Unknown if unenforced::contains(key) => self.note(format!(
                "{file}: {key}= is accepted but has no effect on this machine."
            )),
            Assigned::Unknown => self.note(format!(
                "{file}: Unknown key name '{key}' in section '{section}', ignoring."
            )),
        }
    }

    fn note(&mut self, note: String) {
        if !self.definition.notes.contains(&note) {
            self.definition.notes.push(note);
        }
    }

    /// Settles what depends on more than one key, and refuses what systemd refuses.
    fn finish(mut self) -> Definition {
        let service = &mut self.definition.service;
        service.kind = self.kind.unwrap_or(if service.exec_start.is_empty() {
            ServiceType::Oneshot
        } else {
            ServiceType::Simple
        });
        if service.kind == ServiceType::Oneshot && !self.start_timeout_set {
            service.start_timeout = None;
        }
        if service.kind == ServiceType::Notify && !self.notify_access_set {
            service.notify_access = NotifyAccess::Main;
        }
        let starts = service.exec_start.len();
        let oneshot = service.kind == ServiceType::Oneshot;
        let fault = if starts == 0 && service.exec_stop.is_empty() {
            Some("Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.")
        } else if starts == 0 && !oneshot {
            Some(
                "Service has no ExecStart= setting, which is only allowed for Type=oneshot services. Refusing.",
            )
        } else if starts == 0 && !service.remain_after_exit {
            Some("Service has no ExecStart= and no RemainAfterExit=yes. Refusing.")
        } else if starts > 1 && !oneshot {
            Some(
                "Service has more than one ExecStart= setting, which is only allowed for Type=oneshot services. Refusing.",
            )
        } else if oneshot && matches!(service.restart, Restart::Always | Restart::OnSuccess) {
            Some(
                "Service has Restart= set to either always or on-success, which isn't allowed for Type=oneshot services. Refusing.",
            )
        } else {
            None
        };
        if self.definition.fault.is_none() {
            self.definition.fault = fault.map(str::to_owned);
        }
        self.definition
    }
}

#[cfg(test)]
mod tests;
