//! What the primary's database has for applications.

use std::collections::BTreeMap;

use super::proved::Proved;
use crate::adapters::host::clock::Deadline;
use crate::adapters::postgres::{Database, PostgresError};
use crate::domain::observed::{ClientUser, ClientsView, ClusterView, DatabaseFacts, Seen};
use crate::unit::{QUESTION, Unit, because};

/// What the primary has for applications, when this unit leads in Juju.
pub(super) fn look(unit: &Unit<'_>, cluster: &Seen<ClusterView>) -> Seen<ClientsView> {
    let primary = cluster.known().and_then(ClusterView::primary);
    let Some(primary) = primary.filter(|_| unit.view.leader) else {
        return Seen::NotAsked;
    };
    let name = primary.name.to_string();
    if unit.view.clients.is_empty() && primary.name != unit.view.member {
        // While there are none, this replica knows as well whether users of former ones are left.
        let here = unit
            .database(Deadline::after(QUESTION))
            .and_then(|mut session| ask_for_clients(unit, &mut session));
        if let Ok(view) = here
            && view.users.is_empty()
        {
            return Seen::Known(view);
        }
    }
    let answer = unit
        .session_with(
            (&name, &primary.host),
            "postgres",
            Deadline::after(QUESTION),
        )
        .and_then(|mut session| ask_for_clients(unit, &mut session).map_err(because));
    match answer {
        Ok(view) => Seen::Known(view),
        Err(error) => Seen::Unreachable(error.problem().to_owned()),
    }
}

fn ask_for_clients(unit: &Unit<'_>, session: &mut Database) -> Result<ClientsView, PostgresError> {
    let mut proved = Proved::read(unit);
    let mut users = BTreeMap::new();
    for role in session.client_roles()? {
        let relation = role.mark.as_ref().map(|mark| mark.relation);
        let client = relation.and_then(|relation| unit.view.clients.get(&relation));
        let password = client.and_then(|client| client.password.as_ref());
        let password_matches = match (&role.verifier, password) {
            (Some(verifier), Some(password)) => proved.opens(&role.name, verifier, password),
            _ => false,
        };
        let user = ClientUser {
            mark: role.mark,
            login: role.login,
            password_matches,
            privileges: role.privileges,
            groups: role.groups,
            acts_as: role.acts_as,
        };
        users.insert(role.name, user);
    }
    proved.keep(unit);
    let entries = session.database_entries()?;
    Ok(ClientsView {
        users,
        groups: session.groups()?,
        own_databases_open: entries
            .iter()
            .any(|entry| entry.open && ["postgres", "template1"].contains(&&*entry.name)),
        databases: entries
            .into_iter()
            .map(|entry| {
                let facts = DatabaseFacts {
                    owner: entry.owner,
                    open: entry.open,
                };
                (entry.name, facts)
            })
            .collect(),
    })
}
