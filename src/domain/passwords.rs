//! The passwords of the cluster's own users: which may be read, which may be set, and what a good one is.

use crate::domain::words::{Secret, SystemUser};

/// Length of a generated password: 142 bits, beyond guessing whatever a hash costs.
pub const GENERATED_LENGTH: usize = 24;

/// The longest password that is taken, in bytes.
pub const LONGEST: usize = 512;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A password that `get-password` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Database(SystemUser),
    /// Patroni's REST interface; it is no database user and cannot be set.
    Patroni,
}

impl Holder {
    /// The key of its password in the cluster's secret.
    pub fn secret_key(self) -> String {
        match self {
            Self::Database(user) => user.secret_key(),
            Self::Patroni => "patroni-password".to_owned(),
        }
    }
}

/// Why a password is not read or set. Nothing was changed. No message holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no system user `{given}`")]
    UnknownUser { given: String },
    #[error("no username is given")]
    NoUser,
    #[error("the password of patroni is the cluster's own and cannot be set")]
    Patroni,
    #[error("this unit is not the leader")]
    NotLeader,
    #[error("a member of the cluster would miss the change: {}", members.join(", "))]
    MembersNotReady { members: Vec<String> },
    #[error("the password is empty")]
    Empty,
    #[error("the password is longer than {LONGEST} bytes")]
    TooLong,
    #[error("the password contains a line break or another control character")]
    ControlCharacter,
    #[error("the password has characters outside ASCII, which not every client sends alike")]
    NotAscii,
    #[error("what is given is the stored form of a password, not a password")]
    Verifier,
}

impl Refusal {
    /// What the operator can do instead.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownUser { .. } | Self::NoUser | Self::Patroni => {
                format!("users whose password can be set: {}", SystemUser::list())
            }
            Self::NotLeader => "run the action on the leader: <application>/leader".to_owned(),
            Self::MembersNotReady { .. } => {
                "wait until every unit is active, or remove the units that are gone".to_owned()
            }
            Self::Empty => "leave out the parameter to have one generated".to_owned(),
            Self::TooLong | Self::ControlCharacter | Self::NotAscii => {
                format!(
                    "give at most {LONGEST} bytes of printable text, or leave the parameter out to have one generated"
                )
            }
            Self::Verifier => {
                "give the password itself; nobody could log in with its stored form".to_owned()
            }
        }
    }
}

/// Whose password `get-password` is asked for; the operator's without a name.
pub fn readable(username: Option<&str>) -> Result<Holder, Refusal> {
    match username.filter(|name| !name.is_empty()) {
        None => Ok(Holder::Database(SystemUser::Operator)),
        Some("patroni") => Ok(Holder::Patroni),
        Some(name) => system_user(name).map(Holder::Database),
    }
}

fn system_user(name: &str) -> Result<SystemUser, Refusal> {
    name.parse().map_err(|_| Refusal::UnknownUser {
        given: name.chars().take(60).collect(),
    })
}

/// What `set-password` is asked for and what it depends on.
#[derive(Clone, Copy, Debug)]
pub struct SetPassword<'a> {
    pub leader: bool,
    pub username: Option<&'a str>,
    /// None to have one generated.
    pub password: Option<&'a str>,
    /// Members that do not run or do not follow: they would keep the old password.
    pub not_ready: &'a [String],
}

/// What comes of `set-password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The password is already the one that is asked for.
    Unchanged(SystemUser),
    /// The user gets this password.
    Change { user: SystemUser, password: Secret },
}

