//! The keys of `[Service]` that say how the service lives: its commands, restarts, time limits and end.

use std::time::Duration;

use super::unit::bad;
use super::values;
use super::{Assigned, Reader};
use crate::machine::signal;
use crate::machine::unit::definition::{KillMode, NotifyAccess, Restart, ServiceType};
use crate::machine::unit::exec_line::{self, ExecCommand};
use crate::machine::unit::timespan;

impl Reader<'_> {
    pub(super) fn assign_service(&mut self, key: &str, value: &str) -> Assigned {
        if let Some(list) = self.commands(key) {
            if value.is_empty() {
                list.clear();
                return Assigned::Used;
            }
            return self.add_commands(key, value);
        }
        match key {
            "Type" => self.assign_type(value),
            "Restart" | "KillMode" | "NotifyAccess" => self.assign_choice(key, value),
            "KillSignal" | "FinalKillSignal" | "RestartKillSignal" => {
                self.assign_signal(key, value)
            }
            "RemainAfterExit" | "SendSIGKILL" | "SendSIGHUP" => self.assign_switch(key, value),
            "PIDFile" => self.assign_pid_file(value),
            "SuccessExitStatus" | "RestartPreventExitStatus" | "RestartForceExitStatus" => {
                self.assign_exit_status(key, value)
            }
            _ => self.assign_time(key, value),
        }
    }

    fn commands(&mut self, key: &str) -> Option<&mut Vec<ExecCommand>> {
        let service = &mut self.definition.service;
        Some(match key {
            "ExecCondition" => &mut service.exec_condition,
            "ExecStartPre" => &mut service.exec_start_pre,
            "ExecStart" => &mut service.exec_start,
            "ExecStartPost" => &mut service.exec_start_post,
            "ExecReload" => &mut service.exec_reload,
            "ExecStop" => &mut service.exec_stop,
            "ExecStopPost" => &mut service.exec_stop_post,
            _ => return None,
        })
    }

    /// A command that cannot be read makes the unit unusable: leaving it out could be worse than failing.
    fn add_commands(&mut self, key: &str, value: &str) -> Assigned {
        match exec_line::parse(value, self.specifiers) {
            Ok(commands) => {
                if let Some(list) = self.commands(key) {
                    list.extend(commands);
                }
                Assigned::Used
            }
            Err(note) => {
                self.definition.fault = Some(note.clone());
                Assigned::Bad(note)
            }
        }
    }

    fn assign_type(&mut self, value: &str) -> Assigned {
        self.kind = Some(match value {
            "simple" | "idle" => ServiceType::Simple,
            "exec" => ServiceType::Exec,
            "notify" | "notify-reload" => ServiceType::Notify,
            "oneshot" => ServiceType::Oneshot,
            "forking" => ServiceType::Forking,
            _ => return Assigned::Bad(format!("Failed to parse service type, ignoring: {value}")),
        });
        Assigned::Used
    }

    fn assign_choice(&mut self, key: &str, value: &str) -> Assigned {
        let service = &mut self.definition.service;
        match (key, value) {
            ("Restart", "no") => service.restart = Restart::No,
            ("Restart", "always") => service.restart = Restart::Always,
            ("Restart", "on-success") => service.restart = Restart::OnSuccess,
            ("Restart", "on-failure") => service.restart = Restart::OnFailure,
            ("Restart", "on-abnormal") => service.restart = Restart::OnAbnormal,
            ("Restart", "on-abort") => service.restart = Restart::OnAbort,
            ("KillMode", "control-group") => service.kill_mode = KillMode::ControlGroup,
            ("KillMode", "process") => service.kill_mode = KillMode::Process,
            ("KillMode", "mixed") => service.kill_mode = KillMode::Mixed,
            ("KillMode", "none") => service.kill_mode = KillMode::None,
            ("NotifyAccess", access) => {
                service.notify_access = match access {
                    "none" => NotifyAccess::None,
                    "main" => NotifyAccess::Main,
                    "exec" => NotifyAccess::Exec,
                    "all" => NotifyAccess::All,
                    _ => return bad(key, value),
                };
                self.notify_access_set = true;
            }
            _ => return bad(key, value),
        }
        Assigned::Used
    }

    fn assign_signal(&mut self, key: &str, value: &str) -> Assigned {
        let Some(signal) = signal::parse(value) else {
            return bad(key, value);
        };
        match key {
            "KillSignal" => self.definition.service.kill_signal = signal.as_raw(),
            "FinalKillSignal" => self.definition.service.final_kill_signal = signal.as_raw(),
            _ => return Assigned::Unknown,
        }
        Assigned::Used
    }

    fn assign_switch(&mut self, key: &str, value: &str) -> Assigned {
        let Some(on) = values::boolean(value) else {
            return bad(key, value);
        };
        let service = &mut self.definition.service;
        match key {
            "RemainAfterExit" => service.remain_after_exit = on,
            "SendSIGKILL" => service.send_sigkill = on,
            _ => service.send_sighup = on,
        }
        Assigned::Used
    }

    fn assign_pid_file(&mut self, value: &str) -> Assigned {
        let expanded = match values::expand(value, self.specifiers) {
            Ok(expanded) => expanded,
            Err(note) => return Assigned::Bad(note),
        };
        // A relative name lies in the machine's /run.
        let path = self.specifiers.layout.root().join("run").join(&expanded);
        self.definition.service.pid_file = (!expanded.is_empty()).then_some(path);
        Assigned::Used
    }

    fn assign_exit_status(&mut self, key: &str, value: &str) -> Assigned {
        let service = &mut self.definition.service;
        let list = match key {
            "SuccessExitStatus" => &mut service.success_exit,
            "RestartPreventExitStatus" => &mut service.restart_prevent,
            _ => &mut service.restart_force,
        };
        if value.is_empty() {
            list.clear();
            return Assigned::Used;
        }
        match values::exit_patterns(value) {
            Ok(patterns) => list.extend(patterns),
            Err(note) => return Assigned::Bad(note),
        }
        Assigned::Used
    }

    fn assign_time(&mut self, key: &str, value: &str) -> Assigned {
        if !matches!(
            key,
            "RestartSec" | "TimeoutStartSec" | "TimeoutStopSec" | "TimeoutSec" | "RuntimeMaxSec"
        ) {
            return Assigned::Unknown;
        }
        let Some(limit) = timespan::parse(value) else {
            return bad(key, value);
        };
        // Zero turns a limit off, as infinity does.
        let limit_or_none = limit.filter(|span| !span.is_zero());
        let service = &mut self.definition.service;
        match key {
            "RestartSec" => service.restart_delay = limit.unwrap_or(Duration::MAX),
            "RuntimeMaxSec" => service.run_limit = limit_or_none,
            "TimeoutStopSec" => service.stop_timeout = limit_or_none,
            _ => {
                service.start_timeout = limit_or_none;
                self.start_timeout_set = true;
                if key == "TimeoutSec" {
                    service.stop_timeout = limit_or_none;
                }
            }
        }
        Assigned::Used
    }
}
