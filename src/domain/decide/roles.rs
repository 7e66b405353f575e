//! The system roles and their passwords, in the database of the primary.

use crate::domain::decision::Decision;
use crate::domain::observed::{Observed, Passwords, Seen};
use crate::domain::plan::{Plan, Step};
use crate::domain::words::SystemUser;

/// Every system role is as it should be, and opens with the password in the application's secret.
///
/// The secret is the truth: a password that was changed in the database by a dispatch that died before Juju recorded it
/// goes back to the recorded one, so role, secret and Patroni's configuration agree again.
pub fn roles(seen: &Observed) -> Decision {
    let (Seen::Known(database), Passwords::Known { users, .. }, true) =
        (&seen.database, &seen.juju.passwords, seen.is_primary())
    else {
        return Decision::Settled;
    };
    let mut steps = Vec::new();
    let wanting = SystemUser::ALL.iter().any(|user| {
        database
            .roles
            .get(user.name())
            .is_none_or(|role| !role.as_wanted)
    });
    if wanting {
        steps.push(Step::MakeRoles);
    }
    for (user, password) in users {
        let opens = database
            .roles
            .get(user.name())
            .is_some_and(|role| role.password_matches);
        if !opens {
            steps.push(Step::SetRolePassword(*user, password.clone()));
        }
    }
    if steps.is_empty() {
        Decision::Settled
    } else {
        Decision::Do(Plan::new(
            "make the system roles what they should be",
            steps,
        ))
    }
}
