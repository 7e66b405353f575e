//! Where the files of a unit lie, and loading them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use super::definition::Definition;
use super::name::UnitName;
use super::read;
use super::sections;
use super::specifiers::Specifiers;
use crate::machine::layout::Layout;

/// The files that make up one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnitFiles {
    pub(crate) fragment: Option<PathBuf>,
    pub(crate) drop_ins: Vec<PathBuf>,
    pub(crate) masked: bool,
    /// Changes of any file show as a difference here.
    stamps: Vec<(PathBuf, Option<SystemTime>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loaded {
    NotFound,
    Masked(UnitFiles),
    Unit(UnitFiles, Rc<Definition>),
}

/// Looks the files of `name` up. Nothing is read but directories.
pub(crate) fn find(layout: &Layout, name: &UnitName) -> UnitFiles {
    let mut files = UnitFiles::default();
    let directories = layout.unit_directories();
    let template = name.template();
    let names = || std::iter::once(name).chain(template.as_ref());
    for candidate in names() {
        for directory in &directories {
            let path = directory.join(candidate.as_str());
            if path.symlink_metadata().is_ok() {
                files.masked = is_mask(&path);
                files.fragment = Some(path);
                break;
            }
        }
        if files.fragment.is_some() {
            break;
        }
    }
    let drop_in_directories = names()
        .map(|name| format!("{name}.d"))
        .chain(std::iter::once(format!("{}.d", name.suffix())));
    // One file name counts once: the strongest directory and the most specific name win.
    let mut by_file_name: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for drop_in_directory in drop_in_directories {
        for directory in &directories {
            for path in conf_files(&directory.join(&drop_in_directory)) {
                if let Some(file_name) = path.file_name() {
                    by_file_name.entry(file_name.to_owned()).or_insert(path);
                }
            }
        }
    }
    files.drop_ins = by_file_name
        .into_values()
        .filter(|path| !is_mask(path))
        .collect();
    files.stamps = files
        .fragment
        .iter()
        .chain(&files.drop_ins)
        .map(|path| {
            let modified = fs::metadata(path).and_then(|data| data.modified()).ok();
            (path.clone(), modified)
        })
        .collect();
    files
}

/// Finds and reads the unit `name`.
pub(crate) fn load(layout: &Layout, hostname: &str, name: &UnitName) -> Loaded {
    let files = find(layout, name);
    let Some(fragment) = &files.fragment else {
        return Loaded::NotFound;
    };
    if files.masked {
        return Loaded::Masked(files);
    }
    let mut texts = Vec::new();
    let mut notes = Vec::new();
    for path in std::iter::once(fragment).chain(&files.drop_ins) {
        let shown = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => {
                let (assignments, file_notes) = sections::parse(&String::from_utf8_lossy(&bytes));
                notes.extend(file_notes.iter().map(|note| format!("{shown}: {note}")));
                texts.push((shown, assignments));
            }
            Err(_) if path == fragment => return Loaded::NotFound,
            Err(error) => notes.push(format!("{shown}: Failed to read, ignoring: {error}")),
        }
    }
    let specifiers = Specifiers {
        name,
        layout,
        hostname,
    };
    let mut definition = read::read(&texts, &specifiers);
    notes.append(&mut definition.notes);
    definition.notes = notes;
    Loaded::Unit(files, Rc::new(definition))
}

/// The name behind an alias: `name` itself unless its file is a link to another unit.
pub(crate) fn canonical(layout: &Layout, name: &UnitName) -> UnitName {
    let target = layout
        .unit_directories()
        .iter()
        .map(|directory| directory.join(name.as_str()))
        .find(|path| path.symlink_metadata().is_ok())
        .and_then(|path| fs::read_link(path).ok())
        .and_then(|target| UnitName::parse(target.file_name()?.to_str()?));
    match target {
        Some(target)
            if target != *name
                && target.suffix() == name.suffix()
                && Some(&target) != name.template().as_ref() =>
        {
            target
        }
        _ => name.clone(),
    }
}

/// All unit files of the machine by name, each with the file that counts.
pub(crate) fn all(layout: &Layout) -> BTreeMap<UnitName, PathBuf> {
    let mut found = BTreeMap::new();
    for directory in layout.unit_directories() {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if let Some(name) = name.to_str().and_then(UnitName::parse)
                && !entry.path().is_dir()
            {
                found.entry(name).or_insert_with(|| entry.path());
            }
        }
    }
    found
}

