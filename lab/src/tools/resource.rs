//! `resource-get` and `credential-get`.

use super::ToolError;
use super::output::Output;
use super::parse::Args;
use super::server::Invocation;
use crate::agent::environment::UnitPaths;

/// Copies the resource to where the unit may read it and prints the path.
pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let Some(name) = args.rest.first() else {
        return Err(ToolError::usage("missing required resource name"));
    };
    let context = invocation.context;
    let missing = || {
        ToolError::runtime(format!(
            "could not download resource: resource \"{name}\" not found"
        ))
    };
    let (source, filename, slot) = invocation.read(|model| {
        let application = crate::daemon::application_of(model, &context.application)?;
        let spec = application.charm.resources.get(name).ok_or_else(missing)?;
        let source = application.resources.get(name).ok_or_else(missing)?;
        let unit = crate::daemon::unit_of(model, &context.unit)?;
        let slot = model
            .machines
            .get(&unit.machine)
            .and_then(|machine| machine.slot);
        Ok((source.clone(), spec.filename.clone(), slot))
    })?;
    let root = invocation.daemon.home.machine(slot.ok_or_else(missing)?);
    let directory = UnitPaths::new(&root, &context.unit).resources.join(name);
    let target = directory.join(filename);
    std::fs::create_dir_all(&directory)
        .and_then(|()| std::fs::copy(&source, &target))
        .map_err(|error| ToolError::runtime(format!("could not download resource: {error}")))?;
    Ok(Output::Text(format!("{}\n", target.display())))
}

pub(super) fn credential_get(
    invocation: &mut Invocation<'_>,
    args: &Args,
) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let trusted = invocation.read(|model| {
        Ok(crate::daemon::application_of(model, &invocation.context.application)?.trust)
    })?;
    if !trusted {
        return Err(ToolError::runtime("cannot access cloud credentials"));
    }
    Ok(Output::Value(
        serde_json::json!({"type": "lxd", "name": "localhost", "region": "localhost"}),
    ))
}
