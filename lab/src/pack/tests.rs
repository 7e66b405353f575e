use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{PackError, Request, pack, unpack};

const METADATA: &str = "name: x\nsummary: s\ndescription: d\n";
const CHARMCRAFT: &str = "type: charm\nplatforms:\n  ubuntu@22.04:amd64:\n  ubuntu@22.04:arm64:\n";

struct Charm {
    directory: tempfile::TempDir,
}

impl Charm {
    fn new(files: &[(&str, &str)]) -> Self {
        let charm = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        for (name, text) in files {
            charm.write(name, text.as_bytes());
        }
        charm.write("program", b"#!/bin/sh\n");
        charm
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn pack(&self, include: &[&str]) -> Result<PathBuf, PackError> {
        let request = Request {
            from: self.directory.path().to_owned(),
            dispatch: self.path("program"),
            include: include.iter().map(PathBuf::from).collect(),
        };
        pack(&request, &self.path("x.charm"))
    }

    fn unpacked(&self, include: &[&str]) -> Unpacked {
        let archive = self.pack(include).unwrap();
        let directory = tempfile::tempdir().unwrap();
        unpack(&archive, directory.path()).unwrap();
        Unpacked(directory)
    }
}

struct Unpacked(tempfile::TempDir);

impl Unpacked {
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        let data = fs::metadata(self.0.path().join(name)).unwrap();
        data.permissions().mode() & 0o777
    }
}

#[test]
fn a_charm_is_packed_and_unpacked_with_its_modes() {
    let charm = Charm::new(&[
        ("metadata.yaml", METADATA),
        ("charmcraft.yaml", CHARMCRAFT),
        ("config.yaml", "options: {}\n"),
        ("LICENSE", "free\n"),
        ("templates/a/b.conf", "b\n"),
        ("notes.txt", "not for others\n"),
    ]);
    charm.write("scripts/run", b"#!/bin/sh\n");
    fs::set_permissions(charm.path("scripts/run"), fs::Permissions::from_mode(0o700)).unwrap();
    let unpacked = charm.unpacked(&["templates", "./scripts/run"]);
    assert_eq!(
        unpacked.names(),
        [
            "LICENSE",
            "config.yaml",
            "dispatch",
            "manifest.yaml",
            "metadata.yaml",
            "scripts",
            "templates"
        ]
    );
    assert_eq!(unpacked.text("dispatch"), "#!/bin/sh\n");
    assert_eq!(unpacked.mode("dispatch"), 0o755);
    assert_eq!(unpacked.mode("metadata.yaml"), 0o644);
    assert_eq!(unpacked.mode("scripts/run"), 0o755);
    assert_eq!(unpacked.text("templates/a/b.conf"), "b\n");
    assert_eq!(
        unpacked.text("manifest.yaml"),
        "bases:\n- name: ubuntu\n  channel: '22.04'\n  architectures:\n  - amd64\n  - arm64\n"
    );
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    let charm = Charm::new(&[("metadata.yaml", METADATA), ("charmcraft.yaml", CHARMCRAFT)]);
    let first = fs::read(charm.pack(&[]).unwrap()).unwrap();
    let later = fs::File::open(charm.path("metadata.yaml")).unwrap();
    later
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(fs::read(charm.pack(&[]).unwrap()).unwrap(), first);
}

#[test]
fn a_charm_may_be_described_in_charmcraft_yaml_alone() {
    let charm = Charm::new(&[(
        "charmcraft.yaml",
        "type: charm\nname: x\ntitle: X\nsummary: s\ndescription: d\nbase: ubuntu@22.04\nplatforms: {amd64: }\n\
         parts: {a: {plugin: nil}}\nrequires: {db: {interface: pg}}\n\
         config: {options: {memory: {type: int, default: 1}}}\nactions: {back-up: {description: b}}\n",
    )]);
    let unpacked = charm.unpacked(&[]);
    assert_eq!(
        unpacked.text("metadata.yaml"),
        "name: x\nsummary: s\ndescription: d\nrequires:\n  db:\n    interface: pg\ndisplay-name: X\n"
    );
    assert_eq!(
        unpacked.text("config.yaml"),
        "options:\n  memory:\n    type: int\n    default: 1\n"
    );
    assert_eq!(
        unpacked.text("actions.yaml"),
        "back-up:\n  description: b\n"
    );
}

