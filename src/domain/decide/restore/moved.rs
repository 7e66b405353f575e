//! A cluster whose database came from another cluster's repository: where it archives, and what becomes of the replicas.

use crate::domain::decide::repository;
use crate::domain::decision::Decision;
use crate::domain::observed::{ClusterView, Moved, Observed, Service, Written};
use crate::domain::plan::{Plan, Step};

/// Every unit knows where is archived, from the cluster's configuration if need be: whoever restored may have died before
/// it could tell.
pub fn moved(seen: &Observed) -> Decision {
    let restored = seen.cluster.known().and_then(ClusterView::restored);
    let known = Moved::later(seen.juju.moved.clone(), restored.and_then(|it| it.moved));
    let (Some(peers), Some(moved)) = (&seen.juju.peers, known) else {
        return Decision::Settled;
    };
    if seen.juju.moved.as_ref() != Some(&moved) {
        return Decision::Do(Plan::new(
            "archive where the restored database does",
            vec![Step::MoveRepository(moved)],
        ));
    }
    let told = Moved::later(peers.moved.clone(), Some(moved.clone())) == peers.moved;
    if seen.juju.leader && !told && !seen.juju.written.contains(&Written::Moved) {
        return Decision::Do(Plan::new(
            "tell the peers where is archived",
            vec![Step::PublishMoved(moved)],
        ));
    }
    Decision::Settled
}

/// Patroni ends at once on the data of another database than the cluster's, so it cannot be asked to make it anew.
pub fn stranger(seen: &Observed) -> Decision {
    if !seen.host.stranger || seen.host.restore.is_some() {
        return Decision::Settled;
    }
    let mut steps = vec![Step::Stop(Service::Patroni)];
    // A copy from the repository of before would be of the other database again.
    if let Some(store) = seen.juju.object_storage.given() {
        steps.extend(repository::write_own_files(seen, store).unwrap_or_default());
    }
    steps.extend([Step::RemoveStranger, Step::Start(Service::Patroni)]);
    Decision::Do(Plan::new(
        "make this replica anew, whose data is of another database than the cluster's",
        steps,
    ))
}
