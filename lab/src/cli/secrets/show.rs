//! `juju secrets` and `juju show-secret`.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::api::{self, ListSecrets, Request, SecretView};
use crate::cli::failure::CliError;
use crate::cli::go_time::{ago, rfc3339};
use crate::cli::output::{Data, Listing, Output, json_line};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};
use crate::cli::terminal::Palette;
use crate::cli::yaml;

/// Lists secrets available in the model
#[derive(Debug, Args)]
pub(crate) struct Secrets {
    /// Include secrets for the specified owner, a tag like application-pg or unit-pg-0
    #[arg(long)]
    owner: Option<String>,
    #[command(flatten)]
    output: Output<Listing>,
}

impl Secrets {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let request = ListSecrets {
            model: session.model()?,
            owner: self.owner,
        };
        let secrets: Vec<SecretView> = session.call(&Request::Secrets(request))?;
        let document: BTreeMap<String, Secret> = secrets
            .iter()
            .map(|view| (view.id.clone(), describe(view, Detail::default())))
            .collect();
        let palette = session.palette();
        self.output.write_listing(session, &document, || {
            table(&secrets, Timestamp::now(), palette)
        })
    }
}

fn table(secrets: &[SecretView], now: Timestamp, palette: Palette) -> String {
    let mut table = Table::new(&[
        "ID",
        "Name",
        "Owner",
        "Rotation",
        ">Revision",
        "Last updated",
    ]);
    for secret in secrets {
        let name = secret
            .name
            .as_ref()
            .or(secret.label.as_ref())
            .map_or("-", String::as_str);
        table.row([
            Cell::from(secret.id.as_str()),
            name.into(),
            secret.owner.as_str().into(),
            secret.rotation.as_deref().unwrap_or("never").into(),
            secret.revision.to_string().into(),
            ago(secret.updated, now).into(),
        ]);
    }
    table.render(palette)
}

/// Shows details for a specific secret
#[derive(Debug, Args)]
pub(crate) struct ShowSecret {
    /// Name, id or label
    secret: String,
    /// Reveal secret values
    #[arg(long)]
    reveal: bool,
    /// Show the secret revision
    #[arg(short = 'r', long, conflicts_with = "revisions")]
    revision: Option<u64>,
    /// Show the secret revisions metadata
    #[arg(long, conflicts_with = "reveal")]
    revisions: bool,
    #[command(flatten)]
    output: Output<Data>,
}

/// What is shown of a secret beyond its metadata.
#[derive(Debug, Clone, Copy, Default)]
struct Detail {
    revisions: bool,
    access: bool,
    checksum: bool,
}

impl ShowSecret {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let view: SecretView = session.call(&Request::ShowSecret(api::ShowSecret {
            model: session.model()?,
            secret: self.secret,
            reveal: self.reveal,
            revision: self.revision,
        }))?;
        let detail = Detail {
            revisions: self.revisions,
            access: true,
            checksum: true,
        };
        let mut secret = describe(&view, detail);
        let text = match self.output.format() {
            Data::Yaml => {
                secret.content = view.content.clone().map(Content::Bare);
                yaml::to_yaml(&BTreeMap::from([(&view.id, secret)]))?
            }
            Data::Json => {
                secret.content = view.content.clone().map(|data| Content::Wrapped { data });
                json_line(&BTreeMap::from([(&view.id, secret)]))?
            }
        };
        self.output.write(session, &text)
    }
}

#[derive(Serialize)]
struct Secret {
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotates: Option<String>,
    owner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    created: String,
    updated: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revisions: Vec<Revision>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access: Vec<Access>,
}

/// Juju wraps the content in its JSON, not in its YAML.
#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    Bare(BTreeMap<String, String>),
    Wrapped {
        #[serde(rename = "Data")]
        data: BTreeMap<String, String>,
    },
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

#[derive(Serialize)]
struct Revision {
    revision: u64,
    backend: &'static str,
    created: String,
    updated: String,
}

