//! Answers clients on the daemon's socket.

use super::{Daemon, sockets};
use crate::api::{Failure, LogFilter, LogPage, Reply, Request};
use crate::controller::{
    configure, deploy, export, faults, machine_view, machines, models, offers, relate, remove,
    resources, secrets, settings, status, storage, task_views, tasks, unit_view, units,
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Binds the daemon's socket; only the daemon's user can connect.
pub fn bind(daemon: &Daemon) -> std::io::Result<UnixListener> {
    sockets::bind_private(&daemon.home.socket())
}

/// Accepts clients until the task is dropped.
pub async fn serve(daemon: Arc<Daemon>, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let daemon = Arc::clone(&daemon);
                tokio::spawn(async move {
                    // A client that goes away needs no answer.
                    let _ = converse(&daemon, stream).await;
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept a client: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(daemon: &Arc<Daemon>, stream: UnixStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let (reply, last) = match serde_json::from_str::<Request>(&line) {
            Ok(request) => {
                let last = matches!(request, Request::Shutdown { .. });
                (answer(daemon, request).await, last)
            }
            Err(error) => (
                Err(Failure::invalid(format!(
                    "cannot understand the request: {error}"
                ))),
                false,
            ),
        };
        let mut text = serde_json::to_vec(&match reply {
            Ok(value) => Reply::Ok(value),
            Err(failure) => Reply::Err(failure),
        })?;
        text.push(b'\n');
        write.write_all(&text).await?;
        if last {
            daemon.stop();
        }
    }
    Ok(())
}

fn json<T: Serialize>(result: Result<T, Failure>) -> Result<Value, Failure> {
    serde_json::to_value(result?).map_err(|error| Failure::internal(error.to_string()))
}

#[expect(clippy::too_many_lines, reason = "one line per request")]
async fn answer(daemon: &Arc<Daemon>, request: Request) -> Result<Value, Failure> {
    let d = daemon.as_ref();
    match request {
        Request::Ping => json(Ok(models::controller(d))),
        Request::Shutdown { machines } => {
            d.stop_machines_at_end(machines);
            json(Ok(()))
        }
        Request::AddModel(request) => json(models::add(d, &request)),
        Request::Models => json(Ok(models::list(d))),
        Request::ShowModel { model } => json(d.read(&model, |model| Ok(models::view(d, model)))),
        Request::DestroyModel(request) => json(models::destroy(daemon, &request).await),
        Request::ModelConfig { model } => json(d.read(&model, |model| Ok(model.settings()))),
        Request::SetModelConfig {
            model,
            values,
            reset,
        } => json(models::set_config(d, &model, &values, &reset)),
        Request::ModelConstraints { model } => {
            json(d.read(&model, |model| Ok(model.constraints.clone())))
        }
        Request::SetModelConstraints { model, constraints } => {
            json(models::set_constraints(d, &model, &constraints))
        }
        Request::ModelDefaults => json(Ok(settings::defaults(d))),
        Request::SetModelDefaults { values, reset } => {
            json(settings::set_defaults(d, &values, &reset))
        }
        Request::Deploy(request) => blocking(daemon, move |d| deploy::deploy(d, &request)).await,
        Request::Refresh(request) => blocking(daemon, move |d| deploy::refresh(d, &request)).await,
        Request::ExportBundle { model } => json(export::bundle(d, &model)),
        Request::AddUnits(request) => json(units::add(d, &request)),
        Request::RemoveUnits(request) => json(remove::units(daemon, &request).await),
        Request::RemoveApplications(request) => json(remove::applications(daemon, &request).await),
        Request::Integrate(request) => json(relate::integrate(d, &request)),
        Request::RemoveRelation(request) => json(relate::remove(d, &request)),
        Request::SuspendRelations(request) => json(offers::suspend(d, &request)),
        Request::Config { model, application } => json(configure::view(d, &model, &application)),
        Request::SetConfig {
            model,
            application,
            values,
            reset,
        } => json(configure::set(d, &model, &application, &values, &reset)),
        Request::Expose {
            model,
            application,
            exposed,
        } => json(configure::expose(d, &model, &application, exposed)),
        Request::Trust {
            model,
            application,
            trust,
        } => json(configure::trust(d, &model, &application, trust)),
        Request::AttachResource {
            model,
            application,
            name,
            source,
        } => {
            blocking(daemon, move |d| {
                deploy::attach_resource(d, &model, &application, &name, &source)
            })
            .await
        }
        Request::Resources { model, target } => {
            blocking(daemon, move |d| resources::list(d, &model, &target)).await
        }
        Request::AddStorage {
            model,
            unit,
            name,
            count,
        } => json(storage::add(d, &model, &unit, &name, count)),
        Request::DetachStorage { model, storage, .. } => json(storage::detach(d, &model, &storage)),
        Request::RemoveStorage { model, storage } => json(storage::remove(d, &model, &storage)),
        Request::Actions { model, application } => {
            json(configure::actions(d, &model, &application))
        }
        Request::RunAction(request) => json(tasks::run_action(d, &request)),
        Request::Exec(request) => json(tasks::exec(daemon, &request)),
        Request::Task {
            model,
            id,
            since_line,
        } => json(task_views::show(d, &model, &id, since_line)),
        Request::Operation { model, id } => json(task_views::operation(d, &model, &id)),
        Request::RecentTasks { model, last, lines } => {
            json(task_views::recent(d, &model, last, lines))
        }
        Request::Operations { model } => json(task_views::operations(d, &model)),
        Request::CancelTask { model, id } => json(tasks::cancel(d, &model, &id)),
        Request::Status { model } => json(status::full(d, &model)),
        Request::ShowUnit { model, unit } => json(unit_view::show_unit(d, &model, &unit)),
        Request::StatusLog { model, unit, limit } => {
            json(unit_view::status_log(d, &model, &unit, limit))
        }
        Request::DebugLog(filter) => blocking(daemon, move |d| debug_log(d, &filter)).await,
        Request::Resolved {
            model,
            units,
            all,
            no_retry,
        } => json(remove::resolve(d, &model, &units, all, no_retry)),
        Request::Secrets(request) => json(secrets::list(d, &request)),
        Request::ShowSecret(request) => json(secrets::show(d, &request)),
        Request::AddSecret(request) => json(secrets::add(d, &request)),
        Request::UpdateSecret(request) => json(secrets::update(d, &request)),
        Request::GrantSecret {
            model,
            secret,
            applications,
        } => json(secrets::grant(d, &model, &secret, &applications)),
        Request::RevokeSecret {
            model,
            secret,
            applications,
        } => json(secrets::revoke(d, &model, &secret, &applications)),
        Request::RemoveSecret {
            model,
            secret,
            revision,
        } => json(secrets::remove(d, &model, &secret, revision)),
        Request::AddMachines { model, count } => json(machines::add(d, &model, count)),
        Request::RemoveMachines(request) => json(machines::remove(daemon, &request).await),
        Request::Machines { model } => json(machine_view::list(d, &model)),
        Request::MachineOf { model, target } => json(machine_view::find(d, &model, &target)),
        Request::CreateOffer(offer) => json(offers::create(d, &offer)),
        Request::Offers { model } => json(offers::list(d, &model)),
        Request::RemoveOffer { model, name, force } => {
            json(offers::remove(d, &model, &name, force))
        }
        Request::Consume(request) => json(offers::consume(d, &request)),
        Request::RemoveSaas { model, names } => json(offers::remove_saas(d, &model, &names)),
        Request::Fault(fault) => json(faults::inject(daemon, fault).await),
    }
}

/// Requests that read or write many files do not hold up the others.
async fn blocking<T: Serialize + Send + 'static>(
    daemon: &Arc<Daemon>,
    work: impl FnOnce(&Daemon) -> Result<T, Failure> + Send + 'static,
) -> Result<Value, Failure> {
    let daemon = Arc::clone(daemon);
    let result = tokio::task::spawn_blocking(move || work(&daemon)).await;
    json(result.map_err(|error| Failure::internal(error.to_string()))?)
}

fn debug_log(daemon: &Daemon, filter: &LogFilter) -> Result<LogPage, Failure> {
    let uuid = daemon.read(&filter.model, |model| Ok(model.uuid.clone()))?;
    daemon
        .logs
        .page(&uuid, filter)
        .map_err(|error| Failure::internal(format!("cannot read the debug log: {error}")))
}
