//! What becomes of a unit when a hook starts, succeeds, fails or is killed.

use super::relations_watch;
use crate::model::hook::{Hook, RelationEvent, SecretEvent};
use crate::model::progress::{HookFailure, PendingHook, RelationProgress, Running, RunningKind};
use crate::model::relation::ScopeState;
use crate::model::unit::Unit;
use crate::model::{Life, Model};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;

/// Longest pause between two tries of a failed hook.
const LONGEST_RETRY: SignedDuration = SignedDuration::from_mins(5);
/// A secret whose rotation or expiry was announced but not acted on is announced again after this time.
const SECRET_REPEAT: SignedDuration = SignedDuration::from_mins(5);

/// What was true when the operation was chosen; completing it records exactly that as seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub config: String,
    pub boot: u64,
}

/// The agent begins to run a hook.
pub fn begin_hook(model: &mut Model, unit: &str, hook: &Hook, context: &str, now: Timestamp) {
    let Some(unit) = model.units.get_mut(unit) else {
        return;
    };
    unit.resolved = None;
    unit.progress.running = Some(Running {
        context: context.to_owned(),
        what: RunningKind::Hook(hook.clone()),
    });
    match hook {
        Hook::Install if !unit.spoke => {
            unit.set_workload("maintenance", "installing charm software", now);
        }
        Hook::Stop => unit.set_workload("maintenance", "stopping charm software", now),
        Hook::Remove => {
            unit.set_workload("maintenance", "cleaning up prior to charm deletion", now);
        }
        _ => {}
    }
    if *hook != Hook::UpdateStatus {
        unit.set_agent("executing", &hook.running_message(), now);
    }
}

/// The hook ran to its end (or is taken as if it had).
pub fn complete_hook(model: &mut Model, unit: &str, hook: &Hook, seen: &Seen, now: Timestamp) {
    let interval = model.update_status_interval();
    let Some(it) = model.units.get_mut(unit) else {
        return;
    };
    it.progress.running = None;
    it.progress.hook = None;
    it.resolved = None;
    if it.progress.repeat.first() == Some(hook) {
        it.progress.repeat.remove(0);
    }
    it.progress.last.insert(hook.name(), hook.clone());
    match hook {
        Hook::Install => it.progress.installed = true,
        Hook::ConfigChanged => {
            it.progress.config = Some(seen.config.clone());
            if !it.progress.started {
                it.progress.queue(Hook::Start);
            }
        }
        Hook::UpgradeCharm => it.progress.queue(Hook::ConfigChanged),
        Hook::Start => {
            it.progress.started = true;
            it.progress.boot = seen.boot;
            it.progress.update_status = Some(now + interval);
            if !it.spoke {
                it.set_workload("unknown", "", now);
            }
        }
        Hook::Stop => {
            it.progress.stopped = true;
            it.set_workload("maintenance", "", now);
        }
        Hook::Remove => {
            it.progress.removed = true;
            it.set_workload("terminated", "", now);
        }
        Hook::UpdateStatus => it.progress.update_status = Some(now + interval),
        Hook::LeaderElected => {
            it.progress.leader = true;
            it.progress.told_follower = true;
        }
        Hook::LeaderSettingsChanged => it.progress.told_follower = true,
        Hook::Relation(relation) => {
            let seen = it.progress.relations.entry(relation.relation).or_default();
            complete_relation(
                seen,
                relation.event,
                relation.remote_unit.as_deref(),
                relation.version,
            );
        }
        Hook::Storage(storage) if storage.attached => {
            it.progress.storage.insert(storage.id.clone());
        }
        Hook::Storage(storage) => {
            it.progress.storage.remove(&storage.id);
            if let Some(instance) = model.storage.get_mut(&storage.id) {
                instance.unit = None;
                instance.since = now;
            }
        }
        Hook::Secret(secret) => {
            complete_secret(model, unit, secret.event, &secret.id, secret.revision, now);
        }
    }
    retire(model, unit);
}

fn complete_relation(
    seen: &mut RelationProgress,
    event: RelationEvent,
    unit: Option<&str>,
    version: u64,
) {
    match (event, unit) {
        (RelationEvent::Created, _) => seen.created = true,
        (RelationEvent::Joined, Some(unit)) => {
            seen.members.insert(unit.to_owned(), version);
            seen.changed_pending = Some(unit.to_owned());
        }
        (RelationEvent::Changed, Some(unit)) => {
            if seen.changed_pending.as_deref() == Some(unit) {
                seen.changed_pending = None;
            }
            seen.members.insert(unit.to_owned(), version);
        }
        (RelationEvent::Changed, None) => seen.app_version = version,
        (RelationEvent::Departed, Some(unit)) => {
            seen.members.remove(unit);
            if seen.changed_pending.as_deref() == Some(unit) {
                seen.changed_pending = None;
            }
        }
        (RelationEvent::Broken, _) => seen.broken = true,
        (RelationEvent::Joined | RelationEvent::Departed, None) => {}
    }
}

fn complete_secret(
    model: &mut Model,
    unit: &str,
    event: SecretEvent,
    id: &str,
    revision: u64,
    now: Timestamp,
) {
    if let Some(secret) = model.secrets.get_mut(id)
        && secret.latest == revision
    {
        let clock = match event {
            SecretEvent::Rotate => &mut secret.rotates,
            SecretEvent::Expired => &mut secret.expires,
            SecretEvent::Changed | SecretEvent::Remove => &mut None,
        };
        // The owner may have put it off without a new revision.
        if clock.is_some_and(|due| due <= now) {
            *clock = Some(now + SECRET_REPEAT);
        }
    }
    let Some(unit) = model.units.get_mut(unit) else {
        return;
    };
    match event {
        SecretEvent::Changed => {
            unit.progress
                .secrets_changed
                .insert(id.to_owned(), revision);
        }
        SecretEvent::Remove => {
            unit.progress
                .secrets_removed
                .insert((id.to_owned(), revision));
        }
        SecretEvent::Rotate | SecretEvent::Expired => {}
    }
}

