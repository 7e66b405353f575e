//! What to do about what is seen. Pure functions, one file a topic.

pub mod backup;
pub mod backup_server;
pub mod certificates;
pub mod clients;
pub mod commits;
pub mod etcd_lead;
pub mod install;
pub mod leave;
pub mod members;
pub mod passwords;
pub mod promote;
pub mod quorum;
pub mod repository;
pub mod restore;
pub mod roles;
pub mod services;
pub mod standing;
pub mod status;
pub mod tls;
pub mod voters;

use super::decision::Decision;
use super::observed::{Observed, Seen};
use super::refusal::Refusal;

/// A decision about one topic; it may rest on everything before it being settled.
type Decider = fn(&Observed) -> Decision;

/// The deciders, in the order in which a unit comes to life. The first that is not settled speaks.
const DECIDERS: [(&str, Decider); 40] = [
    ("leaving", leave::leaving),
    ("packages", install::packages),
    ("directories", install::directories),
    ("unfinished restore", restore::finish),
    ("address", members::address),
    ("certificate", certificates::certificate),
    ("passwords", passwords::made),
    ("voters", members::voters),
    ("what Juju has to record first", members::recorded),
    ("what the peers know of TLS", tls::announce),
    ("stage of TLS", tls::lead),
    ("certificate on the machine", tls::certificate),
    ("etcd", services::etcd),
    ("etcd's passwords", services::protected_etcd),
    ("where etcd is reached", tls::peer),
    ("a copy from the repository", repository::seed),
    ("data of another database", restore::stranger),
    ("Patroni", services::patroni),
    ("watcher", services::watcher),
    ("restore elsewhere", restore::held),
    ("membership", services::membership),
    ("commits that wait for nobody", commits::commits),
    ("TLS in effect", tls::effect),
    ("certificate put away", tls::put_away),
    ("units that are back", quorum::returned),
    ("parameters", services::parameters),
    ("restarts", services::restarts),
    ("roles", roles::roles),
    ("applications", clients::clients),
    ("what the peers know", standing::standing),
    ("backups that the peers take", backup_server::announce),
    ("what the peers know of a restore", restore::told),
    ("where is archived", restore::moved),
    ("change of voters", voters::change),
    ("a vote of its own", voters::join),
    ("a vote given up", voters::retire),
    ("who leads etcd", etcd_lead::etcd_lead),
    ("repository", repository::repository),
    ("pgBackRest's server", backup_server::server),
    ("the peers' repository", standing::stanza),
];

/// What to do now, for any event.
///
/// Every event asks the same question, so a lost or repeated event makes no difference, and whatever died half-way is
/// met again here.
pub fn reconcile(seen: &Observed) -> Decision {
    explain(seen).1
}

/// The same, with the name of the topic that spoke; for `plan`, which tells people why.
pub fn explain(seen: &Observed) -> (&'static str, Decision) {
    DECIDERS
        .iter()
        .map(|(topic, decide)| (*topic, decide(seen)))
        .find(|(_, decision)| *decision != Decision::Settled)
        .unwrap_or(("everything", Decision::Settled))
}

/// Whether this unit is the one that accepts writes.
///
/// # Errors
///
/// Names the unit that is, or says that nobody can tell.
fn on_the_primary(seen: &Observed) -> Result<(), Refusal> {
    if seen.is_primary() {
        return Ok(());
    }
    match &seen.cluster {
        Seen::Known(cluster) => Err(Refusal::NotThePrimary {
            primary: cluster.primary().map(|member| member.name.unit()),
        }),
        other => Err(Refusal::ClusterUnreachable(other.why().to_owned())),
    }
}
