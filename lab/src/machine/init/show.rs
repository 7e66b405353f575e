//! The properties of a unit, as `systemctl show` knows them.

use std::rc::Rc;

use super::Init;
use super::state::{Moment, RunResult, State};
use super::unit::Unit;
use crate::machine::unit::definition::{
    Definition, KillMode, NotifyAccess, Restart, Service, ServiceType,
};
use crate::machine::unit::directory::Loaded;
use crate::machine::unit::exec_line::ExecCommand;
use crate::machine::unit::links;
use crate::machine::unit::name::UnitName;
use crate::machine::unit::timespan;

type Properties = Vec<(String, String)>;

/// Properties of the unit, or those of a unit that does not exist.
pub(crate) fn properties(init: &Rc<Init>, name: &UnitName) -> Properties {
    let unit = init.unit(name);
    let mut properties = Properties::new();
    let mut add = |key: &str, value: String| properties.push((key.to_owned(), value));
    let fallback = State::default();
    let state = unit.as_ref().map(|unit| unit.state.borrow());
    let state = state.as_deref().unwrap_or(&fallback);
    let definition = unit.as_ref().and_then(|unit| unit.definition());
    if let Some(definition) = &definition {
        add_service(&definition.service, &mut add);
    }
    add_run(init, name, state, &mut add);
    let canonical = unit.as_ref().map_or(name, |unit| &unit.name);
    add("Id", canonical.as_str().to_owned());
    add("Names", canonical.as_str().to_owned());
    if let Some(definition) = &definition {
        add_dependencies(definition, &mut add);
    }
    let description = definition
        .as_ref()
        .map_or(name.as_str(), |definition| &definition.description);
    add("Description", description.to_owned());
    let builtin_target = name.is_target();
    add(
        "LoadState",
        if builtin_target {
            "loaded"
        } else {
            load_state(unit.as_deref())
        }
        .to_owned(),
    );
    if builtin_target {
        add("ActiveState", "active".to_owned());
        add("SubState", "active".to_owned());
        return properties;
    }
    add("ActiveState", state.active.as_str().to_owned());
    add("SubState", state.sub.to_owned());
    add_files(init, unit.as_deref(), name, &mut add);
    add_times(state, &mut add);
    add("CanStart", yes(definition.is_some()));
    add("CanStop", yes(true));
    let can_reload = definition
        .as_ref()
        .is_some_and(|definition| !definition.service.exec_reload.is_empty());
    add("CanReload", yes(can_reload));
    add(
        "NeedDaemonReload",
        yes(unit.as_ref().is_some_and(|unit| unit.is_stale(init))),
    );
    add("ConditionResult", yes(state.condition_met));
    add(
        "Transient",
        yes(unit.as_ref().is_some_and(|unit| unit.transient.get())),
    );
    add("InvocationID", state.invocation.clone());
    properties
}

pub(crate) fn load_state(unit: Option<&Unit>) -> &'static str {
    let Some(unit) = unit else {
        return "not-found";
    };
    match &**unit.loaded.borrow() {
        Loaded::NotFound => "not-found",
        Loaded::Masked(_) => "masked",
        Loaded::Unit(_, definition) if definition.fault.is_some() => "bad-setting",
        Loaded::Unit(..) => "loaded",
    }
}

