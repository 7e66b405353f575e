//! Application leadership: a lease that its holder renews and that runs out when the holder falls silent.

use super::{Life, Model};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub holder: String,
    pub expires: Timestamp,
}

/// Grants, renews and moves leases. A holder renews once half of its time is over, as long as `is_up` (its agent
/// runs on a machine that has power). A dying holder keeps the lease until it is dead, but a dying unit never
/// gets one. Returns whether leadership of any application changed.
pub fn settle(model: &mut Model, now: Timestamp, is_up: &dyn Fn(&str) -> bool) -> bool {
    let ttl = model.lease_ttl();
    let mut moved = false;
    for application in model.applications.values_mut() {
        if let Some(lease) = &mut application.lease {
            let exists = model
                .units
                .get(&lease.holder)
                .is_some_and(|unit| unit.life != Life::Dead);
            if exists && lease.expires > now {
                if is_up(&lease.holder) && lease.expires < now + ttl / 2 {
                    lease.expires = now + ttl;
                }
                continue;
            }
        }
        let avoid = application.lease.take().map(|lease| lease.holder);
        let mut candidates: Vec<_> = model
            .units
            .values()
            .filter(|unit| {
                unit.application == application.name
                    && unit.life == Life::Alive
                    && is_up(&unit.name)
            })
            .collect();
        // The former holder let the lease run out; another unit asks first.
        candidates.sort_by_key(|unit| (avoid.as_deref() == Some(&unit.name), unit.number));
        application.lease = candidates.first().map(|unit| Lease {
            holder: unit.name.clone(),
            expires: now + ttl,
        });
        moved |= application.lease.as_ref().map(|lease| &lease.holder) != avoid.as_ref();
    }
    moved
}

/// Gives every holder a full term: while the controller was away nobody could renew.
pub fn extend_all(model: &mut Model, now: Timestamp) {
    let ttl: SignedDuration = model.lease_ttl();
    for lease in model
        .applications
        .values_mut()
        .filter_map(|application| application.lease.as_mut())
    {
        lease.expires = now + ttl;
    }
}
