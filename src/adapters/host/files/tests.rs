use std::os::unix::fs::symlink;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn an_absent_file_is_none_and_an_unreadable_one_an_error() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(read(&home.path().join("absent")).unwrap(), None);
    let error = read(home.path()).unwrap_err();
    assert_eq!(error.to_string(), format!("read {}", home.path().display()));
}

#[test]
fn a_file_is_written_once_and_then_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    let write = |content: &[u8], mode| write_atomic(&path, content, mode, Owner::Root).unwrap();
    assert!(write(b"one", 0o640));
    assert!(!write(b"one", 0o640));
    assert!(write(b"two", 0o640));
    assert!(write(b"two", 0o600), "another mode is a change");
    assert_eq!(read(&path).unwrap().unwrap(), b"two");
    assert_eq!(mode(&path), 0o600);
    let names = list(home.path()).unwrap().unwrap();
    assert_eq!(names, ["file"], "nothing is left beside it");
}

#[test]
fn the_file_of_the_workload_belongs_to_its_user() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    let user = WorkloadUser::find().unwrap();
    write_atomic(&path, b"x", 0o600, Owner::Workload(&user)).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (user.uid(), user.gid()));
    assert!(!write_atomic(&path, b"x", 0o600, Owner::Workload(&user)).unwrap());
}

#[test]
fn a_link_is_replaced_and_what_it_led_to_is_untouched() {
    let home = tempfile::tempdir().unwrap();
    let (victim, path) = (home.path().join("victim"), home.path().join("file"));
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, &path).unwrap();
    assert!(write_atomic(&path, b"precious", 0o600, Owner::Root).unwrap());
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
}

#[test]
fn a_file_in_an_absent_directory_is_an_error_that_names_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("absent/file");
    let error = write_atomic(&path, b"", 0o600, Owner::Root).unwrap_err();
    assert_eq!(error.to_string(), format!("write {}", path.display()));
}

#[test]
fn a_directory_gets_its_mode_whether_it_is_new_or_not() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a/b");
    assert!(make_dir(&path, 0o750, Owner::Root).unwrap());
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o750, 0o755));
    assert!(!make_dir(&path, 0o700, Owner::Root).unwrap());
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn a_directory_is_never_made_of_a_link() {
    let home = tempfile::tempdir().unwrap();
    let (victim, path) = (home.path().join("victim"), home.path().join("link"));
    fs::create_dir(&victim).unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o700)).unwrap();
    symlink(&victim, &path).unwrap();
    assert!(make_dir(&path, 0o777, Owner::Root).is_err());
    assert_eq!(mode(&victim), 0o700);
}

#[test]
fn only_what_lies_below_the_volume_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let (volume, outside) = (home.path().join("volume"), home.path().join("outside"));
    fs::create_dir_all(volume.join("15/main/base")).unwrap();
    fs::create_dir_all(outside.join("main")).unwrap();
    symlink(&outside, volume.join("17")).unwrap();
    for path in [
        volume.clone(),
        outside.clone(),
        volume.join("../outside"),
        volume.join("17/main"),
    ] {
        let error = remove_tree(&path, &volume).unwrap_err();
        assert!(matches!(error, FileError::OutsideVolume { .. }), "{error}");
    }
    assert!(outside.join("main").exists());
    assert!(remove_tree(&volume.join("15/main"), &volume).unwrap());
    assert!(!remove_tree(&volume.join("15/main"), &volume).unwrap());
    assert!(volume.join("15").exists());
}

#[test]
fn removing_a_tree_does_not_follow_its_links() {
    let home = tempfile::tempdir().unwrap();
    let (volume, outside) = (home.path().join("volume"), home.path().join("outside"));
    fs::create_dir_all(volume.join("main")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    symlink(&outside, volume.join("main/pg_wal")).unwrap();
    symlink(&outside, volume.join("link")).unwrap();
    assert!(remove_tree(&volume.join("main"), &volume).unwrap());
    assert!(remove_tree(&volume.join("link"), &volume).unwrap());
    assert!(outside.join("precious").exists());
}

#[test]
fn the_size_of_a_tree_is_what_its_files_occupy() {
    let home = tempfile::tempdir().unwrap();
    let before = tree_size(home.path()).unwrap();
    fs::create_dir(home.path().join("a")).unwrap();
    fs::write(home.path().join("a/file"), vec![1; 1 << 20]).unwrap();
    assert!(tree_size(home.path()).unwrap() >= before + (1 << 20));
    assert_eq!(tree_size(&home.path().join("absent")).unwrap(), 0);
}

#[test]
fn a_volume_has_free_space() {
    assert!(free_bytes(Path::new("/")).unwrap() > 0);
    let error = free_bytes(Path::new("/absent")).unwrap_err();
    assert_eq!(error.to_string(), "ask for the free space of /absent");
}
