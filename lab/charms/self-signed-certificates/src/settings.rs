//! The options, checked all at once.

use juju_charm::Config;
use time::Duration;

use crate::refusal::Kind;

/// What the options say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The authority's name.
    pub(crate) subject: Subject,
    /// How long the authority is valid.
    pub(crate) root_validity: Duration,
    /// How long a certificate is valid.
    pub(crate) validity: Duration,
    /// How many certificates a relation may have.
    pub(crate) limit: Option<usize>,
    /// Whether chains start with the authority, not with the certificate itself.
    pub(crate) ca_first: bool,
    /// What is answered with an error.
    pub(crate) refuse: Vec<Kind>,
    /// Whether the older version of certificate_transfer is written without encoding.
    pub(crate) plain_transfer: bool,
}

/// The parts of the authority's name that are set, each with its type.
pub(crate) type Subject = Vec<(Part, String)>;

/// A part of the authority's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    CommonName,
    Organization,
    OrganizationalUnit,
    EmailAddress,
    Country,
    State,
    Locality,
}

/// In the order in which they are written.
pub(crate) const PARTS: [(Part, &str); 7] = [
    (Part::CommonName, "ca-common-name"),
    (Part::Organization, "ca-organization"),
    (Part::OrganizationalUnit, "ca-organizational-unit"),
    (Part::EmailAddress, "ca-email-address"),
    (Part::Country, "ca-country-name"),
    (Part::State, "ca-state-or-province-name"),
    (Part::Locality, "ca-locality-name"),
];

impl Settings {
    /// What the options say, or the names of those that are wrong.
    pub(crate) fn from_config(config: &Config) -> Result<Self, Vec<&'static str>> {
        let mut wrong = Vec::new();
        let subject: Subject = PARTS
            .into_iter()
            .filter_map(|(part, option)| Some((part, config.string(option)?.to_owned())))
            .collect();
        if config.string("ca-common-name").is_none() {
            wrong.push("ca-common-name");
        }
        for (part, option) in PARTS {
            let fits = |text: &str| match part {
                Part::Country => text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()),
                Part::EmailAddress => text.is_ascii(),
                _ => text.chars().count() <= 64,
            };
            if config.string(option).is_some_and(|text| !fits(text)) {
                wrong.push(option);
            }
        }
        let validity = config.string("certificate-validity").and_then(duration);
        let root_validity = config.string("root-ca-validity").and_then(duration);
        let (validity, root_validity) = match (validity, root_validity) {
            (Some(validity), Some(root)) if root >= validity.saturating_mul(2) => (validity, root),
            _ => {
                wrong.extend(["certificate-validity", "root-ca-validity"]);
                (Duration::ZERO, Duration::ZERO)
            }
        };
        let limit = config.integer("certificate-limit");
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let order = config.string("chain-order").unwrap_or("leaf-first");
        if !matches!(order, "leaf-first" | "ca-first") {
            wrong.push("chain-order");
        }
        let refuse = config.string("refuse").unwrap_or_default();
        let refuse: Option<Vec<Kind>> = refuse
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(Kind::from_option)
            .collect();
        if refuse.is_none() {
            wrong.push("refuse");
        }
        let transfer = config.string("transfer-values").unwrap_or("json");
        if !matches!(transfer, "json" | "plain") {
            wrong.push("transfer-values");
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            subject,
            root_validity,
            validity,
            limit,
            ca_first: order == "ca-first",
            refuse: refuse.unwrap_or_default(),
            plain_transfer: transfer == "plain",
        })
    }

    /// How long an authority signs: afterwards it would not outlive what it signs.
    pub(crate) fn signing_time(&self) -> Duration {
        self.root_validity - self.validity
    }
}

/// `90`, `90d`, `15m`. More than a hundred years is no duration that a certificate can have.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "" | "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let count: u32 = digits.parse().ok().filter(|count| *count > 0)?;
    let duration = Duration::seconds(i64::from(count) * seconds);
    (duration <= Duration::days(36_500)).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit_or_days() {
        assert_eq!(duration("90"), Some(Duration::days(90)));
        assert_eq!(duration("90d"), Some(Duration::days(90)));
        assert_eq!(duration("2w"), Some(Duration::days(14)));
        assert_eq!(duration("36h"), Some(Duration::hours(36)));
        assert_eq!(duration("15m"), Some(Duration::minutes(15)));
        assert_eq!(duration("20s"), Some(Duration::seconds(20)));
        for wrong in ["", "d", "0", "-1d", "1.5h", "1y", "1 d", "1dd", "99999w"] {
            assert_eq!(duration(wrong), None, "{wrong:?}");
        }
    }
}
