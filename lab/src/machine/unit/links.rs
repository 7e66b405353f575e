//! Enabling, disabling and masking: links in the unit directories, the only state that survives a reboot.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::definition::Install;
use super::directory::{self, Loaded};
use super::name::UnitName;
use crate::machine::layout::Layout;

/// Targets that a machine reaches when it boots.
const BOOT_TARGETS: &[&str] = &[
    "sysinit.target",
    "basic.target",
    "network.target",
    "network-online.target",
    "multi-user.target",
    "graphical.target",
    "default.target",
];

#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("Unit file {0} does not exist.")]
    NoSuchFile(UnitName),
    #[error("Unit file {} is masked.", .0.display())]
    Masked(PathBuf),
    #[error("Unit {0} is transient or generated.")]
    Transient(UnitName),
    #[error("File {} already exists.", .0.display())]
    Exists(PathBuf),
    #[error("cannot change {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// A change of links, printed line by line the way systemctl does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) lines: Vec<String>,
    /// A unit had nothing in `[Install]`.
    pub(crate) nothing_to_install: bool,
}

/// What `systemctl is-enabled` prints.
pub(crate) fn file_state(layout: &Layout, name: &UnitName) -> Option<&'static str> {
    let files = directory::find(layout, name);
    let fragment = files.fragment?;
    if files.masked {
        return Some(if fragment.starts_with(layout.root().join("run")) {
            "masked-runtime"
        } else {
            "masked"
        });
    }
    if fragment.starts_with(layout.transient_units()) {
        return Some("transient");
    }
    if !links_to(&layout.system_units(), name).is_empty() {
        return Some("enabled");
    }
    if !links_to(&layout.runtime_units(), name).is_empty() {
        return Some("enabled-runtime");
    }
    Some(if install_section(layout, name).is_empty() {
        "static"
    } else {
        "disabled"
    })
}

pub(crate) fn enable(
    layout: &Layout,
    names: &[UnitName],
    runtime: bool,
) -> Result<Changes, LinkError> {
    let base = base(layout, runtime);
    let mut changes = Changes::default();
    for name in with_also(layout, names)? {
        let files = directory::find(layout, &name);
        let fragment = files
            .fragment
            .ok_or_else(|| LinkError::NoSuchFile(name.clone()))?;
        if files.masked {
            return Err(LinkError::Masked(fragment));
        }
        if fragment.starts_with(layout.transient_units()) {
            return Err(LinkError::Transient(name));
        }
        let install = install_section(layout, &name);
        changes.nothing_to_install |= install.is_empty();
        let wants = install.wanted_by.iter().map(|unit| (unit, "wants"));
        let requires = install.required_by.iter().map(|unit| (unit, "requires"));
        let mut links: Vec<PathBuf> = wants
            .chain(requires)
            .map(|(unit, kind)| base.join(format!("{unit}.{kind}")).join(name.as_str()))
            .collect();
        links.extend(install.alias.iter().map(|alias| base.join(alias.as_str())));
        for link in links {
            if fs::read_link(&link).is_ok_and(|target| target == fragment) {
                continue;
            }
            replace_link(&link, &fragment)?;
            changes.lines.push(format!(
                "Created symlink {} → {}.",
                link.display(),
                fragment.display()
            ));
        }
    }
    Ok(changes)
}

pub(crate) fn disable(
    layout: &Layout,
    names: &[UnitName],
    runtime: bool,
) -> Result<Changes, LinkError> {
    let mut changes = Changes::default();
    for name in with_also(layout, names)? {
        if directory::find(layout, &name).fragment.is_none() {
            return Err(LinkError::NoSuchFile(name));
        }
        for link in links_to(&base(layout, runtime), &name) {
            remove(&link, &mut changes)?;
        }
    }
    Ok(changes)
}

pub(crate) fn mask(
    layout: &Layout,
    names: &[UnitName],
    runtime: bool,
) -> Result<Changes, LinkError> {
    let mut changes = Changes::default();
    for name in names {
        let link = base(layout, runtime).join(name.as_str());
        if directory::is_mask(&link) {
            continue;
        }
        if link.symlink_metadata().is_ok() {
            return Err(LinkError::Exists(link));
        }
        replace_link(&link, Path::new("/dev/null"))?;
        changes
            .lines
            .push(format!("Created symlink {} → /dev/null.", link.display()));
    }
    Ok(changes)
}

pub(crate) fn unmask(
    layout: &Layout,
    names: &[UnitName],
    runtime: bool,
) -> Result<Changes, LinkError> {
    let mut changes = Changes::default();
    for name in names {
        let link = base(layout, runtime).join(name.as_str());
        if directory::is_mask(&link) {
            remove(&link, &mut changes)?;
        }
    }
    Ok(changes)
}

/// The units that start when the machine boots.
pub(crate) fn wanted_at_boot(layout: &Layout) -> BTreeSet<UnitName> {
    let mut names = BTreeSet::new();
    for directory in layout.unit_directories() {
        for target in BOOT_TARGETS {
            for kind in ["wants", "requires"] {
                names.extend(unit_names(&directory.join(format!("{target}.{kind}"))));
            }
        }
    }
    names
}

/// Whether a link of any target wants `name`.
pub(crate) fn is_wanted(layout: &Layout, name: &UnitName) -> bool {
    [layout.system_units(), layout.runtime_units()]
        .iter()
        .any(|base| !links_to(base, name).is_empty())
}

fn base(layout: &Layout, runtime: bool) -> PathBuf {
    if runtime {
        layout.runtime_units()
    } else {
        layout.system_units()
    }
}

