//! What goes into an archive: the charm's files by name, each with its bytes and mode.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use juju_charm_files::CharmFiles;

use super::{PackError, inline, manifest};

/// What to pack.
#[derive(Debug, Clone)]
pub struct Request {
    /// The charm's directory.
    pub from: PathBuf,
    /// The program that becomes `dispatch`.
    pub dispatch: PathBuf,
    /// Further files and directories, relative to `from`.
    pub include: Vec<PathBuf>,
}

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub bytes: Vec<u8>,
    pub executable: bool,
}

/// Files by their names in the archive.
pub type Contents = BTreeMap<String, Entry>;

/// Files that come along when they are there.
const CUSTOMARY: &[&str] = &[
    "LICENSE",
    "README.md",
    "icon.svg",
    "lxd-profile.yaml",
    "version",
];

pub(super) fn collect(request: &Request) -> Result<Contents, PackError> {
    let from = &request.from;
    let mut contents = Contents::new();
    let charmcraft = read_text(&from.join("charmcraft.yaml"))?;
    let texts = charm_texts(from, charmcraft.as_deref())?;
    let problem = |source| PackError::Files {
        directory: from.clone(),
        source,
    };
    CharmFiles::parse(
        &texts.metadata,
        texts.config.as_deref(),
        texts.actions.as_deref(),
    )
    .map_err(problem)?;
    let dispatch = fs::read(&request.dispatch).map_err(PackError::io("read", &request.dispatch))?;
    let manifest = match read_text(&from.join("manifest.yaml"))? {
        Some(text) => text,
        None => manifest::text(request, charmcraft.as_deref(), &dispatch)?,
    };
    let mut add = |name: &str, text: String| {
        contents.insert(
            name.to_owned(),
            Entry {
                bytes: text.into_bytes(),
                executable: false,
            },
        );
    };
    add("metadata.yaml", texts.metadata);
    add("manifest.yaml", manifest);
    if let Some(text) = texts.config {
        add("config.yaml", text);
    }
    if let Some(text) = texts.actions {
        add("actions.yaml", text);
    }
    for name in CUSTOMARY {
        let path = from.join(name);
        if path.is_file() {
            contents.insert((*name).to_owned(), read_entry(&path)?);
        }
    }
    for path in &request.include {
        include(from, path, &mut contents)?;
    }
    contents.insert(
        "dispatch".to_owned(),
        Entry {
            bytes: dispatch,
            executable: true,
        },
    );
    Ok(contents)
}

/// The files that describe the charm: as they lie in its directory, or taken out of `charmcraft.yaml`.
fn charm_texts(from: &Path, charmcraft: Option<&str>) -> Result<inline::Texts, PackError> {
    let mut texts = inline::Texts {
        metadata: String::new(),
        config: read_text(&from.join("config.yaml"))?,
        actions: read_text(&from.join("actions.yaml"))?,
    };
    let path = from.join("metadata.yaml");
    if let Some(text) = read_text(&path)? {
        texts.metadata = text;
        return Ok(texts);
    }
    let Some(charmcraft) = charmcraft else {
        return Err(PackError::io("read", &path)(ErrorKind::NotFound.into()));
    };
    let taken = inline::split(charmcraft).map_err(|error| PackError::Io {
        operation: "read",
        path: from.join("charmcraft.yaml"),
        source: std::io::Error::new(ErrorKind::InvalidData, error),
    })?;
    texts.metadata = taken.metadata;
    texts.config = texts.config.or(taken.config);
    texts.actions = texts.actions.or(taken.actions);
    Ok(texts)
}

fn include(from: &Path, path: &Path, contents: &mut Contents) -> Result<(), PackError> {
    let refuse = |cause| PackError::Include {
        path: path.to_owned(),
        cause,
    };
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(refuse("it is not a path below the charm's directory"));
    }
    let full = from.join(path);
    if full.is_dir() {
        let entries = fs::read_dir(&full).map_err(PackError::io("list", &full))?;
        for entry in entries {
            let name = entry.map_err(PackError::io("list", &full))?.file_name();
            include(from, &path.join(name), contents)?;
        }
        return Ok(());
    }
    let parts: Option<Vec<&str>> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_str())
        .collect();
    let name = parts
        .ok_or_else(|| refuse("its name is not text"))?
        .join("/");
    contents.insert(name, read_entry(&full)?);
    Ok(())
}

fn read_entry(path: &Path) -> Result<Entry, PackError> {
    let bytes = fs::read(path).map_err(PackError::io("read", path))?;
    let mode = fs::metadata(path)
        .map_err(PackError::io("read", path))?
        .permissions()
        .mode();
    Ok(Entry {
        bytes,
        executable: mode & 0o111 != 0,
    })
}

fn read_text(path: &Path) -> Result<Option<String>, PackError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PackError::io("read", path)(error)),
    }
}
