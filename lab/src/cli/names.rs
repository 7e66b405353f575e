//! Names of units, and the order in which people expect names with numbers.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The entries in natural order: `app/2` before `app/10`.
pub(crate) fn natural<V>(map: &BTreeMap<String, V>) -> Vec<(&str, &V)> {
    let mut entries: Vec<(&str, &V)> = map
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    entries.sort_by(|(a, _), (b, _)| compare(a, b));
    entries
}

/// Compares runs of digits as numbers and everything else as text.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    while let (Some(a_first), Some(b_first)) = (a_rest.chars().next(), b_rest.chars().next()) {
        if a_first.is_ascii_digit() && b_first.is_ascii_digit() {
            let (a_number, a_after) = leading_number(a_rest);
            let (b_number, b_after) = leading_number(b_rest);
            let order = a_number
                .len()
                .cmp(&b_number.len())
                .then_with(|| a_number.cmp(b_number));
            if order != Ordering::Equal {
                return order;
            }
            (a_rest, b_rest) = (a_after, b_after);
        } else {
            if a_first != b_first {
                return a_first.cmp(&b_first);
            }
            a_rest = &a_rest[a_first.len_utf8()..];
            b_rest = &b_rest[b_first.len_utf8()..];
        }
    }
    a_rest.len().cmp(&b_rest.len()).then_with(|| a.cmp(b))
}

/// The digits at the front without leading zeros, and what follows.
fn leading_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, after) = text.split_at(end);
    let significant = digits.trim_start_matches('0');
    (significant, after)
}

/// Whether `text` names a unit, `app/0`.
pub(crate) fn is_unit(text: &str) -> bool {
    text.split_once('/').is_some_and(|(application, number)| {
        is_application(application)
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether `text` names the leader of an application, `app/leader`.
pub(crate) fn is_leader(text: &str) -> bool {
    text.strip_suffix("/leader").is_some_and(is_application)
}

/// Application names: lower-case words joined by hyphens, of which none is only digits but may contain them.
pub(crate) fn is_application(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                && part.bytes().any(|b| b.is_ascii_lowercase())
        })
}

/// `postgresql/0` as the tag `unit-postgresql-0`; other receivers are tags already.
pub(crate) fn unit_tag(name: &str) -> String {
    if is_unit(name) {
        format!("unit-{}", name.replace('/', "-"))
    } else {
        name.to_owned()
    }
}

/// The application of a unit.
pub(crate) fn application_of(unit: &str) -> &str {
    unit.split_once('/')
        .map_or(unit, |(application, _)| application)
}

/// Whether `name` matches `pattern`, in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_names_sort_as_numbers() {
        let numbered = ["app/10", "app/2", "app-b/0", "app/1"].into_iter().zip(0..);
        let map: BTreeMap<String, u8> = numbered
            .map(|(name, number)| (name.to_owned(), number))
            .collect();
        let names: Vec<&str> = natural(&map).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["app-b/0", "app/1", "app/2", "app/10"]);
    }

    #[test]
    fn unit_names_are_told_from_other_words() {
        let cases = [
            ("postgresql/0", true),
            ("pg-ha/12", true),
            ("pg2/1", true),
            ("postgresql", false),
            ("postgresql/", false),
            ("postgresql/leader", false),
            ("pg-2/0", false),
            ("Pg/0", false),
            ("a/b/0", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_unit(text), expected, "{text}");
        }
        assert!(is_leader("postgresql/leader"));
        assert_eq!(unit_tag("pg-ha/3"), "unit-pg-ha-3");
        assert_eq!(unit_tag("machine-3"), "machine-3");
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("postgresql", "postgresql"));
        assert!(matches("post*", "postgresql"));
        assert!(matches("*sql*", "postgresql"));
        assert!(!matches("post", "postgresql"));
        assert!(!matches("*x", "postgresql"));
    }

    proptest! {
        #[test]
        fn natural_order_is_a_total_order(a in "[a-z0-9/]{0,6}", b in "[a-z0-9/]{0,6}", c in "[a-z0-9/]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater);
            }
        }
    }
}