fn install_section(layout: &Layout, name: &UnitName) -> Install {
    match directory::load(layout, &layout.hostname(), name) {
        Loaded::Unit(_, definition) => definition.install.clone(),
        Loaded::NotFound | Loaded::Masked(_) => Install::default(),
    }
}

/// `names` and, once each, the units their `Also=` adds.
fn with_also(layout: &Layout, names: &[UnitName]) -> Result<Vec<UnitName>, LinkError> {
    let mut all: Vec<UnitName> = names.to_vec();
    let mut position = 0;
    while position < all.len() {
        let also = install_section(layout, &all[position]).also;
        for name in also {
            if !all.contains(&name) {
                if directory::find(layout, &name).fragment.is_none() {
                    return Err(LinkError::NoSuchFile(name));
                }
                all.push(name);
            }
        }
        position += 1;
    }
    Ok(all)
}

/// The links below `base` that enable `name`, including aliases of it.
fn links_to(base: &Path, name: &UnitName) -> Vec<PathBuf> {
    let mut links = Vec::new();
    let Ok(entries) = fs::read_dir(base) else {
        return links;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let directory = path
            .extension()
            .is_some_and(|extension| extension == "wants" || extension == "requires");
        let link = if directory {
            path.join(name.as_str())
        } else {
            path
        };
        let enables = fs::read_link(&link).is_ok_and(|target| {
            directory || target.file_name().is_some_and(|file| file == name.as_str())
        });
        if enables {
            links.push(link);
        }
    }
    links.sort();
    links
}

fn unit_names(directory: &Path) -> Vec<UnitName> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| UnitName::parse(entry.file_name().to_str()?))
        .collect()
}

fn replace_link(link: &Path, target: &Path) -> Result<(), LinkError> {
    let failed = |source| LinkError::Io {
        path: link.to_owned(),
        source,
    };
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    if fs::read_link(link).is_ok() {
        fs::remove_file(link).map_err(failed)?;
    }
    symlink(target, link).map_err(failed)
}

fn remove(link: &Path, changes: &mut Changes) -> Result<(), LinkError> {
    fs::remove_file(link).map_err(|source| LinkError::Io {
        path: link.to_owned(),
        source,
    })?;
    changes
        .lines
        .push(format!("Removed \"{}\".", link.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(units: &[(&str, &str)]) -> (tempfile::TempDir, Layout) {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path().to_owned());
        fs::create_dir_all(layout.system_units()).unwrap();
        for (name, text) in units {
            fs::write(layout.system_units().join(name), text).unwrap();
        }
        (directory, layout)
    }

    fn unit(name: &str) -> UnitName {
        UnitName::parse(name).unwrap()
    }

    const ENABLEABLE: &str =
        "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";

    #[test]
    fn enabling_links_once_and_disabling_removes_the_link() {
        let (_directory, layout) = machine(&[("a.service", ENABLEABLE)]);
        let a = unit("a.service");
        assert_eq!(file_state(&layout, &a), Some("disabled"));
        let changes = enable(&layout, std::slice::from_ref(&a), false).unwrap();
        let etc = layout.system_units();
        assert_eq!(
            changes.lines,
            [format!(
                "Created symlink {0}/multi-user.target.wants/a.service → {0}/a.service.",
                etc.display()
            )]
        );
        assert_eq!(file_state(&layout, &a), Some("enabled"));
        assert_eq!(
            enable(&layout, std::slice::from_ref(&a), false).unwrap(),
            Changes::default()
        );
        assert_eq!(wanted_at_boot(&layout), BTreeSet::from([a.clone()]));
        disable(&layout, std::slice::from_ref(&a), false).unwrap();
        assert_eq!(file_state(&layout, &a), Some("disabled"));
        assert_eq!(wanted_at_boot(&layout), BTreeSet::new());
    }

    #[test]
    fn a_unit_without_install_section_is_static_and_says_so() {
        let (_directory, layout) = machine(&[("a.service", "[Service]\nExecStart=/bin/true\n")]);
        let a = unit("a.service");
        assert_eq!(file_state(&layout, &a), Some("static"));
        assert!(enable(&layout, &[a], false).unwrap().nothing_to_install);
    }

    #[test]
    fn masking_needs_a_free_name_and_unmasking_leaves_real_files_alone() {
        let (_directory, layout) = machine(&[("a.service", ENABLEABLE)]);
        let (a, b) = (unit("a.service"), unit("b.service"));
        assert!(matches!(
            mask(&layout, std::slice::from_ref(&a), false),
            Err(LinkError::Exists(_))
        ));
        mask(&layout, std::slice::from_ref(&b), false).unwrap();
        assert_eq!(file_state(&layout, &b), Some("masked"));
        assert!(matches!(
            enable(&layout, std::slice::from_ref(&b), false),
            Err(LinkError::Masked(_))
        ));
        unmask(&layout, &[a.clone(), b.clone()], false).unwrap();
        assert_eq!(file_state(&layout, &b), None);
        assert_eq!(file_state(&layout, &a), Some("disabled"));
    }

    #[test]
    fn also_enables_the_others() {
        let also = format!("{ENABLEABLE}Also=b.service\n");
        let (_directory, layout) = machine(&[("a.service", &also), ("b.service", ENABLEABLE)]);
        enable(&layout, &[unit("a.service")], false).unwrap();
        assert_eq!(file_state(&layout, &unit("b.service")), Some("enabled"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let (_directory, layout) = machine(&[]);
        assert_eq!(
            enable(&layout, &[unit("gone.service")], false)
                .unwrap_err()
                .to_string(),
            "Unit file gone.service does not exist."
        );
    }
}
