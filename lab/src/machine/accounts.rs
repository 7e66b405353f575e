//! Users and groups of the computer, from `/etc/passwd` and `/etc/group`.

use std::fs;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
}

/// The user with this name or, when all digits, this id. An id needs no entry.
pub(crate) fn user(name_or_id: &str) -> Option<User> {
    let text = fs::read_to_string("/etc/passwd").unwrap_or_default();
    find_user(&text, name_or_id)
}

/// The id of the group with this name or id.
pub(crate) fn group(name_or_id: &str) -> Option<u32> {
    let text = fs::read_to_string("/etc/group").unwrap_or_default();
    groups(&text)
        .find(|(name, _, _)| *name == name_or_id)
        .map(|(_, gid, _)| gid)
        .or_else(|| name_or_id.parse().ok())
}

/// The ids of the groups that list `user` as a member.
pub(crate) fn supplementary_groups(user: &str) -> Vec<u32> {
    let text = fs::read_to_string("/etc/group").unwrap_or_default();
    groups(&text)
        .filter(|(_, _, members)| members.split(',').any(|member| member == user))
        .map(|(_, gid, _)| gid)
        .collect()
}

fn find_user(text: &str, name_or_id: &str) -> Option<User> {
    let id: Option<u32> = name_or_id.parse().ok();
    let listed = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let user = User {
            name: fields.next()?.to_owned(),
            uid: fields.nth(1)?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
            home: fields.nth(1)?.to_owned(),
            shell: fields.next().unwrap_or("/bin/sh").to_owned(),
        };
        (user.name == name_or_id || Some(user.uid) == id).then_some(user)
    });
    listed.or_else(|| {
        Some(User {
            name: name_or_id.to_owned(),
            uid: id?,
            gid: id?,
            home: "/".to_owned(),
            shell: "/bin/sh".to_owned(),
        })
    })
}

fn groups(text: &str) -> impl Iterator<Item = (&str, u32, &str)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((
            fields.next()?,
            fields.nth(1)?.parse().ok()?,
            fields.next().unwrap_or_default(),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\npostgres:x:117:125:PG,,,:/var/lib/postgresql:/bin/sh\n";

    #[test]
    fn a_user_is_found_by_name_and_by_id() {
        let postgres = find_user(PASSWD, "postgres").unwrap();
        assert_eq!((postgres.uid, postgres.gid), (117, 125));
        assert_eq!(postgres.home, "/var/lib/postgresql");
        assert_eq!(find_user(PASSWD, "117").unwrap(), postgres);
    }

    #[test]
    fn an_unlisted_id_is_a_user_and_an_unlisted_name_is_not() {
        assert_eq!(find_user(PASSWD, "65000").unwrap().uid, 65000);
        assert_eq!(find_user(PASSWD, "nobody-here"), None);
    }

    #[test]
    fn members_are_matched_whole() {
        let text = "ssl-cert:x:110:postgres,backup\nother:x:111:postgres2\n";
        let member_of: Vec<u32> = groups(text)
            .filter(|(_, _, members)| members.split(',').any(|member| member == "postgres"))
            .map(|(_, gid, _)| gid)
            .collect();
        assert_eq!(member_of, [110]);
    }
}
