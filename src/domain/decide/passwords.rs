//! The passwords of the system users.

use super::services::uncertain;
use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::files;
use crate::domain::observed::{
    ManagedFile, Member, MemberState, Observed, Passwords, Seen, Written,
};
use crate::domain::passwords::{self, SetPassword, Setting};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::words::{Secret, SystemUser};

/// The application has its secret, or it is being made by this dispatch.
pub fn made(seen: &Observed) -> Decision {
    let making = seen.juju.written.contains(&Written::Passwords);
    match (&seen.juju.passwords, seen.juju.leader) {
        (Passwords::Known { .. }, _) => Decision::Settled,
        (Passwords::Absent, true) if making => Decision::Settled,
        (Passwords::Absent, true) => Decision::Do(Plan::new(
            "make the application's passwords",
            vec![Step::MakePasswords],
        )),
        (Passwords::Absent, false) => Decision::Wait(Wait::until(
            Wake::PeersChanged,
            "waiting for the leader's passwords",
        )),
    }
}

/// What a request for another password comes to: refused, nothing to do, or this password for that user.
///
/// # Errors
///
/// Refuses before anything is changed.
pub fn asked(
    seen: &Observed,
    username: Option<&str>,
    password: Option<&str>,
    random: impl FnMut() -> u8,
) -> Result<Setting, Refusal> {
    let Passwords::Known { users, .. } = &seen.juju.passwords else {
        return Err(Refusal::NoPasswords);
    };
    let not_ready = not_ready(seen)?;
    let asked = SetPassword {
        leader: seen.juju.leader,
        username,
        password,
        not_ready: &not_ready,
    };
    Ok(passwords::set(
        &asked,
        |user| users.get(&user).cloned(),
        random,
    )?)
}

/// Gives a system user another password: the role first, then what Patroni uses, and last the secret.
///
/// Juju records the secret when the dispatch has ended well. If it dies before, the next look finds a role that the
/// recorded password does not open, and gives it back the recorded one: the three agree again, on the old password, which
/// is the one everybody still has.
///
/// # Errors
///
/// Refuses before anything is changed.
pub fn set(seen: &Observed, user: SystemUser, new: &Secret) -> Result<Plan, Refusal> {
    // From another unit it is reached over the network, with the password of now.
    if seen
        .cluster
        .known()
        .and_then(|cluster| cluster.primary())
        .is_none()
    {
        return Err(Refusal::NotThePrimary { primary: None });
    }
    let mut steps = vec![Step::SetRolePassword(user, new.clone())];
    let mut changed = seen.clone();
    if let Passwords::Known { users, .. } = &mut changed.juju.passwords {
        users.insert(user, new.clone());
    }
    // Without a configuration there is no Patroni yet that would have to learn it.
    if let Ok(config) = files::patroni_config(&changed, &files::archive_command(seen))
        && !seen.host.holds(ManagedFile::PatroniConfig, &config)
    {
        let (follow, in_force) = files::patroni_follows(&changed, &config);
        // If Juju does not record the new password, Patroni has to read the old one again.
        steps.extend(uncertain(seen, ManagedFile::PatroniInForce, &in_force));
        let write = |file, content| Step::WriteFile { file, content };
        steps.push(write(ManagedFile::PatroniConfig, config));
        steps.extend(follow);
        steps.push(write(ManagedFile::PatroniInForce, in_force));
    }
    steps.push(Step::StorePassword(user, new.clone()));
    Ok(Plan::new(format!("change the password of {user}"), steps))
}

/// Members that would go on with the old password.
fn not_ready(seen: &Observed) -> Result<Vec<String>, Refusal> {
    let cluster = match &seen.cluster {
        Seen::Known(cluster) => cluster,
        other => return Err(Refusal::ClusterUnreachable(other.why().to_owned())),
    };
    let away = |member: &Member| match &member.state {
        MemberState::Running => None,
        MemberState::Other(state) => Some(format!("{} is {state}", member.name.unit())),
    };
    Ok(cluster.members.iter().filter_map(away).collect())
}
