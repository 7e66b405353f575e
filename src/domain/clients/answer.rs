//! What an application is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::DatabaseName;
use crate::domain::words::Secret;

/// What an application is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its database.
    pub database: DatabaseName,
    /// Its user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// Where it can write: `host:port`.
    pub primary: String,
    /// Where it can read, as `host:port`; the primary when there is no replica.
    pub replicas: Vec<String>,
    /// The version of PostgreSQL.
    pub version: String,
    /// Whether it is to use TLS.
    pub tls: bool,
    /// The authorities that vouch for the servers, PEM; empty without TLS.
    pub authorities: String,
    /// What the application itself has said, as JSON.
    pub said: String,
    /// What it wants to be told in a secret.
    pub secrets: BTreeSet<String>,
}

/// A secret that several values share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// How to log in.
    User,
    /// How to trust the servers.
    Tls,
}

impl Group {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::Tls];

    /// The key of the databag that names the secret.
    pub const fn key(self) -> &'static str {
        match self {
            Self::User => "secret-user",
            Self::Tls => "secret-tls",
        }
    }

    /// Its part of the secret's label.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tls => "tls",
        }
    }
}

/// An answer as it is written: what stands in the open, and what in secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Keys and values of the databag. A value without text removes the key. Any may be a password: an application that
    /// asks for no secrets gets it here.
    pub open: BTreeMap<&'static str, Secret>,
    /// The contents of the secrets.
    pub secrets: BTreeMap<Group, BTreeMap<&'static str, Secret>>,
}

impl Answer {
    /// Divides the answer between the databag and secrets.
    pub fn written(&self) -> Written {
        let replicas = self.replicas.join(",");
        let tls = if self.tls { "True" } else { "False" };
        let mut written = Written::default();
        for (key, text) in [
            ("data", self.said.clone()),
            ("database", self.database.to_string()),
            ("endpoints", self.primary.clone()),
            ("read-only-endpoints", replicas.clone()),
            ("version", self.version.clone()),
        ] {
            written.open.insert(key, Secret::new(text));
        }
        for (group, key, value) in [
            (Group::User, "username", Secret::new(self.user.clone())),
            (Group::User, "password", self.password.clone()),
            (Group::User, "uris", self.uri(&self.primary)),
            (Group::User, "read-only-uris", self.uri(&replicas)),
            (Group::Tls, "tls", Secret::new(tls)),
            (Group::Tls, "tls-ca", Secret::new(self.authorities.clone())),
        ] {
            if self.secrets.contains(key) {
                if !value.expose().is_empty() {
                    written.secrets.entry(group).or_default().insert(key, value);
                }
                written.open.insert(key, Secret::new(""));
            } else if key != "read-only-uris" {
                // That one is given to those who ask for it, which can only be done by asking for a secret.
                written.open.insert(key, value);
            }
        }
        written
    }

    /// A URI as libpq reads it.
    fn uri(&self, hosts: &str) -> Secret {
        let password = self.password.expose();
        let (user, database) = (escaped(&self.user), escaped(self.database.as_str()));
        let password = escaped(password);
        Secret::new(format!("postgresql://{user}:{password}@{hosts}/{database}"))
    }
}

/// Everything but what RFC 3986 leaves alone is written as `%XX`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(secrets: &[&str]) -> Answer {
        Answer {
            database: "my shop".parse().unwrap(),
            user: "relation-7".into(),
            password: Secret::new("hidden"),
            primary: "10.0.0.1:5432".into(),
            replicas: vec!["10.0.0.2:5432".into(), "[fd00::3]:5432".into()],
            version: "15.18".into(),
            tls: false,
            authorities: String::new(),
            said: r#"{"database":"my shop"}"#.into(),
            secrets: secrets.iter().map(ToString::to_string).collect(),
        }
    }

    fn exposed(values: &BTreeMap<&'static str, Secret>) -> BTreeMap<&'static str, String> {
        let text = |value: &Secret| value.expose().to_owned();
        values
            .iter()
            .map(|(key, value)| (*key, text(value)))
            .collect()
    }

    const ALL: [&str; 6] = [
        "username",
        "password",
        "tls",
        "tls-ca",
        "uris",
        "read-only-uris",
    ];

    #[test]
    fn who_asks_for_no_secrets_is_told_all_in_the_open() {
        let written = answer(&[]).written();
        assert!(written.secrets.is_empty());
        let open = exposed(&written.open);
        assert_eq!(open["username"], "relation-7");
        assert_eq!(open["password"], "hidden");
        assert_eq!(
            open["uris"],
            "postgresql://relation-7:hidden@10.0.0.1:5432/my%20shop"
        );
        assert_eq!(open["endpoints"], "10.0.0.1:5432");
        assert_eq!(open["read-only-endpoints"], "10.0.0.2:5432,[fd00::3]:5432");
        assert_eq!((&*open["tls"], &*open["tls-ca"]), ("False", ""));
        assert_eq!(open["data"], r#"{"database":"my shop"}"#);
        assert!(!open.contains_key("read-only-uris"));
    }

    #[test]
    fn what_is_asked_for_as_a_secret_leaves_the_open() {
        let mut answer = answer(&ALL);
        answer.tls = true;
        answer.authorities = "PEM".into();
        let written = answer.written();
        let open = exposed(&written.open);
        for key in ALL {
            assert_eq!(open[key], "", "{key}");
        }
        assert_eq!(
            exposed(&written.secrets[&Group::User]),
            BTreeMap::from([
                ("username", "relation-7".into()),
                ("password", "hidden".into()),
                (
                    "uris",
                    "postgresql://relation-7:hidden@10.0.0.1:5432/my%20shop".into()
                ),
                (
                    "read-only-uris",
                    "postgresql://relation-7:hidden@10.0.0.2:5432,[fd00::3]:5432/my%20shop".into()
                ),
            ])
        );
        let tls = BTreeMap::from([("tls", "True".into()), ("tls-ca", "PEM".into())]);
        assert_eq!(exposed(&written.secrets[&Group::Tls]), tls);
    }

    #[test]
    fn a_secret_holds_no_empty_value() {
        let written = answer(&ALL).written();
        let tls = BTreeMap::from([("tls", "False".into())]);
        assert_eq!(exposed(&written.secrets[&Group::Tls]), tls);
    }

    #[test]
    fn no_part_of_a_uri_can_end_it() {
        assert_eq!(escaped("a/b?c@d:é %"), "a%2Fb%3Fc%40d%3A%C3%A9%20%25");
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let answer = answer(&[]);
        assert!(!format!("{answer:?} {:?}", answer.written()).contains("hidden"));
    }
}
