//! What a unit is called inside the cluster.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};
use super::text::json_text;

/// A member of the cluster, as Patroni and etcd know it: the unit's name with `-` for `/`, such as `postgresql-0`.
///
/// Ordered by application and then by number, so that `postgresql-2` comes before `postgresql-10`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberName {
    application: String,
    number: u32,
}

impl MemberName {
    /// The member that a unit such as `postgresql/0` is.
    pub fn from_unit(unit: &str) -> Result<Self, Malformed> {
        split(unit, '/').ok_or_else(|| Malformed::Unit(shown(unit)))
    }

    /// The unit that this member is: `postgresql/0`.
    pub fn unit(&self) -> String {
        format!("{}/{}", self.application, self.number)
    }

    /// The application the unit is of.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The number of the unit within its application.
    pub const fn number(&self) -> u32 {
        self.number
    }
}

fn split(text: &str, between: char) -> Option<MemberName> {
    let (application, digits) = text.rsplit_once(between)?;
    let word = application.starts_with(|c: char| c.is_ascii_lowercase())
        && application
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    // Without a leading zero, so that each member has one name only.
    let number = digits
        .parse()
        .ok()
        .filter(|number: &u32| number.to_string() == digits)?;
    word.then(|| MemberName {
        application: application.to_owned(),
        number,
    })
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.application, self.number)
    }
}

impl FromStr for MemberName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        split(text, '-').ok_or_else(|| Malformed::Member(shown(text)))
    }
}

json_text!(MemberName);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_unit_of_an_application_with_hyphens_comes_back() {
        let member = MemberName::from_unit("my-pg-14/11").unwrap();
        assert_eq!(member.to_string(), "my-pg-14-11");
        assert_eq!(
            "my-pg-14-11".parse::<MemberName>().unwrap().unit(),
            "my-pg-14/11"
        );
    }

    #[test]
    fn members_are_ordered_by_number() {
        let [two, ten] = ["pg/2", "pg/10"].map(|unit| MemberName::from_unit(unit).unwrap());
        assert!(two < ten);
    }

    #[test]
    fn text_that_is_no_unit_is_refused() {
        for text in [
            "", "pg", "pg/", "/0", "pg/01", "pg/-1", "pg/+1", "Pg/0", "p g/0", "1pg/0", "pg/0/0",
        ] {
            assert!(MemberName::from_unit(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_unit_reads_back_from_its_member_name(application in "[a-z][a-z0-9]{0,8}(-[a-z][a-z0-9]{0,5})?", number: u32) {
            let unit = format!("{application}/{number}");
            let member = MemberName::from_unit(&unit).unwrap();
            prop_assert_eq!(member.unit(), unit);
            prop_assert_eq!(member.to_string().parse(), Ok(member));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = MemberName::from_unit(&text);
            let _ = text.parse::<MemberName>();
        }
    }
}