/// Decides `set-password`. `stored` gives the present password of a user, `random` bytes to generate one from.
///
/// Refused are, in this order: a unit that is not the leader, a missing or unknown name, a password that cannot work,
/// and a cluster of which a member would miss the change.
pub fn set(
    asked: &SetPassword<'_>,
    stored: impl Fn(SystemUser) -> Option<Secret>,
    random: impl FnMut() -> u8,
) -> Result<Setting, Refusal> {
    if !asked.leader {
        return Err(Refusal::NotLeader);
    }
    let user = match asked.username.filter(|name| !name.is_empty()) {
        None => return Err(Refusal::NoUser),
        Some("patroni") => return Err(Refusal::Patroni),
        Some(name) => system_user(name)?,
    };
    let given = asked.password.map(supplied).transpose()?;
    if given.is_some() && given == stored(user) {
        return Ok(Setting::Unchanged(user));
    }
    if !asked.not_ready.is_empty() {
        return Err(Refusal::MembersNotReady {
            members: asked.not_ready.to_vec(),
        });
    }
    let password = given.unwrap_or_else(|| generated(random));
    Ok(Setting::Change { user, password })
}

/// Checks a password that an operator supplies, which is taken as it is.
pub fn supplied(text: &str) -> Result<Secret, Refusal> {
    // PostgreSQL stores text of these shapes as it is instead of hashing it.
    let md5 = text
        .strip_prefix("md5")
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()));
    match text {
        "" => Err(Refusal::Empty),
        _ if text.len() > LONGEST => Err(Refusal::TooLong),
        _ if text.chars().any(char::is_control) => Err(Refusal::ControlCharacter),
        // Patroni 3.0 cannot make a database with one: a cluster restored from nothing would not come up.
        _ if !text.is_ascii() => Err(Refusal::NotAscii),
        _ if md5 || text.starts_with("SCRAM-SHA-256$") => Err(Refusal::Verifier),
        _ => Ok(Secret::new(text)),
    }
}

