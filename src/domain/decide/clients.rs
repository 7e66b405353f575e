//! Related applications: the leader sees to it that each has its database and its user, and nobody else has one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::clients::{ACCESS_GROUP, Account, Answer, Mark, Refusal, is_former, user};
use crate::domain::decision::{Decision, Wait};
use crate::domain::observed::{
    Client, ClientUser, ClientsView, ClusterView, ManagedFile, MemberState, Observed, Packages,
    Role, Seen,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::render::POSTGRESQL_PORT;
use crate::domain::words::SystemUser;

/// A primary that was just elected refuses connections for a moment.
const PATIENCE: Duration = Duration::from_secs(20);

/// Databases and users in the primary's database are those of the related applications.
pub fn clients(seen: &Observed) -> Decision {
    // While a restore puts another database in place, there is none to work on.
    let held = seen.cluster.known().and_then(ClusterView::held_for);
    if !seen.juju.leader || seen.host.restore.is_some() || held.is_some() {
        return Decision::Settled;
    }
    let view = match &seen.clients {
        Seen::Known(view) => view,
        Seen::Unreachable(why) if !seen.juju.clients.is_empty() => {
            return Decision::Wait(Wait::a_while(
                PATIENCE,
                format!("the primary's database does not answer: {why}"),
            ));
        }
        Seen::Unreachable(_) | Seen::NotAsked => return Decision::Settled,
    };
    let accounts = accounts(seen, view);
    let mut steps = Vec::new();
    let wanted = accounts.values().any(Result::is_ok);
    if wanted && (!view.groups.contains(ACCESS_GROUP) || view.own_databases_open) {
        steps.push(Step::MakeAccessGroup);
    }
    for account in working(seen, &accounts) {
        if !view.has(&account.database) {
            steps.push(Step::MakeClientDatabase {
                user: account.user.clone(),
                database: account.database.clone(),
            });
        }
    }
    steps.extend(surplus(seen, view).map(|user| Step::RemoveClientUser(user.clone())));
    steps.extend(strangers(seen, view).map(|user| Step::PutClientUserAside(user.clone())));
    for account in working(seen, &accounts) {
        let ready = view
            .users
            .get(&account.user)
            .is_some_and(|user| is_ready(user, account));
        if !ready {
            let client = seen.juju.clients.get(&account.mark.relation);
            steps.push(Step::MakeClientUser {
                account: account.clone(),
                password: client.and_then(|client| client.password.clone()),
            });
        }
    }
    if steps.is_empty() {
        Decision::Settled
    } else {
        Decision::Do(Plan::new("give applications what they ask for", steps))
    }
}

/// The user of each relation that asks for something, or why it gets nothing.
fn accounts(seen: &Observed, view: &ClientsView) -> BTreeMap<u32, Result<Account, Refusal>> {
    let of = |(relation, client): (&u32, &Client)| match &client.request {
        Ok(None) => None,
        Err(refusal) => Some((*relation, Err(refusal.clone()))),
        Ok(Some(request)) => {
            let cluster = seen.juju.cluster_id();
            let account = Account::of(request, &cluster, *relation, &view.groups)
                .and_then(|account| may_have_its_database(account, view));
            Some((*relation, account))
        }
    };
    seen.juju.clients.iter().filter_map(of).collect()
}

/// A database that is there may be the charm's, an administrator's who made it for the application, or one of a cluster of
/// the incumbent's. It is not taken from a role that somebody else has given it to.
fn may_have_its_database(account: Account, view: &ClientsView) -> Result<Account, Refusal> {
    let database = &account.database;
    let Some(facts) = view.databases.get(database.as_str()) else {
        return Ok(account);
    };
    let owner = database.owner();
    let takes = [&owner, SystemUser::Operator.name(), &account.user];
    if takes.contains(&facts.owner.as_str()) {
        return Ok(account);
    }
    Err(Refusal::DatabaseTaken {
        database: database.to_string(),
        owner: facts.owner.clone(),
    })
}

/// Those for whom there is something to do: not refused, and not tried in vain in this dispatch.
fn working<'a>(
    seen: &'a Observed,
    accounts: &'a BTreeMap<u32, Result<Account, Refusal>>,
) -> impl Iterator<Item = &'a Account> {
    let tried = |account: &&Account| !seen.clients_failed.contains_key(&account.user);
    accounts
        .values()
        .filter_map(|account| account.as_ref().ok())
        .filter(tried)
}

/// Users of this cluster's relations that are over.
fn surplus<'a>(seen: &'a Observed, view: &'a ClientsView) -> impl Iterator<Item = &'a String> {
    let is_over = |name: &str, mark: &Mark| {
        !seen.juju.clients.contains_key(&mark.relation) || name != user(mark.relation)
    };
    users(seen, view).filter_map(move |(name, found, mark)| {
        let over = mark.is_some_and(|mark| is_over(name, mark));
        (over && !is_aside(name, found)).then_some(name)
    })
}

