//! Looking: hook tools and adapters in, values out.

mod clients;
mod cluster;
mod database;
mod etcd;
mod host;
mod proved;

pub(crate) use cluster::{cluster_elsewhere, member};

use super::{Unit, is_stranger};
use crate::adapters::host::clock;
use crate::domain::observed::{DataDirectory, Observed, Seen, Service, ServiceState};
use crate::error::StepError;

/// Looks at everything a decision may rest on; what cannot be there yet is not asked for.
pub(super) fn observe(unit: &Unit<'_>) -> Result<Observed, StepError> {
    let mut host = host::look(unit)?;
    let patroni_runs = host.service(Service::Patroni) == ServiceState::Running;
    let etcd_may_answer = host.service(Service::Etcd) == ServiceState::Running || patroni_runs;
    let (etcd, lost_quorum) = if etcd_may_answer {
        etcd::look(unit)
    } else {
        (Seen::NotAsked, None)
    };
    let cluster = if patroni_runs {
        cluster::look(unit)
    } else {
        Seen::NotAsked
    };
    host.stranger = etcd.known().is_some()
        && !cluster::runs_in(&cluster, unit)
        && host.data == DataDirectory::Present
        && stranger(unit);
    host.copied = cluster::copied(unit, &cluster, &host.packages);
    Ok(Observed {
        juju: unit.view.clone(),
        etcd,
        lost_quorum,
        clients: clients::look(unit, &cluster),
        clients_failed: unit.clients_failed.clone(),
        cluster,
        database: if patroni_runs {
            database::look(unit)
        } else {
            Seen::NotAsked
        },
        host,
        now: clock::now(),
        waited: unit.idle_since.elapsed(),
        repository_tried: unit.repository_tried,
        etcd_lead_tried: unit.etcd_lead_tried,
    })
}

/// Whether this unit's data is of another database than the cluster's; what is not known is no reason to think so.
fn stranger(unit: &Unit<'_>) -> bool {
    is_stranger(unit).unwrap_or_else(|error| {
        tracing::debug!("cannot tell whether the data is the cluster's: {error}");
        false
    })
}
