//! Units that exist only while they run: `systemd-run`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::rc::Rc;

use super::Init;
use super::spawn::PassedStreams;
use super::state::ActiveState;
use super::unit::{JobKind, Unit};
use crate::machine::protocol::{Outcome, TransientReport, TransientUnit, Wait};
use crate::machine::unit::definition::Output;
use crate::machine::unit::directory::{self, Loaded};
use crate::machine::unit::name::UnitName;

/// Makes the unit and starts it. Waits for the start unless told not to.
pub(crate) async fn start(
    init: &Rc<Init>,
    request: &TransientUnit,
    descriptors: Vec<OwnedFd>,
) -> Result<(Rc<Unit>, Outcome), String> {
    let unit = create(init, request, descriptors)?;
    init.pull_in(&unit);
    let started = unit.enqueue(init, JobKind::Start);
    let outcome = match request.wait {
        Wait::No => Outcome::Queued,
        Wait::Started | Wait::Ended => started.await.unwrap_or(Outcome::Canceled),
    };
    Ok((unit, outcome))
}

/// Waits, over automatic restarts, until the unit is at rest.
pub(crate) async fn until_ended(init: &Init, unit: &Unit) {
    unit.until(init, |state| state.active.is_dead()).await;
}

fn create(
    init: &Rc<Init>,
    request: &TransientUnit,
    descriptors: Vec<OwnedFd>,
) -> Result<Rc<Unit>, String> {
    let name = UnitName::from_argument(&request.unit)
        .filter(|name| name.is_service() && !name.is_template())
        .ok_or_else(|| format!("Unit name {} is not valid.", request.unit))?;
    let in_memory = init
        .units
        .borrow()
        .get(&name)
        .is_some_and(|unit| !matches!(**unit.loaded.borrow(), Loaded::NotFound));
    if in_memory || directory::find(&init.layout, &name).fragment.is_some() {
        return Err(format!(
            "Unit {name} was already loaded or has a fragment file."
        ));
    }
    let file = init.layout.transient_units().join(name.as_str());
    write_unit(&file, &request.text)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let unit = init
        .unit(&name)
        .ok_or_else(|| format!("Unit {name} not found."))?;
    unit.transient.set(true);
    unit.collect.set(request.collect);
    let loaded = Rc::clone(&unit.loaded.borrow());
    if let Loaded::Unit(files, definition) = &*loaded {
        if let Some(fault) = &definition.fault {
            init.forget(&unit);
            return Err(fault.clone());
        }
        if let Ok([input, output, error]) = <[OwnedFd; 3]>::try_from(descriptors) {
            pass_streams(&unit, files, definition);
            *unit.streams.borrow_mut() = Some(PassedStreams {
                input,
                output,
                error,
            });
        }
    }
    Ok(unit)
}

/// The streams of the caller take the place of the journal; this cannot be written in a unit file.
fn pass_streams(
    unit: &Unit,
    files: &directory::UnitFiles,
    definition: &Rc<crate::machine::unit::definition::Definition>,
) {
    use crate::machine::unit::definition::Input;
    let mut passing = (**definition).clone();
    passing.service.input = Input::Passed;
    passing.service.output = Output::Passed;
    passing.service.error = Output::Passed;
    *unit.loaded.borrow_mut() = Rc::new(Loaded::Unit(files.clone(), Rc::new(passing)));
}

/// Readable by its owner only, because `--setenv` may carry secrets.
fn write_unit(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}

/// What is known about the unit now.
pub(crate) fn report(unit: &Unit, outcome: Outcome) -> TransientReport {
    let state = unit.state.borrow();
    let run = state.main_run;
    let ended = run.and_then(|run| run.ended);
    let runtime_micros = run.zip(ended).map_or(0, |(run, (moment, _))| {
        moment.monotonic_micros - run.started.monotonic_micros
    });
    let at_rest = matches!(state.active, ActiveState::Inactive | ActiveState::Failed);
    TransientReport {
        outcome,
        result: if at_rest {
            state.result.as_str().to_owned()
        } else {
            String::new()
        },
        exit_kind: ended.map_or_else(String::new, |(_, exit)| exit.kind().to_owned()),
        exit_number: ended.map_or(0, |(_, exit)| exit.number()),
        runtime_micros,
    }
}
