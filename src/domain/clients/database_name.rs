//! The name of an application's database.

use std::fmt;
use std::str::FromStr;

use super::Refusal;

/// With what stands around it, the name of the role that owns the database has to fit in the 63 bytes of a role's name.
const LONGEST: usize = 49;
const PREFIX: &str = "charmed_";
const SUFFIX: &str = "_owner";

/// The name of a database that an application can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatabaseName(String);

impl DatabaseName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The role that owns the database and all that applications make in it. Nobody logs in as this role.
    pub fn owner(&self) -> String {
        format!("{PREFIX}{}{SUFFIX}", self.0)
    }

    /// Whether a role owns a database of applications.
    pub fn is_owner(role: &str) -> bool {
        role.strip_prefix(PREFIX)
            .is_some_and(|rest| rest.ends_with(SUFFIX))
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DatabaseName {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let shown = || text.chars().take(60).collect::<String>();
        if text.ends_with('*') {
            return Err(Refusal::Prefix(shown()));
        }
        // `databases` would make the name of a role that charms of other vendors give to whoever owns all of them.
        if ["postgres", "template0", "template1", "databases"].contains(&text) {
            return Err(Refusal::ReservedDatabase(shown()));
        }
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(Refusal::DatabaseName(shown()));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_may_be_called_anything_that_its_owner_can_be_called_after() {
        for name in ["shop", "all", "My \"shop\"; --", "naïve", &"x".repeat(49)] {
            let name: DatabaseName = name.parse().unwrap();
            assert!(name.owner().len() <= 63, "{name}");
            assert!(DatabaseName::is_owner(&name.owner()));
        }
        assert!(!DatabaseName::is_owner("charmed_dml"));
    }

    #[test]
    fn a_name_that_cannot_be_had_says_why() {
        let long = "x".repeat(50);
        for (name, why) in [
            ("", Refusal::DatabaseName(String::new())),
            (&long, Refusal::DatabaseName(long.clone())),
            ("a\nb", Refusal::DatabaseName("a\nb".into())),
            ("postgres", Refusal::ReservedDatabase("postgres".into())),
            ("template1", Refusal::ReservedDatabase("template1".into())),
            ("databases", Refusal::ReservedDatabase("databases".into())),
            ("shop*", Refusal::Prefix("shop*".into())),
        ] {
            assert_eq!(name.parse::<DatabaseName>(), Err(why));
        }
    }
}
