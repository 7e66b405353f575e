//! `juju exec --machine`: a command on a machine, outside any hook.

use super::UnitKey;
use super::environment::machine_path;
use super::execute::{Ended, Program, execute};
use super::run_task::captured;
use crate::api::{Failure, TaskStatus};
use crate::daemon::Daemon;
use crate::model::Model;
use crate::model::operation::Work;
use jiff::Timestamp;
use std::ffi::OsString;
use std::sync::Arc;

/// Runs the task and stores what it delivered. `key` names the machine in place of a unit.
pub async fn machine_exec(daemon: Arc<Daemon>, key: UnitKey, id: u64) {
    let begun = daemon.update(&key.model, |model| Ok::<_, Failure>(begin(model, id)));
    let Ok(Some((slot, cut_off, command))) = begun else {
        return;
    };
    let root = daemon.home.machine(slot);
    let environment = [
        (
            "PATH",
            machine_path(&crate::machine::root_inside(&root)).into(),
        ),
        ("LANG", OsString::from("C.UTF-8")),
    ]
    .into();
    let program = Program {
        path: "/bin/bash".into(),
        args: vec!["-c".into(), command.into()],
        directory: root.clone(),
        environment,
        name: "juju-exec".into(),
        context: format!("machine-{slot}-juju-exec-{id}"),
        capture: true,
        machine: root,
        cut_off,
    };
    let (status, message) = match execute(&daemon, &key, program).await {
        Ok(ended) => match save(&daemon, &key, id, ended) {
            Ok(()) => (TaskStatus::Completed, None),
            Err(error) => (
                TaskStatus::Failed,
                Some(format!("cannot store the results: {error}")),
            ),
        },
        Err(error) => (TaskStatus::Failed, Some(error.to_string())),
    };
    let stored = daemon.update(&key.model, |model| {
        if let Some(task) = model.tasks.get_mut(&id) {
            let aborted = task.status == TaskStatus::Aborting;
            let status = if aborted { TaskStatus::Aborted } else { status };
            task.finish(status, message, Timestamp::now());
        }
        Ok::<_, Failure>(())
    });
    if let Err(failure) = stored {
        tracing::error!(task = id, "cannot store a task's end: {failure}");
    }
}

/// Marks the task as running. None if it cannot run; then it has failed.
fn begin(model: &mut Model, id: u64) -> Option<(u32, bool, String)> {
    let task = model.tasks.get_mut(&id)?;
    let Work::MachineExec { machine, command } = &task.work else {
        return None;
    };
    let running = model
        .machines
        .get(machine)
        .filter(|machine| machine.is_up());
    let place = running.and_then(|machine| Some((machine.slot?, machine.cut_off)));
    let Some((slot, cut_off)) = place else {
        let message = format!("machine {machine} is not running");
        task.finish(TaskStatus::Failed, Some(message), Timestamp::now());
        return None;
    };
    let job = (slot, cut_off, command.clone());
    task.status = TaskStatus::Running;
    task.started = Some(Timestamp::now());
    Some(job)
}

fn save(daemon: &Daemon, key: &UnitKey, id: u64, ended: Ended) -> std::io::Result<()> {
    let mut results = captured(ended.stdout, ended.stderr);
    results.return_code = ended.status.code().or(Some(-1));
    daemon.deliveries.save(&key.uuid, id, &results)
}
