//! Uploaded charms: unpacked below `<home>/charms`, one directory per upload, never changed afterwards.

use crate::api::{Base, CharmSource, Failure};
use crate::daemon::{Daemon, VERSION};
use crate::model::charm::Charm;
use crate::model::{identity, take};
use crate::pack;
use juju_charm_files::{CharmFiles, Manifest, Platform};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The base of charms whose manifest names none.
const DEFAULT_BASE: (&str, &str) = ("ubuntu", "22.04");

/// Stores a charm and registers it as the next revision of its name in the model. The files are on disk before the
/// model knows of them; if something fails, they are removed again.
/// With `force` also a charm that assumes what this lab does not offer.
pub fn upload(
    daemon: &Daemon,
    model: &str,
    source: &CharmSource,
    force: bool,
) -> Result<Charm, Failure> {
    daemon.read(model, |_| Ok(()))?;
    let source = match source {
        CharmSource::Path(path) => path.clone(),
        CharmSource::Name(name) => newest(daemon, model, name)?,
    };
    let key = identity::token();
    let directory = daemon.home.charms().join(&key);
    let stored = store(&source, &directory).and_then(|()| {
        let files = read(&source, &directory, force)?;
        let revision = daemon.update(model, |model| {
            Ok::<_, Failure>(take(
                model
                    .sequences
                    .charm
                    .entry(files.metadata.name.clone())
                    .or_default(),
            ))
        })?;
        let version = fs::read_to_string(directory.join("version"))
            .unwrap_or_default()
            .trim()
            .to_owned();
        Ok(Charm::new(
            &files,
            key,
            revision,
            version,
            base(&source, &directory)?,
        ))
    });
    if stored.is_err() {
        // Nothing refers to it.
        let _ = fs::remove_dir_all(&directory);
    }
    stored
}

/// Directory of the newest upload of a charm with this name; of a certain one for `name-REVISION` of this model.
fn newest(daemon: &Daemon, model: &str, name: &str) -> Result<PathBuf, Failure> {
    if let Some((bare, revision)) = name.rsplit_once('-')
        && let Ok(revision) = revision.parse::<u32>()
    {
        let used = daemon.read(model, |model| {
            let mut charms = model.applications.values().map(|it| &it.charm);
            let charm = charms.find(|it| it.name == bare && it.revision == revision);
            Ok(charm.map(|it| daemon.home.charms().join(&it.key)))
        })?;
        return used.map_or_else(|| newest(daemon, model, bare), Ok);
    }
    let mut best: Option<(SystemTime, PathBuf)> = None;
    for entry in fs::read_dir(daemon.home.charms())
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = entry.path();
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        if let (Ok(files), Ok(modified)) = (CharmFiles::read(&path), modified)
            && files.metadata.name == name
            && best.as_ref().is_none_or(|(time, _)| *time < modified)
        {
            best = Some((modified, path));
        }
    }
    best.map(|(_, path)| path).ok_or_else(|| {
        Failure::not_found(format!(
            "charm \"{name}\" not found in this lab\nhint: deploy it from its file once, for example \
             'juju deploy ./{name}.charm'"
        ))
    })
}

fn store(source: &Path, directory: &Path) -> Result<(), Failure> {
    let metadata = fs::metadata(source).map_err(|error| {
        Failure::not_found(format!("cannot read charm {}: {error}", source.display()))
    })?;
    fs::create_dir_all(directory).map_err(|error| {
        Failure::internal(format!("cannot create {}: {error}", directory.display()))
    })?;
    if metadata.is_dir() {
        copy_tree(source, directory).map_err(|error| {
            Failure::internal(format!("cannot copy charm {}: {error}", source.display()))
        })
    } else {
        pack::unpack(source, directory).map_err(|error| {
            Failure::invalid(format!("cannot read charm {}: {error}", source.display()))
        })
    }
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn read(source: &Path, directory: &Path, force: bool) -> Result<CharmFiles, Failure> {
    let refused = |text: String| {
        Failure::invalid(format!("cannot deploy charm {}: {text}", source.display()))
    };
    let files = CharmFiles::read(directory).map_err(|error| refused(error.to_string()))?;
    if files.metadata.has_containers() {
        return Err(refused(
            "it is made for Kubernetes (it declares containers)\nhint: this lab has machines only"
                .to_owned(),
        ));
    }
    let platform = Platform {
        juju: version_numbers(),
        features: Vec::new(),
    };
    let unmet = platform.unmet(&files.metadata.assumes);
    if !unmet.is_empty() && !force {
        let list: Vec<String> = unmet.iter().map(ToString::to_string).collect();
        return Err(refused(format!(
            "charm feature requirements not met: {}",
            list.join(", ")
        )));
    }
    Ok(files)
}

fn version_numbers() -> (u32, u32, u32) {
    let mut numbers = VERSION
        .split('.')
        .map(|number| number.parse().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    (next(), next(), next())
}

fn base(source: &Path, directory: &Path) -> Result<Base, Failure> {
    let default = || Base {
        name: DEFAULT_BASE.0.to_owned(),
        channel: DEFAULT_BASE.1.to_owned(),
    };
    let text = match fs::read_to_string(directory.join("manifest.yaml")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(default()),
        Err(error) => {
            return Err(Failure::internal(format!(
                "cannot read manifest.yaml: {error}"
            )));
        }
    };
    let manifest = Manifest::parse(&text).map_err(|error| {
        Failure::invalid(format!("cannot deploy charm {}: {error}", source.display()))
    })?;
    Ok(manifest.bases.first().map_or_else(default, |base| Base {
        name: base.name.clone(),
        channel: base.track().to_owned(),
    }))
}

/// Removes uploads that no application and no unit uses.
pub fn forget_unused(daemon: &Daemon) {
    let used: BTreeSet<String> = daemon.read_all(|models| {
        let key = |text: &str| text.split('+').next().unwrap_or(text).to_owned();
        let of_applications = models
            .values()
            .flat_map(|model| model.applications.values().map(|it| it.charm.key.clone()));
        let units = models.values().flat_map(|model| model.units.values());
        let of_units = units
            .flat_map(|unit| [&unit.progress.charm, &unit.progress.upgrading])
            .flatten();
        of_applications
            .chain(of_units.map(|text| key(text)))
            .collect()
    });
    let mut newest: HashMap<String, std::time::SystemTime> = HashMap::new();
    let uploads: Vec<_> = std::fs::read_dir(daemon.home.charms())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = juju_charm_files::CharmFiles::read(&entry.path())
                .ok()?
                .metadata
                .name;
            Some((entry, name))
        })
        .filter_map(|(entry, name)| Some((entry.metadata().ok()?.modified().ok()?, entry, name)))
        .collect();
    for (time, _, name) in &uploads {
        let latest = newest.entry(name.clone()).or_insert(*time);
        *latest = (*latest).max(*time);
    }
    for (time, entry, name) in uploads {
        // The newest of each name stays: it can be deployed by name.
        let is_newest = newest.get(&name) == Some(&time);
        if !is_newest && !used.contains(&entry.file_name().to_string_lossy().into_owned()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