fn add_service(service: &Service, add: &mut impl FnMut(&str, String)) {
    add(
        "Type",
        match service.kind {
            ServiceType::Simple => "simple",
            ServiceType::Exec => "exec",
            ServiceType::Notify => "notify",
            ServiceType::Oneshot => "oneshot",
            ServiceType::Forking => "forking",
        }
        .to_owned(),
    );
    add(
        "Restart",
        match service.restart {
            Restart::No => "no",
            Restart::Always => "always",
            Restart::OnSuccess => "on-success",
            Restart::OnFailure => "on-failure",
            Restart::OnAbnormal => "on-abnormal",
            Restart::OnAbort => "on-abort",
        }
        .to_owned(),
    );
    if let Some(path) = &service.pid_file {
        add("PIDFile", path.display().to_string());
    }
    add(
        "NotifyAccess",
        match service.notify_access {
            NotifyAccess::None => "none",
            NotifyAccess::Main => "main",
            NotifyAccess::Exec => "exec",
            NotifyAccess::All => "all",
        }
        .to_owned(),
    );
    add("RestartUSec", timespan::format(Some(service.restart_delay)));
    add("TimeoutStartUSec", timespan::format(service.start_timeout));
    add("TimeoutStopUSec", timespan::format(service.stop_timeout));
    add("RuntimeMaxUSec", timespan::format(service.run_limit));
    add("RemainAfterExit", yes(service.remain_after_exit));
    for (key, commands) in [
        ("ExecStartPre", &service.exec_start_pre),
        ("ExecStart", &service.exec_start),
        ("ExecStartPost", &service.exec_start_post),
        ("ExecReload", &service.exec_reload),
        ("ExecStop", &service.exec_stop),
        ("ExecStopPost", &service.exec_stop_post),
    ] {
        for command in commands {
            add(key, shown_command(command));
        }
    }
    add("UMask", format!("{:04o}", service.umask));
    for (name, soft, hard) in &service.limits {
        let shown =
            |limit: &Option<u64>| limit.map_or("infinity".to_owned(), |limit| limit.to_string());
        add(&format!("Limit{name}"), shown(hard));
        add(&format!("Limit{name}Soft"), shown(soft));
    }
    let directory = service.working_directory.as_ref();
    add(
        "WorkingDirectory",
        directory.map_or(String::new(), |path| path.display().to_string()),
    );
    add("User", service.user.clone().unwrap_or_default());
    add("Group", service.group.clone().unwrap_or_default());
    add(
        "KillMode",
        match service.kill_mode {
            KillMode::ControlGroup => "control-group",
            KillMode::Process => "process",
            KillMode::Mixed => "mixed",
            KillMode::None => "none",
        }
        .to_owned(),
    );
    add("KillSignal", service.kill_signal.to_string());
    add("SendSIGKILL", yes(service.send_sigkill));
    let environment: Vec<String> = service
        .environment
        .iter()
        .map(|(name, value)| {
            if value.contains(char::is_whitespace) {
                format!("\"{name}={value}\"")
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    add("Environment", environment.join(" "));
}

fn shown_command(command: &ExecCommand) -> String {
    format!(
        "{{ path={} ; argv[]={} ; ignore_errors={} }}",
        command.program,
        command.arguments.join(" "),
        yes(command.ignore_failure)
    )
}

fn add_run(init: &Init, name: &UnitName, state: &State, add: &mut impl FnMut(&str, String)) {
    let pid = |id: Option<crate::machine::proc_fs::ProcessId>| {
        id.map_or("0".to_owned(), |id| id.pid.to_string())
    };
    add("MainPID", pid(state.main));
    add("ControlPID", pid(state.control));
    add("StatusText", state.status_text.clone());
    add("Result", state.result.as_str().to_owned());
    add("ReloadResult", state.reload_result.as_str().to_owned());
    add("CleanResult", RunResult::Success.as_str().to_owned());
    add("NRestarts", state.restarts.to_string());
    let run = state.main_run;
    let ended = run.and_then(|run| run.ended);
    add_time("ExecMainStartTimestamp", run.map(|run| run.started), add);
    add_time(
        "ExecMainExitTimestamp",
        ended.map(|(moment, _)| moment),
        add,
    );
    add(
        "ExecMainPID",
        run.map_or("0".to_owned(), |run| run.pid.to_string()),
    );
    add(
        "ExecMainCode",
        ended.map_or("0".to_owned(), |(_, exit)| exit.code_number().to_string()),
    );
    add(
        "ExecMainStatus",
        ended.map_or("0".to_owned(), |(_, exit)| exit.number().to_string()),
    );
    let tasks = init.tracker.borrow_mut().of_unit(name.as_str()).len();
    add("TasksCurrent", tasks.to_string());
}

fn add_dependencies(definition: &Definition, add: &mut impl FnMut(&str, String)) {
    let dependencies = &definition.dependencies;
    for (key, units) in [
        ("Requires", &dependencies.requires),
        ("Requisite", &dependencies.requisite),
        ("Wants", &dependencies.wants),
        ("BindsTo", &dependencies.binds_to),
        ("PartOf", &dependencies.part_of),
        ("Conflicts", &dependencies.conflicts),
        ("Before", &dependencies.before),
        ("After", &dependencies.after),
        ("WantedBy", &definition.install.wanted_by),
    ] {
        let names: Vec<&str> = units.iter().map(UnitName::as_str).collect();
        if !names.is_empty() {
            add(key, names.join(" "));
        }
    }
    add(
        "StartLimitIntervalUSec",
        timespan::format(Some(definition.start_limit_interval)),
    );
    add("StartLimitBurst", definition.start_limit_burst.to_string());
}

fn add_files(
    init: &Init,
    unit: Option<&Unit>,
    name: &UnitName,
    add: &mut impl FnMut(&str, String),
) {
    let loaded = unit.map(|unit| Rc::clone(&unit.loaded.borrow()));
    if let Some(Loaded::Unit(files, _) | Loaded::Masked(files)) = loaded.as_deref() {
        if let Some(fragment) = &files.fragment {
            add("FragmentPath", fragment.display().to_string());
        }
        let drop_ins: Vec<String> = files
            .drop_ins
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        add("DropInPaths", drop_ins.join(" "));
    } else {
        add("FragmentPath", String::new());
    }
    let file_state = links::file_state(&init.layout, name).unwrap_or_default();
    add("UnitFileState", file_state.to_owned());
}

fn add_times(state: &State, add: &mut impl FnMut(&str, String)) {
    add_time("StateChangeTimestamp", state.changed, add);
    add_time("InactiveExitTimestamp", state.inactive_exit, add);
    add_time("ActiveEnterTimestamp", state.active_enter, add);
    add_time("ActiveExitTimestamp", state.active_exit, add);
    add_time("InactiveEnterTimestamp", state.inactive_enter, add);
}

/// A time on both clocks; empty and zero when it never was.
fn add_time(key: &str, moment: Option<Moment>, add: &mut impl FnMut(&str, String)) {
    add(key, moment.map(Moment::shown).unwrap_or_default());
    let monotonic = moment.map_or(0, |moment| moment.monotonic_micros);
    add(&format!("{key}Monotonic"), monotonic.to_string());
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
