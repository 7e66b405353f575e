//! The relation `receive-ca-cert`: authorities to trust, in both versions of the interface.
//!
//! The first puts `ca` into the bag of each unit, as it is or as a JSON string; the second a JSON list `certificates` into
//! the bag of the application. The second is asked for with `version`.

use juju_charm::{Bag, Databag, Juju, RelationId, ToolError};

use super::databag;

/// Reads the certificates of all such relations.
///
/// # Errors
///
/// When Juju refuses.
pub fn read(juju: &Juju, leader: bool) -> Result<Vec<String>, ToolError> {
    let mut found = Vec::new();
    for relation in juju.relation_ids(super::RECEIVE_CA)? {
        if leader {
            databag::write(juju, &relation, databag::TRANSFER_VERSION, "1");
        }
        found.extend(of_relation(juju, &relation)?);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn of_relation(juju: &Juju, relation: &RelationId) -> Result<Vec<String>, ToolError> {
    let application = juju.relation_get(relation, &Bag::RemoteApp)?;
    let second = of_application(&application);
    if !second.is_empty() {
        return Ok(second);
    }
    let mut first = Vec::new();
    for unit in juju.relation_list(relation)? {
        first.extend(of_unit(
            &juju.relation_get(relation, &Bag::RemoteUnit(unit))?,
        ));
    }
    Ok(first)
}

fn of_application(bag: &Databag) -> Vec<String> {
    let list = bag
        .get("certificates")
        .map(String::as_str)
        .unwrap_or_default();
    let list: Vec<String> = serde_json::from_str(list).unwrap_or_default();
    list.iter().flat_map(|text| certificates(text)).collect()
}

fn of_unit(bag: &Databag) -> Vec<String> {
    let Some(text) = bag.get("ca") else {
        return Vec::new();
    };
    let decoded = serde_json::from_str::<String>(text);
    certificates(decoded.as_deref().unwrap_or(text))
}

/// The certificates in a text, one by one; anything else in it is left out.
fn certificates(text: &str) -> Vec<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    text.split(BEGIN)
        .skip(1)
        .filter_map(|rest| rest.split_once(END))
        .map(|(body, _)| format!("{BEGIN}{body}{END}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(key: &str, value: &str) -> Databag {
        Databag::from([(key.to_owned(), value.to_owned())])
    }

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    const TWO: &str = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----";

    #[test]
    fn the_second_version_lists_certificates_in_the_bag_of_the_application() {
        let list = serde_json::to_string(&[format!("{ONE}\n{TWO}\n"), ONE.to_owned()]).unwrap();
        assert_eq!(of_application(&bag("certificates", &list)), [ONE, TWO, ONE]);
        assert!(of_application(&bag("certificates", "[]")).is_empty());
        assert!(of_application(&Databag::new()).is_empty());
    }

    #[test]
    fn the_first_version_gives_one_text_plain_or_as_a_json_string() {
        assert_eq!(of_unit(&bag("ca", &format!("{ONE}\n"))), [ONE]);
        let quoted = serde_json::to_string(ONE).unwrap();
        assert_eq!(of_unit(&bag("ca", &quoted)), [ONE]);
        assert!(of_unit(&bag("certificate", ONE)).is_empty());
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        assert!(certificates("hello").is_empty());
        assert!(certificates("-----BEGIN CERTIFICATE-----\nAAAA").is_empty());
    }
}