#[derive(Serialize)]
struct Access {
    target: String,
    scope: String,
    role: String,
}

fn describe(view: &SecretView, detail: Detail) -> Secret {
    let revision = |revision: &api::SecretRevision| Revision {
        revision: revision.revision,
        backend: "internal",
        created: rfc3339(revision.created),
        updated: rfc3339(revision.updated),
    };
    let access = |access: &api::SecretAccess| Access {
        target: access.target.clone(),
        scope: access.scope.clone(),
        role: access.role.clone(),
    };
    Secret {
        revision: view.revision,
        checksum: view.checksum.clone().filter(|_| detail.checksum),
        expires: view.expires.map(rfc3339),
        rotation: view.rotation.clone().filter(|rotation| rotation != "never"),
        rotates: view.rotates.map(rfc3339),
        owner: view.owner.clone(),
        description: view.description.clone().filter(|text| !text.is_empty()),
        name: view.name.clone(),
        label: view.label.clone().filter(|label| !label.is_empty()),
        created: rfc3339(view.created),
        updated: rfc3339(view.updated),
        content: None,
        revisions: if detail.revisions {
            view.revisions.iter().map(revision).collect()
        } else {
            Vec::new()
        },
        access: if detail.access {
            view.access.iter().map(access).collect()
        } else {
            Vec::new()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view() -> SecretView {
        let at = |text: &str| text.parse().unwrap();
        SecretView {
            id: "d0vdtqnmp25c762e7jug".to_owned(),
            revision: 2,
            owner: "<model>".to_owned(),
            name: Some("pg-admin".to_owned()),
            label: None,
            description: None,
            rotation: None,
            rotates: None,
            expires: None,
            created: at("2025-06-03T11:39:23Z"),
            updated: at("2025-06-03T11:40:00.5Z"),
            checksum: Some("abc".to_owned()),
            content: None,
            revisions: vec![api::SecretRevision {
                revision: 1,
                created: at("2025-06-03T11:39:23Z"),
                updated: at("2025-06-03T11:39:23Z"),
            }],
            access: vec![api::SecretAccess {
                target: "application-pg".to_owned(),
                scope: "model-1".to_owned(),
                role: "view".to_owned(),
            }],
        }
    }

    #[test]
    fn secrets_are_listed() {
        let now = "2025-06-03T11:42:00Z".parse().unwrap();
        let mut owned = view();
        owned.owner = "postgresql".to_owned();
        owned.name = None;
        owned.rotation = Some("monthly".to_owned());
        let expected = "\
ID                    Name      Owner       Rotation  Revision  Last updated
d0vdtqnmp25c762e7jug  pg-admin  <model>     never            2  1 minute ago
d0vdtqnmp25c762e7jug  -         postgresql  monthly          2  1 minute ago
";
        assert_eq!(table(&[view(), owned], now, Palette::plain()), expected);
    }

    #[test]
    fn the_listing_for_programs_has_no_detail() {
        let expected = json!({
            "revision": 2, "owner": "<model>", "name": "pg-admin",
            "created": "2025-06-03T11:39:23Z", "updated": "2025-06-03T11:40:00Z",
        });
        assert_eq!(json!(describe(&view(), Detail::default())), expected);
    }

    #[test]
    fn revisions_and_access_are_shown_in_detail() {
        let detail = Detail {
            revisions: true,
            access: true,
            checksum: true,
        };
        let value = json!(describe(&view(), detail));
        assert_eq!(value["checksum"], json!("abc"));
        assert_eq!(
            value["access"],
            json!([{"target": "application-pg", "scope": "model-1", "role": "view"}])
        );
        assert_eq!(
            value["revisions"],
            json!([{
                "revision": 1, "backend": "internal",
                "created": "2025-06-03T11:39:23Z", "updated": "2025-06-03T11:39:23Z",
            }])
        );
    }
}