/// The hook failed: the unit is in error until it succeeds or the operator skips it.
pub fn fail_hook(model: &mut Model, unit: &str, hook: &Hook, now: Timestamp) {
    let delay = model.retry_delay();
    let Some(unit) = model.units.get_mut(unit) else {
        return;
    };
    let attempts = match unit.progress.failed() {
        Some((failed, failure)) if failed == hook => failure.attempts + 1,
        _ => 1,
    };
    let retry_at =
        delay.map(|delay| now + retry_pause(delay, attempts, rand::rng().random_range(0.8..1.2)));
    unit.progress.running = None;
    unit.progress.hook = Some(PendingHook {
        hook: hook.clone(),
        failure: Some(HookFailure {
            attempts,
            since: now,
            retry_at,
        }),
    });
}

/// `first`, doubled with every attempt up to five minutes, times `jitter`.
fn retry_pause(first: SignedDuration, attempts: u32, jitter: f64) -> SignedDuration {
    let doubled =
        first.as_secs_f64() * 2_f64.powi(attempts.saturating_sub(1).min(16).cast_signed());
    let seconds = doubled.min(LONGEST_RETRY.as_secs_f64()) * jitter;
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(LONGEST_RETRY)
}

/// The hook's process was killed: it runs again at once. An error it was in stays recorded.
pub fn requeue_hook(unit: &mut Unit, hook: &Hook, now: Timestamp) {
    unit.progress.running = None;
    match &mut unit.progress.hook {
        Some(PendingHook {
            hook: failed,
            failure: Some(failure),
        }) if failed == hook => failure.retry_at = Some(now),
        _ => unit.progress.queue(hook.clone()),
    }
}

/// Relations that the unit should be in and is not.
pub fn relations_to_enter(model: &Model, unit: &str) -> Vec<u64> {
    let Some(it) = model.units.get(unit) else {
        return Vec::new();
    };
    if it.life != Life::Alive || !it.progress.installed || it.progress.hook.is_some() {
        return Vec::new();
    }
    model
        .relations_of(&it.application)
        .filter(|relation| relation.is_active() && !relation.is_inside(unit))
        .map(|relation| relation.id)
        .collect()
}

/// Lets the unit enter relations it has not entered.
pub fn enter_relations(model: &mut Model, unit: &str, address: &str) {
    for id in relations_to_enter(model, unit) {
        if let Some(relation) = model.relations.get_mut(&id) {
            relation.enter(unit, address);
        }
    }
}

/// Lets the unit leave relations that are over for it, and removes relations that everybody left.
pub fn retire(model: &mut Model, unit: &str) {
    let Some(it) = model.units.get_mut(unit) else {
        return;
    };
    let dying = it.life != Life::Alive;
    for relation in model.relations.values_mut() {
        let ending = dying || !relation.is_active() || relation.is_leaving(unit);
        let peer = relation.is_peer();
        let over = relations_watch::is_over(peer, it.progress.relations.get(&relation.id));
        if let Some(scope) = relation.units.get_mut(unit)
            && ending
            && over
        {
            scope.state = ScopeState::Left;
            it.progress.relations.remove(&relation.id);
        }
    }
    sweep_relations(model);
}

/// Removes dying relations that no unit is in any more, with the grants bound to them.
pub fn sweep_relations(model: &mut Model) {
    let over: Vec<u64> = model
        .relations
        .values()
        .filter(|relation| relation.life != Life::Alive)
        .filter(|relation| {
            relation
                .units
                .values()
                .all(|scope| scope.state == ScopeState::Left)
        })
        .map(|relation| relation.id)
        .collect();
    for id in over {
        model.relations.remove(&id);
        model.revoke_by_relation(id);
    }
    model.sweep_saas();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::{Owner, Secret};
    use std::collections::BTreeMap;

    /// When a secret expires next, if its owner heard of it now: `expires` is after the hook, in seconds from then.
    fn expires_next(expires: i64, revision: u64) -> i64 {
        let now = Timestamp::UNIX_EPOCH;
        let mut model = Model::new("m", "u".into(), now);
        let owner = Owner::Application("pg".into());
        let mut secret = Secret::new("s".into(), owner, BTreeMap::new(), now);
        secret.expires = Some(now + SignedDuration::from_secs(expires));
        model.secrets.insert("s".into(), secret);
        complete_secret(&mut model, "pg/0", SecretEvent::Expired, "s", revision, now);
        let next = model.secrets["s"].expires.unwrap();
        next.duration_since(now).as_secs()
    }

    #[test]
    fn what_is_due_of_a_secret_is_told_again_unless_something_was_done() {
        assert_eq!(expires_next(-1, 1), 300, "nothing was done");
        assert_eq!(expires_next(86400, 1), 86400, "it was put off");
        assert_eq!(expires_next(-1, 0), -1, "there is a revision since");
    }

    #[test]
    fn the_pause_between_retries_doubles_up_to_five_minutes() {
        let first = SignedDuration::from_secs(5);
        let pauses: Vec<i64> = (1..=8)
            .map(|attempt| retry_pause(first, attempt, 1.0).as_secs())
            .collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(retry_pause(first, u32::MAX, 1.0), LONGEST_RETRY);
    }
}
