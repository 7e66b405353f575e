//! `juju resources` and `juju attach-resource`.

use clap::Args;
use serde::Serialize;

use crate::api::{Request, ResourceView};
use crate::cli::failure::CliError;
use crate::cli::names;
use crate::cli::output::{Listing, Output};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};
use crate::cli::terminal::Palette;

use super::directives;

/// Uploads a file as a resource of an application
#[derive(Debug, Args)]
pub(crate) struct AttachResource {
    application: String,
    /// NAME=FILE
    resource: String,
}

impl AttachResource {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        for (name, source) in directives::resources(std::slice::from_ref(&self.resource))? {
            let (model, application) = (model.clone(), self.application.clone());
            session.call::<()>(&Request::AttachResource {
                model,
                application,
                name,
                source,
            })?;
        }
        Ok(())
    }
}

/// Shows the resources of an application or a unit
#[derive(Debug, Args)]
pub(crate) struct Resources {
    /// APPLICATION or UNIT
    target: String,
    /// Accepted; the columns are the same
    #[arg(long)]
    details: bool,
    #[command(flatten)]
    output: Output<Listing>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    resources: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    #[serde(rename = "resourceid")]
    id: String,
    #[serde(rename = "applicationID")]
    application: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    path: &'a str,
    description: &'a str,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<&'a str>,
    size: u64,
    used: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'static str>,
}

fn entry<'a>(application: &'a str, it: &'a ResourceView) -> Entry<'a> {
    let supplied = it.supplied.as_ref();
    Entry {
        id: format!("{application}/{}", it.name),
        application,
        name: &it.name,
        kind: &it.kind,
        path: &it.filename,
        description: &it.description,
        origin: "upload",
        fingerprint: supplied.map(|file| file.fingerprint.as_str()),
        size: supplied.map_or(0, |file| file.size),
        used: supplied.is_some(),
        timestamp: supplied.map(|file| file.time.to_string()),
        username: supplied.map(|_| "admin"),
    }
}

impl Resources {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let resources: Vec<ResourceView> = session.call(&Request::Resources {
            model: session.model()?,
            target: self.target.clone(),
        })?;
        if resources.is_empty() {
            session.tell("No resources to display.");
            return Ok(());
        }
        let application = names::application_of(&self.target);
        let document = Document {
            resources: resources.iter().map(|it| entry(application, it)).collect(),
        };
        let palette = session.palette();
        self.output
            .write_listing(session, &document, || table(&resources, palette))
    }
}

fn table(resources: &[ResourceView], palette: Palette) -> String {
    let mut table = Table::new(&["Resource", "Supplied by", "Revision"]);
    for resource in resources {
        let (by, revision) = match &resource.supplied {
            Some(file) => ("admin", file.time.strftime("%Y-%m-%dT%H:%M").to_string()),
            None => ("upload", "-".to_owned()),
        };
        table.row([
            Cell::from(resource.name.as_str()),
            by.into(),
            revision.into(),
        ]);
    }
    table.render(palette)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SuppliedResource;

    #[test]
    fn a_resource_is_shown_with_the_time_its_file_was_given() {
        let resource = |name: &str, supplied| ResourceView {
            name: name.to_owned(),
            kind: "file".to_owned(),
            filename: format!("{name}.bin"),
            description: "Some bytes".to_owned(),
            supplied,
        };
        let file = SuppliedResource {
            time: "2026-01-01T09:01:38Z".parse().unwrap(),
            size: 3,
            fingerprint: "00".to_owned(),
        };
        let resources = [resource("blob", Some(file)), resource("other", None)];
        let expected = "\
Resource  Supplied by  Revision
blob      admin        2026-01-01T09:01
other     upload       -
";
        assert_eq!(table(&resources, Palette::plain()), expected);
    }
}
