//! What each request does.

use std::rc::Rc;

use rustix::process::Signal;

use super::Init;
use super::jobs::Submitted;
use super::show;
use super::shutdown;
use super::state::{ActiveState, RunResult};
use super::unit::Unit;
use crate::machine::proc_fs;
use crate::machine::protocol::{
    Answer, Change, JobReport, Outcome, ProcessReport, Request, UnitSummary, Verb, Whom,
};
use crate::machine::unit::links;
use crate::machine::unit::name::UnitName;

/// Whether the request only looks.
pub(crate) fn is_query(request: &Request) -> bool {
    matches!(
        request,
        Request::Ping | Request::Show { .. } | Request::List | Request::Processes
    )
}

pub(crate) async fn answer(init: &Rc<Init>, request: Request) -> Answer {
    match request {
        Request::Ping => Answer::Done,
        Request::Job { verb, units, wait } => jobs(init, verb, &units, wait).await,
        Request::DaemonReload => {
            for unit in init.loaded_units() {
                unit.read_files(init);
            }
            Answer::Done
        }
        Request::Show { unit } => match UnitName::from_argument(&unit) {
            Some(name) => Answer::Properties(show::properties(init, &name)),
            None => Answer::Refused(format!("Unit name {unit} is not valid.")),
        },
        Request::List => Answer::Units(list(init)),
        Request::Change {
            change,
            units,
            runtime,
        } => change_links(init, change, &units, runtime),
        Request::Kill {
            units,
            whom,
            signal,
        } => Answer::Each(each(&units, |name| kill(init, name, whom, signal))),
        Request::ResetFailed { units } => reset_failed(init, &units),
        Request::Transient(_) => Answer::Refused("Nobody is there to wait for it.".to_owned()),
        Request::Processes => Answer::Processes(processes(init)),
        Request::Freeze => {
            init.tracker.borrow_mut().signal_all(Signal::STOP);
            Answer::Done
        }
        Request::Thaw => {
            init.tracker.borrow_mut().signal_all(Signal::CONT);
            Answer::Done
        }
        Request::Shutdown { reboot } => {
            shutdown::stop_everything(init).await;
            *init.ending.borrow_mut() = Some(reboot);
            init.changed.notify_waiters();
            Answer::Done
        }
    }
}

async fn jobs(init: &Rc<Init>, verb: Verb, units: &[String], wait: bool) -> Answer {
    let mut submitted = Vec::new();
    for text in units {
        let result = match UnitName::from_argument(text) {
            Some(name) => {
                let shown = name.as_str().to_owned();
                (shown, init.submit(verb, &name))
            }
            None => (text.clone(), Err(Outcome::InvalidName)),
        };
        submitted.push(result);
    }
    let mut reports = Vec::new();
    for (unit, result) in submitted {
        let (outcome, stale) = match result {
            Err(outcome) => (outcome, false),
            Ok(Submitted { outcome, stale }) => (
                match outcome {
                    None => Outcome::Done,
                    Some(_) if !wait => Outcome::Queued,
                    Some(outcome) => outcome.await.unwrap_or(Outcome::Canceled),
                },
                stale,
            ),
        };
        reports.push(JobReport {
            unit,
            outcome,
            stale,
        });
    }
    Answer::Jobs(reports)
}

fn list(init: &Rc<Init>) -> Vec<UnitSummary> {
    let summary = |unit: &Rc<Unit>| {
        let state = unit.state.borrow();
        UnitSummary {
            name: unit.name().to_owned(),
            load: show::load_state(Some(unit)).to_owned(),
            active: state.active.as_str().to_owned(),
            sub: state.sub.to_owned(),
            description: unit
                .definition()
                .map_or_else(String::new, |definition| definition.description.clone()),
        }
    };
    init.loaded_units().iter().map(summary).collect()
}

fn change_links(init: &Rc<Init>, change: Change, units: &[String], runtime: bool) -> Answer {
    let mut names = Vec::new();
    for text in units {
        match UnitName::from_argument(text) {
            Some(name) => names.push(name),
            None => return Answer::Refused(format!("Unit name {text} is not valid.")),
        }
    }
    let result = match change {
        Change::Enable => links::enable(&init.layout, &names, runtime),
        Change::Disable => links::disable(&init.layout, &names, runtime),
        Change::Mask => links::mask(&init.layout, &names, runtime),
        Change::Unmask => links::unmask(&init.layout, &names, runtime),
    };
    match result {
        Ok(changes) => {
            for unit in init.loaded_units() {
                unit.read_files(init);
            }
            Answer::Changes {
                lines: changes.lines,
                nothing_to_install: changes.nothing_to_install,
            }
        }
        Err(error) => Answer::Refused(error.to_string()),
    }
}

/// Does something to each unit; per unit the cause why it could not be done.
fn each(
    units: &[String],
    mut action: impl FnMut(&UnitName) -> Result<(), String>,
) -> Vec<(String, Option<String>)> {
    units
        .iter()
        .map(|text| match UnitName::from_argument(text) {
            Some(name) => (name.as_str().to_owned(), action(&name).err()),
            None => (
                text.clone(),
                Some(format!("Unit name {text} is not valid.")),
            ),
        })
        .collect()
}

fn kill(init: &Rc<Init>, name: &UnitName, whom: Whom, number: i32) -> Result<(), String> {
    let unit = init
        .unit(name)
        .ok_or_else(|| format!("Unit {name} not loaded."))?;
    let signal = Signal::from_named_raw(number).ok_or("Signal number out of range.")?;
    let (main, control) = {
        let state = unit.state.borrow();
        (state.main, state.control)
    };
    let targets = match whom {
        Whom::Main => vec![main.ok_or("No main process to kill")?],
        Whom::Control => vec![control.ok_or("No control process to kill")?],
        Whom::All => init.tracker.borrow_mut().of_unit(unit.name()),
    };
    // `--kill-who=all` on a unit without processes is no error, as with systemd.
    for target in targets {
        target.signal(signal);
    }
    Ok(())
}

fn reset_failed(init: &Rc<Init>, units: &[String]) -> Answer {
    let reset = |unit: &Rc<Unit>| {
        {
            let mut state = unit.state.borrow_mut();
            state.starts.clear();
            state.restarts = 0;
            if state.active == ActiveState::Failed {
                state.enter(ActiveState::Inactive, "dead");
            }
            state.result = RunResult::Success;
        }
        if unit.transient.get() && unit.state.borrow().active == ActiveState::Inactive {
            init.forget(unit);
        }
        init.changed.notify_waiters();
    };
    if units.is_empty() {
        init.loaded_units().iter().for_each(reset);
        return Answer::Done;
    }
    Answer::Each(each(units, |name| match init.unit(name) {
        Some(unit) => {
            reset(&unit);
            Ok(())
        }
        None => Err(format!("Unit {name} not loaded.")),
    }))
}

fn processes(init: &Rc<Init>) -> Vec<ProcessReport> {
    let this = std::process::id();
    let report = |pid, unit| ProcessReport {
        pid,
        unit,
        command: proc_fs::command_line(pid),
    };
    let mut reports = vec![report(this, None)];
    let all = init.tracker.borrow_mut().all();
    reports.extend(all.into_iter().map(|(id, unit)| report(id.pid, unit)));
    reports
}
