//! What each system role may do: as little as its work needs.

use super::words::SystemUser;

/// A system role as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemRole {
    /// Whether it is a superuser.
    pub superuser: bool,
    /// Whether it may stream.
    pub replication: bool,
    /// The predefined roles it is a member of.
    pub member_of: &'static [&'static str],
}

/// The role of a system user.
pub const fn wanted(user: SystemUser) -> SystemRole {
    let (superuser, replication, member_of): (bool, bool, &[&str]) = match user {
        SystemUser::Operator => (true, true, &[]),
        SystemUser::Replication => (false, true, &[]),
        SystemUser::Rewind => (false, false, &[]),
        SystemUser::Monitoring => (false, false, &["pg_monitor"]),
        SystemUser::Backup => (false, false, &["pg_read_all_settings"]),
    };
    SystemRole {
        superuser,
        replication,
        member_of,
    }
}

/// Statements that give the system roles, once they exist, the functions their work needs. They may be repeated.
pub fn grants(major: u32) -> Vec<String> {
    // pg_rewind reads the other server's files through these.
    let rewind = [
        "pg_ls_dir(text, boolean, boolean)",
        "pg_stat_file(text, boolean)",
        "pg_read_binary_file(text)",
        "pg_read_binary_file(text, bigint, bigint, boolean)",
    ];
    // pgBackRest starts and stops a backup with these, under the names the version has.
    let backup: &[&str] = if major >= 15 {
        &[
            "pg_backup_start(text, boolean)",
            "pg_backup_stop(boolean)",
            "pg_switch_wal()",
            "pg_create_restore_point(text)",
        ]
    } else {
        &[
            "pg_start_backup(text, boolean, boolean)",
            "pg_stop_backup(boolean, boolean)",
            "pg_switch_wal()",
            "pg_create_restore_point(text)",
        ]
    };
    let grant = |function: &&str, role: SystemUser| {
        format!(
            "GRANT EXECUTE ON FUNCTION pg_catalog.{function} TO {}",
            role.name()
        )
    };
    rewind
        .iter()
        .map(|function| grant(function, SystemUser::Rewind))
        .chain(
            backup
                .iter()
                .map(|function| grant(function, SystemUser::Backup)),
        )
        // Once applications are related, not everybody may connect there any more.
        .chain(
            [
                SystemUser::Rewind,
                SystemUser::Backup,
                SystemUser::Monitoring,
            ]
            .map(|role| format!("GRANT CONNECT ON DATABASE postgres TO {}", role.name())),
        )
        .collect()
}