#[test]
fn the_manifest_names_only_what_the_program_runs_on() {
    let charm = Charm::new(&[("metadata.yaml", METADATA), ("charmcraft.yaml", CHARMCRAFT)]);
    let mut program = vec![0; 64];
    program[..6].copy_from_slice(b"\x7fELF\x02\x01");
    program[18] = 0xb7;
    charm.write("program", &program);
    assert!(
        charm
            .unpacked(&[])
            .text("manifest.yaml")
            .ends_with("architectures:\n  - arm64\n")
    );
    program[18] = 0x16;
    charm.write("program", &program);
    assert!(charm.pack(&[]).unwrap_err().to_string().contains(
        "is a program for s390x, and charmcraft.yaml names platforms for amd64, arm64 only"
    ));
}

#[test]
fn a_bad_file_is_refused_and_leaves_no_archive() {
    let charm = Charm::new(&[
        ("metadata.yaml", METADATA),
        ("charmcraft.yaml", CHARMCRAFT),
        ("actions.yaml", "back-up: [not, a, map]\n"),
    ]);
    assert!(matches!(charm.pack(&[]), Err(PackError::Files { .. })));
    assert!(!charm.path("x.charm").exists());
    let bare = Charm::new(&[("metadata.yaml", METADATA)]);
    assert!(matches!(bare.pack(&[]), Err(PackError::NoBases(_))));
}

#[test]
fn only_what_lies_below_the_charm_can_be_included() {
    let charm = Charm::new(&[("metadata.yaml", METADATA), ("charmcraft.yaml", CHARMCRAFT)]);
    for path in ["../other", "/etc/hostname"] {
        assert!(matches!(
            charm.pack(&[path]),
            Err(PackError::Include { .. })
        ));
    }
}

fn archive(write: impl FnOnce(&mut ZipWriter<fs::File>)) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("evil.charm");
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    write(&mut zip);
    zip.finish().unwrap();
    (directory, path)
}

#[test]
fn an_entry_outside_of_the_charm_is_refused_before_anything_is_written() {
    let options = SimpleFileOptions::default();
    let evil = |name: &str, target: Option<&str>| {
        archive(|zip| {
            zip.start_file("metadata.yaml", options).unwrap();
            zip.write_all(METADATA.as_bytes()).unwrap();
            match target {
                Some(target) => zip.add_symlink(name, target, options).unwrap(),
                None => zip.start_file(name, options).unwrap(),
            }
        })
    };
    for (name, target) in [
        ("../evil", None),
        ("a/../../evil", None),
        ("/etc/evil", None),
        ("link", Some("/etc")),
        ("a/link", Some("../../x")),
    ] {
        let (directory, path) = evil(name, target);
        let dest = directory.path().join("dest");
        assert!(
            matches!(unpack(&path, &dest), Err(PackError::Outside { .. })),
            "{name}"
        );
        assert!(!dest.exists(), "{name}");
    }
}

#[test]
fn links_inside_of_the_charm_are_kept_and_never_written_through() {
    let options = SimpleFileOptions::default();
    let (directory, path) = archive(|zip| {
        zip.add_symlink("hooks", "real", options).unwrap();
        zip.start_file("hooks/start", options).unwrap();
        zip.add_symlink("current", "real/../dispatch", options)
            .unwrap();
        zip.start_file("dispatch", options.unix_permissions(0o755))
            .unwrap();
    });
    let dest = directory.path().join("dest");
    assert!(unpack(&path, &dest).is_err(), "a file below a link");
    let (directory, path) = archive(|zip| {
        zip.add_symlink("hooks/start", "../dispatch", options)
            .unwrap();
        zip.start_file("dispatch", options.unix_permissions(0o755))
            .unwrap();
    });
    let dest = directory.path().join("dest");
    unpack(&path, &dest).unwrap();
    assert_eq!(
        fs::read_link(dest.join("hooks/start")).unwrap(),
        Path::new("../dispatch")
    );
    assert!(dest.join("hooks/start").exists());
}

#[test]
fn what_is_no_archive_is_said_to_be_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.charm");
    fs::write(&path, "not a zip").unwrap();
    let error = unpack(&path, &directory.path().join("dest")).unwrap_err();
    assert!(
        error.to_string().contains("is not a charm archive"),
        "{error}"
    );
}