/// Users of the cluster that the database was restored from, even when they are called like one of ours. They are of use to
/// nobody here, and somebody may know why they are there.
fn strangers<'a>(seen: &'a Observed, view: &'a ClientsView) -> impl Iterator<Item = &'a String> {
    users(seen, view).filter_map(|(name, found, mark)| {
        (mark.is_none() && !is_aside(name, found)).then_some(name)
    })
}

/// The users that were not tried in vain in this dispatch, with their marks when those are this cluster's.
fn users<'a>(
    seen: &'a Observed,
    view: &'a ClientsView,
) -> impl Iterator<Item = (&'a String, &'a ClientUser, Option<&'a Mark>)> {
    let cluster = seen.juju.cluster_id();
    let tried = |(name, _): &(&String, &ClientUser)| seen.clients_failed.contains_key(*name);
    let all = view.users.iter().filter(move |found| !tried(found));
    all.map(move |(name, found)| {
        let mark = found.mark.as_ref().filter(|mark| mark.cluster == cluster);
        (name, found, mark)
    })
}

fn is_aside(name: &str, found: &ClientUser) -> bool {
    is_former(name) && !found.login && !found.groups.contains(ACCESS_GROUP)
}

fn is_ready(user: &ClientUser, account: &Account) -> bool {
    let acts_as = user.acts_as.get(account.database.as_str());
    let owner = account.database.owner();
    user.mark.as_ref() == Some(&account.mark)
        && user.login
        && user.password_matches
        && user.privileges == account.privileges
        && account.groups.is_subset(&user.groups)
        && acts_as == account.acts_as_owner.then_some(&owner)
}

/// What each application is to be told now, by the number of its relation.
///
/// Nothing is told before the user is there, and nothing is taken back while it is not known who the primary is.
pub fn answers(seen: &Observed) -> BTreeMap<u32, Answer> {
    let mut answers = BTreeMap::new();
    let Some(cluster) = seen.cluster.known().filter(|_| seen.juju.leader) else {
        return answers;
    };
    let Some(primary) = cluster.primary() else {
        return answers;
    };
    let Packages::Present { version, .. } = &seen.host.packages else {
        return answers;
    };
    let mut replicas: Vec<String> = cluster
        .members
        .iter()
        .filter(|member| {
            member.role == Role::Replica
                && member.state == MemberState::Running
                && !cluster.is_stale(&member.name)
        })
        .map(|member| at(&member.host))
        .collect();
    replicas.sort();
    if replicas.is_empty() {
        replicas.push(at(&primary.host));
    }
    // By then every unit accepts TLS, and as long as some do not accept it any more, none refuses to go without.
    let peers = seen.juju.peers.as_ref();
    let tls = peers.is_some_and(|peers| peers.tls_course.stage.uses());
    let authorities = seen
        .host
        .files
        .get(&ManagedFile::TlsAuthorities)
        .filter(|_| tls);
    let ready = |relation: u32| {
        let view = seen.clients.known()?;
        let account = accounts(seen, view).remove(&relation)?.ok()?;
        let user = view.users.get(&account.user)?;
        Some(is_ready(user, &account) && view.has(&account.database))
    };
    for (relation, client) in &seen.juju.clients {
        let (Ok(Some(request)), Some(password)) = (&client.request, &client.password) else {
            continue;
        };
        if !client.answered && ready(*relation) != Some(true) {
            continue;
        }
        answers.insert(
            *relation,
            Answer {
                database: request.database.clone(),
                user: user(*relation),
                password: password.clone(),
                primary: at(&primary.host),
                replicas: replicas.clone(),
                version: version.clone(),
                tls,
                authorities: authorities.map_or_else(String::new, |pem| pem.expose().to_owned()),
                said: client.said.clone(),
                secrets: request.secrets.clone(),
            },
        );
    }
    answers
}

/// Where a member's PostgreSQL listens.
fn at(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]:{POSTGRESQL_PORT}")
    } else {
        format!("{host}:{POSTGRESQL_PORT}")
    }
}

/// Why an application does not have what it asks for; the first of them, and how many more there are.
pub fn trouble(seen: &Observed) -> Option<String> {
    let view = seen.clients.known()?;
    let refused = accounts(seen, view)
        .into_iter()
        .filter_map(|(relation, account)| Some((relation, account.err()?)))
        .map(|(relation, refusal)| {
            let client = seen.juju.clients.get(&relation);
            let application = client.map_or("", |client| client.application.as_str());
            format!(
                "{application} (relation {relation}): {refusal} ({})",
                refusal.hint()
            )
        });
    let failed = seen
        .clients_failed
        .iter()
        .map(|(user, why)| format!("{user}: {why}"));
    let mut all = refused.chain(failed);
    let first = all.next()?;
    Some(match all.count() {
        0 => first,
        more => format!("{first}; and {more} more"),
    })
}
