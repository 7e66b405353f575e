//! `resource-get`: files the operator attached to the application.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ToolError;
use crate::Juju;

#[derive(Debug, Default)]
pub(super) struct Session {
    paths: BTreeMap<String, PathBuf>,
}

impl Juju {
    /// Where the resource's file is. Juju downloads it when it is asked for, which can take long;
    /// `None` when nothing was attached.
    pub fn resource_get(&self, name: &str) -> Result<Option<PathBuf>, ToolError> {
        if let Some(known) = self.session().resource.paths.get(name) {
            return Ok(Some(known.clone()));
        }
        let output = match self.tools().run("resource-get", &[name], None) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let text = String::from_utf8(output)
            .map_err(|_| ToolError::malformed("resource-get", "its answer is not a path"))?;
        let path = PathBuf::from(text.trim_end_matches('\n'));
        self.session()
            .resource
            .paths
            .insert(name.to_owned(), path.clone());
        Ok(Some(path))
    }
}