/// A link to `/dev/null`, or an empty file.
pub(crate) fn is_mask(path: &Path) -> bool {
    match fs::read_link(path) {
        Ok(target) => target == Path::new("/dev/null"),
        Err(_) => fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() == 0),
    }
}

fn conf_files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "conf")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    struct Machine {
        _directory: tempfile::TempDir,
        layout: Layout,
    }

    impl Machine {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let layout = Layout::new(directory.path().to_owned());
            Self {
                _directory: directory,
                layout,
            }
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.layout.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        }

        fn load(&self, name: &str) -> Loaded {
            load(&self.layout, "host", &UnitName::parse(name).unwrap())
        }

        fn description(&self, name: &str) -> String {
            match self.load(name) {
                Loaded::Unit(_, definition) => definition.description.clone(),
                other => panic!("{name} is {other:?}"),
            }
        }
    }

    const BODY: &str = "[Service]\nExecStart=/bin/true\n";

    #[test]
    fn etc_wins_over_lib() {
        let machine = Machine::new();
        machine.write(
            "usr/lib/systemd/system/a.service",
            &format!("[Unit]\nDescription=lib\n{BODY}"),
        );
        assert_eq!(machine.description("a.service"), "lib");
        machine.write(
            "etc/systemd/system/a.service",
            &format!("[Unit]\nDescription=etc\n{BODY}"),
        );
        assert_eq!(machine.description("a.service"), "etc");
    }

    #[test]
    fn an_instance_is_read_from_its_template() {
        let machine = Machine::new();
        machine.write(
            "etc/systemd/system/a@.service",
            &format!("[Unit]\nDescription=for %i\n{BODY}"),
        );
        assert_eq!(machine.description("a@x.service"), "for x");
    }

    #[test]
    fn drop_ins_apply_in_order_of_their_file_names() {
        let machine = Machine::new();
        machine.write("etc/systemd/system/a.service", BODY);
        for (file, text) in [("20-b.conf", "second"), ("10-a.conf", "first")] {
            machine.write(
                &format!("etc/systemd/system/a.service.d/{file}"),
                &format!("[Unit]\nDescription={text}\n"),
            );
        }
        assert_eq!(machine.description("a.service"), "second");
        machine.write(
            "etc/systemd/system/a.service.d/ignored.txt",
            "[Unit]\nDescription=no\n",
        );
        assert_eq!(machine.description("a.service"), "second");
    }

    #[test]
    fn a_link_to_dev_null_masks() {
        let machine = Machine::new();
        machine.write("usr/lib/systemd/system/a.service", BODY);
        let link = machine.layout.system_units().join("a.service");
        fs::create_dir_all(machine.layout.system_units()).unwrap();
        symlink("/dev/null", link).unwrap();
        assert!(matches!(machine.load("a.service"), Loaded::Masked(_)));
    }

    #[test]
    fn a_changed_file_shows_as_a_difference() {
        let machine = Machine::new();
        let path = machine.write("etc/systemd/system/a.service", BODY);
        let name = UnitName::parse("a.service").unwrap();
        let before = find(&machine.layout, &name);
        assert_eq!(before, find(&machine.layout, &name));
        let earlier = SystemTime::now() - std::time::Duration::from_secs(5);
        fs::File::open(&path)
            .unwrap()
            .set_modified(earlier)
            .unwrap();
        assert_ne!(before, find(&machine.layout, &name));
        machine.write("etc/systemd/system/a.service.d/x.conf", "[Unit]\n");
        assert_eq!(find(&machine.layout, &name).drop_ins.len(), 1);
    }

    #[test]
    fn an_alias_leads_to_the_unit_behind_it() {
        let machine = Machine::new();
        machine.write("usr/lib/systemd/system/real.service", BODY);
        fs::create_dir_all(machine.layout.system_units()).unwrap();
        symlink(
            "/usr/lib/systemd/system/real.service",
            machine.layout.system_units().join("alias.service"),
        )
        .unwrap();
        let name = UnitName::parse("alias.service").unwrap();
        assert_eq!(canonical(&machine.layout, &name).as_str(), "real.service");
    }
}
