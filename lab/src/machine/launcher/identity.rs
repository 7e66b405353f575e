//! Taking on the user and groups of a unit.

use rustix::process::{Gid, Uid};

use super::{ExecRequest, Failure};
use crate::machine::accounts::{self, User};
use crate::machine::signal::exit;

pub(super) struct Identity {
    pub(super) user: Option<User>,
    group: Option<u32>,
    supplementary: Vec<u32>,
}

pub(super) fn resolve(request: &ExecRequest) -> Result<Identity, Failure> {
    let user = match &request.user {
        Some(name) => Some(accounts::user(name).ok_or_else(|| {
            Failure::new(
                exit::USER,
                format!("Failed to determine user credentials: no user {name}"),
            )
        })?),
        None => None,
    };
    let find_group = |name: &String| {
        accounts::group(name).ok_or_else(|| {
            Failure::new(
                exit::GROUP,
                format!("Failed to determine group credentials: no group {name}"),
            )
        })
    };
    let group = request.group.as_ref().map(find_group).transpose()?;
    let mut supplementary: Vec<u32> = request
        .supplementary_groups
        .iter()
        .map(find_group)
        .collect::<Result<_, _>>()?;
    if let Some(user) = &user {
        supplementary.extend(accounts::supplementary_groups(&user.name));
    }
    Ok(Identity {
        group: group.or(user.as_ref().map(|user| user.gid)),
        user,
        supplementary,
    })
}

impl Identity {
    /// Gives up the rights of the init for those of the unit. Groups go first: afterwards they cannot change.
    pub(super) fn assume(&self) -> Result<(), Failure> {
        let failed = |code, what: &str, error: rustix::io::Errno| {
            Failure::new(code, format!("Failed to set {what}: {error}"))
        };
        if let Some(group) = self.group {
            let mut groups: Vec<Gid> = self
                .supplementary
                .iter()
                .map(|id| Gid::from_raw(*id))
                .collect();
            groups.push(Gid::from_raw(group));
            rustix::thread::set_thread_groups(&groups)
                .map_err(|error| failed(exit::GROUP, "groups", error))?;
            // One thread is all there is: the thread's ids are the process's.
            rustix::thread::set_thread_gid(Gid::from_raw(group))
                .map_err(|error| failed(exit::GROUP, "group", error))?;
        }
        if let Some(user) = &self.user {
            rustix::thread::set_thread_uid(Uid::from_raw(user.uid))
                .map_err(|error| failed(exit::USER, "user", error))?;
        }
        Ok(())
    }
}