/// A password of letters and digits, each character equally likely, from a source of random bytes. It takes a few
/// bytes more than there are characters.
pub fn generated(mut random: impl FnMut() -> u8) -> Secret {
    // 248 is the largest multiple of 62 in a byte; the eight values above would favour some characters.
    let characters = std::iter::repeat_with(&mut random)
        .filter(|byte| *byte < 248)
        .filter_map(|byte| ALPHABET.get(usize::from(byte) % ALPHABET.len()))
        .map(|character| char::from(*character));
    Secret::new(characters.take(GENERATED_LENGTH).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEADER: SetPassword<'_> = SetPassword {
        leader: true,
        username: Some("operator"),
        password: None,
        not_ready: &[],
    };

    fn ask(asked: &SetPassword<'_>) -> Result<Setting, Refusal> {
        let stored = |user| (user == SystemUser::Operator).then(|| Secret::new("present"));
        let mut bytes = (0..=255).cycle();
        set(asked, stored, || bytes.next().unwrap())
    }

    #[test]
    fn get_password_knows_the_system_users_and_patroni_and_means_the_operator_without_a_name() {
        assert_eq!(readable(None), Ok(Holder::Database(SystemUser::Operator)));
        assert_eq!(
            readable(Some("")),
            Ok(Holder::Database(SystemUser::Operator))
        );
        assert_eq!(readable(Some("patroni")), Ok(Holder::Patroni));
        for user in SystemUser::ALL {
            assert_eq!(readable(Some(user.name())), Ok(Holder::Database(user)));
        }
        let refusal = readable(Some("raft")).unwrap_err();
        assert_eq!(refusal.to_string(), "there is no system user `raft`");
        assert_eq!(
            refusal.hint(),
            "users whose password can be set: operator, replication, rewind, monitoring, backup"
        );
    }

    #[test]
    fn a_supplied_password_is_set_for_any_system_user() {
        for user in SystemUser::ALL {
            let asked = SetPassword {
                username: Some(user.name()),
                password: Some("new"),
                ..LEADER
            };
            let password = Secret::new("new");
            assert_eq!(ask(&asked), Ok(Setting::Change { user, password }));
        }
    }

    #[test]
    fn without_a_password_one_is_generated() {
        let Ok(Setting::Change {
            user: SystemUser::Operator,
            password,
        }) = ask(&LEADER)
        else {
            panic!("a change is expected");
        };
        assert_eq!(password.expose(), "ABCDEFGHIJKLMNOPQRSTUVWX");
    }

    #[test]
    fn the_present_password_is_no_change_even_while_a_member_is_down() {
        let down = ["pg-1".to_owned()];
        let asked = SetPassword {
            password: Some("present"),
            not_ready: &down,
            ..LEADER
        };
        assert_eq!(ask(&asked), Ok(Setting::Unchanged(SystemUser::Operator)));
    }

    #[test]
    fn each_reason_to_refuse_is_told_apart_and_comes_in_order() {
        let down = ["pg-1".to_owned(), "pg-2".to_owned()];
        let bad = SetPassword {
            leader: false,
            username: None,
            password: Some(""),
            not_ready: &down,
        };
        assert_eq!(ask(&bad), Err(Refusal::NotLeader));
        let bad = SetPassword {
            leader: true,
            ..bad
        };
        assert_eq!(ask(&bad), Err(Refusal::NoUser));
        assert_eq!(
            ask(&SetPassword {
                username: Some("patroni"),
                ..bad
            }),
            Err(Refusal::Patroni)
        );
        let unknown = Refusal::UnknownUser {
            given: "alice".to_owned(),
        };
        assert_eq!(
            ask(&SetPassword {
                username: Some("alice"),
                ..bad
            }),
            Err(unknown)
        );
        let bad = SetPassword {
            username: Some("rewind"),
            ..bad
        };
        assert_eq!(ask(&bad), Err(Refusal::Empty));
        let refusal = ask(&SetPassword {
            password: None,
            ..bad
        })
        .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "a member of the cluster would miss the change: pg-1, pg-2"
        );
    }

    #[test]
    fn passwords_that_could_not_be_used_are_refused() {
        for (text, why) in [
            ("", Refusal::Empty),
            ("p\u{e4}ss", Refusal::NotAscii),
            ("a\nb", Refusal::ControlCharacter),
            ("a\0b", Refusal::ControlCharacter),
            ("a\u{85}b", Refusal::ControlCharacter),
            ("md5d41d8cd98f00b204e9800998ecf8427e", Refusal::Verifier),
            ("SCRAM-SHA-256$4096:c2FsdA==$a:b", Refusal::Verifier),
        ] {
            assert_eq!(supplied(text), Err(why));
        }
        assert_eq!(supplied(&"x".repeat(LONGEST + 1)), Err(Refusal::TooLong));
        assert!(supplied(&"x".repeat(LONGEST)).is_ok());
        assert!(supplied("md5 is no hash: 'quoted' \"u\" \\ $").is_ok());
    }

    #[test]
    fn every_character_is_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        let mut passed_over = 0;
        for first in 0..=255_u8 {
            // The bytes after the first give `A`, so the first gives the first character unless it is passed over.
            let mut taken = 0;
            let password = generated(|| {
                taken += 1;
                if taken == 1 { first } else { 0 }
            });
            if taken > GENERATED_LENGTH {
                passed_over += 1;
            } else {
                *counts
                    .entry(password.expose().chars().next().unwrap())
                    .or_insert(0) += 1;
            }
        }
        assert_eq!(passed_over, 8);
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 4));
    }

    proptest! {
        #[test]
        fn a_generated_password_has_its_length_and_is_one_that_could_be_supplied(
            seed in proptest::collection::vec(0..248_u8, 1..200),
        ) {
            let mut bytes = seed.into_iter().cycle();
            let password = generated(|| bytes.next().unwrap());
            prop_assert_eq!(password.expose().len(), GENERATED_LENGTH);
            prop_assert!(password.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
            prop_assert_eq!(supplied(password.expose()), Ok(password));
        }

        #[test]
        fn no_refusal_shows_the_password(text in "[ -~]{1,20}[\u{1}-\u{8}][ -~]{1,20}") {
            let refusal = supplied(&text).unwrap_err();
            let shown = format!("{refusal} {refusal:?} {}", refusal.hint());
            prop_assert!(!shown.contains(&text));
        }
    }
}
