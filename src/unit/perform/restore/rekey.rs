//! The charm's own users get the passwords of this application, and each has logged in before the copy is put in place.

use super::copy::{CHANGES, open_beside};
use crate::adapters::host::clock::Deadline;
use crate::adapters::postgres::{Login, Target as Connection, try_login_in, verifier};
use crate::domain::observed::Passwords;
use crate::domain::render::POSTGRESQL_PORT;
use crate::error::StepError;
use crate::unit::{Unit, because};

/// The database in which logins are tried. What may be logged in to without a password are the others.
const REHEARSAL: &str = "template1";

pub(in crate::unit::perform) fn rekey(unit: &Unit<'_>) -> Result<(), StepError> {
    let Passwords::Known { users, .. } = &unit.view.passwords else {
        return Err(StepError::expected(
            "the application's passwords are not known",
            "",
        ));
    };
    let mut database = open_beside(unit, CHANGES).map_err(because)?;
    for (user, password) in users {
        let new = verifier::new(password);
        database
            .set_role_password(user.name(), &new)
            .map_err(because)?;
        let open = format!(
            "ALTER ROLE {} VALID UNTIL 'infinity' CONNECTION LIMIT -1",
            user.name()
        );
        database.execute(&open).map_err(because)?;
    }
    for (user, password) in users {
        let socket = unit.layout.recovery_socket_dir();
        let target = Connection {
            socket_dir: socket,
            port: POSTGRESQL_PORT,
            user: user.name().into(),
            database: REHEARSAL.into(),
        };
        match try_login_in(&target, password, Deadline::after(CHANGES)) {
            Ok(Login::Accepted) => {}
            Ok(Login::Rejected { message }) => {
                return Err(StepError::expected(
                    format!("the copy does not accept the password of {user}: {message}"),
                    "",
                ));
            }
            Err(error) => return Err(because(error)),
        }
    }
    database.checkpoint().map_err(because)
}
