//! The resources of an application: which there are, and what was given for them.

use crate::api::{Failure, ResourceView, SuppliedResource};
use crate::daemon::{Daemon, application_of};
use crate::model::identity;
use jiff::Timestamp;
use sha2::{Digest, Sha384};
use std::io::Read;
use std::path::Path;

/// Resources of an application, or of the application of a unit.
pub fn list(daemon: &Daemon, model: &str, target: &str) -> Result<Vec<ResourceView>, Failure> {
    let declared = daemon.read(model, |model| {
        let application = application_of(model, identity::application_of(target))?;
        let entry = |(name, spec): (&String, &crate::model::charm::ResourceSpec)| {
            let view = ResourceView {
                name: name.clone(),
                kind: spec.kind.clone(),
                filename: spec.filename.clone(),
                description: spec.description.clone(),
                supplied: None,
            };
            (view, application.resources.get(name).cloned())
        };
        Ok(application
            .charm
            .resources
            .iter()
            .map(entry)
            .collect::<Vec<_>>())
    })?;
    let read = |(mut view, file): (ResourceView, Option<std::path::PathBuf>)| {
        if let Some(file) = file {
            view.supplied = Some(supplied(&file).map_err(|error| {
                Failure::internal(format!("cannot read {}: {error}", file.display()))
            })?);
        }
        Ok(view)
    };
    declared.into_iter().map(read).collect()
}

fn supplied(file: &Path) -> std::io::Result<SuppliedResource> {
    let metadata = std::fs::metadata(file)?;
    let mut digest = Sha384::new();
    let mut content = std::fs::File::open(file)?;
    let mut block = vec![0; 1 << 16];
    loop {
        match content.read(&mut block)? {
            0 => break,
            length => digest.update(&block[..length]),
        }
    }
    Ok(SuppliedResource {
        time: Timestamp::try_from(metadata.modified()?).map_err(std::io::Error::other)?,
        size: metadata.len(),
        fingerprint: identity::hex(&digest.finalize()),
    })
}
