//! `send-ca-cert`: the authority's certificate for those who have to trust it.

use juju_charm::{Bag, Juju, Own, ToolError};
use serde_json::json;

use crate::settings::Settings;

const ENDPOINT: &str = "send-ca-cert";

/// Tells all relations which certificates to trust, the authority's own first.
pub(crate) fn publish(juju: &Juju, settings: &Settings, trusted: &[&str]) -> Result<(), ToolError> {
    let Some(first) = trusted.first() else {
        return Ok(());
    };
    for relation in juju.relation_ids(ENDPOINT)? {
        let request = juju.relation_get(&relation, &Bag::RemoteApp)?;
        let newer = request.get("version").is_some_and(|version| version == "1");
        let list = json!(trusted).to_string();
        let value = |text: &str| {
            if settings.plain_transfer {
                text.to_owned()
            } else {
                json!(text).to_string()
            }
        };
        // What the other version says is taken away, or its reader would go on with it.
        let app = [("certificates", list.clone()), ("version", "1".to_owned())];
        let unit = [
            ("ca", value(first)),
            ("certificate", value(first)),
            ("chain", list),
            ("version", "0".to_owned()),
        ];
        for (key, text) in app {
            juju.relation_set(
                &relation,
                Own::App,
                key,
                if newer { text } else { String::new() },
            );
        }
        for (key, text) in unit {
            juju.relation_set(
                &relation,
                Own::Unit,
                key,
                if newer { String::new() } else { text },
            );
        }
    }
    Ok(())
}
