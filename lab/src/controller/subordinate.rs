//! Subordinate units: one beside each principal unit that entered a container-scoped relation with them.

use crate::model::identity;
use crate::model::relation::ScopeState;
use crate::model::{Life, Model};
use jiff::Timestamp;

/// Creates the subordinate units that are missing, and ends those whose principal ends or whose last relation with it
/// is over.
pub fn settle(model: &mut Model, _now: Timestamp) {
    let mut missing: Vec<(String, String, u32)> = Vec::new();
    for relation in model
        .relations
        .values()
        .filter(|it| it.container_scoped && it.life == Life::Alive)
    {
        let Some(subordinate) = relation.ends.iter().find(|end| {
            model
                .applications
                .get(&end.application)
                .is_some_and(|it| it.charm.subordinate && it.life == Life::Alive)
        }) else {
            continue;
        };
        for (name, scope) in &relation.units {
            let Some(principal) = model
                .units
                .get(name)
                .filter(|unit| unit.life == Life::Alive)
            else {
                continue;
            };
            if scope.state != ScopeState::In
                || identity::application_of(name) == subordinate.application
            {
                continue;
            }
            let has_one = model
                .units_of(&subordinate.application)
                .any(|unit| unit.principal.as_deref() == Some(name.as_str()));
            let entry = (
                subordinate.application.clone(),
                name.clone(),
                principal.machine,
            );
            if !has_one && !missing.contains(&entry) {
                missing.push(entry);
            }
        }
    }
    for (application, principal, machine) in missing {
        if let Err(failure) = super::units::add_unit(model, &application, machine, Some(&principal))
        {
            tracing::error!(
                application,
                principal,
                "cannot add a subordinate unit: {failure}"
            );
        }
    }
    for name in orphans(model) {
        super::remove::begin_unit(model, &name);
    }
}

/// Alive subordinates whose principal is on its way out or related to them no longer.
fn orphans(model: &Model) -> Vec<String> {
    model
        .units
        .values()
        .filter(|unit| unit.life == Life::Alive)
        .filter(|unit| {
            let Some(principal) = &unit.principal else {
                return false;
            };
            let stays = model
                .units
                .get(principal)
                .is_some_and(|it| it.life == Life::Alive);
            let related = model.relations_of(&unit.application).any(|relation| {
                relation.container_scoped
                    && relation.life == Life::Alive
                    && relation
                        .end_of(identity::application_of(principal))
                        .is_some()
            });
            !stays || !related
        })
        .map(|unit| unit.name.clone())
        .collect()
}
