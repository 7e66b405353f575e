//! Keys as paths: `a/b` lies in the file `b` of the directory `a`, so that people find their objects.
//!
//! Parts that no file can be called by are escaped with `%`: an empty part is `%` alone.

use std::path::{Path, PathBuf};

use s3s::{S3ErrorCode, S3Result, s3_error};

use super::refusal::refused;

const MAX_PART: usize = 255;
const MAX_KEY: usize = 1024;

/// The path of `key` below its bucket's directory.
pub(super) fn to_path(key: &str) -> S3Result<PathBuf> {
    if key.len() > MAX_KEY {
        return Err(refused(S3ErrorCode::KeyTooLongError));
    }
    let mut path = PathBuf::new();
    for part in key.split('/') {
        let name = encode(part);
        if name.len() > MAX_PART {
            return Err(refused(S3ErrorCode::KeyTooLongError));
        }
        if name.contains('\0') {
            return Err(s3_error!(InvalidArgument, "A key cannot hold a NUL."));
        }
        path.push(name);
    }
    Ok(path)
}

fn encode(part: &str) -> String {
    match part {
        "" => "%".to_owned(),
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => part.replace('%', "%25"),
    }
}

/// The part of a key that a file or directory of this name stands for.
pub(super) fn part_of(name: &str) -> String {
    match name {
        "%" => String::new(),
        "%2E" => ".".to_owned(),
        "%2E%2E" => "..".to_owned(),
        _ => name.replace("%25", "%"),
    }
}

/// The deepest directory that holds every key with this prefix, as part of a key: all up to the last slash.
pub(super) fn directory_of(prefix: &str) -> &str {
    prefix.rfind('/').map_or("", |slash| &prefix[..=slash])
}

/// A directory given as part of a key with a slash at its end, below the bucket's directory.
pub(super) fn directory_path(base: &Path, directory: &str) -> PathBuf {
    directory.strip_suffix('/').map_or_else(
        || base.to_owned(),
        |directory| {
            directory
                .split('/')
                .fold(base.to_owned(), |path, part| path.join(encode(part)))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leaves_its_bucket() {
        for (key, path) in [
            ("a/b", "a/b"),
            ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
            ("/etc/passwd", "%/etc/passwd"),
            ("a//b/", "a/%/b/%"),
            ("./100%", "%2E/100%25"),
        ] {
            assert_eq!(to_path(key).unwrap(), Path::new(path));
        }
    }

    #[test]
    fn parts_come_back_from_names() {
        for part in ["", ".", "..", "a", "100%", "%25", "%2E", "ä b"] {
            assert_eq!(part_of(&encode(part)), part);
        }
    }

    #[test]
    fn a_key_that_is_too_long_is_refused() {
        assert!(to_path(&"x".repeat(256)).is_err());
        assert!(to_path(&"x/".repeat(600)).is_err());
        assert!(to_path(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn a_prefix_begins_in_a_directory() {
        assert_eq!(directory_of("a/b/c"), "a/b/");
        assert_eq!(directory_of("a/b/"), "a/b/");
        assert_eq!(directory_of("a"), "");
        assert_eq!(
            directory_path(Path::new("/s"), "a/../"),
            Path::new("/s/a/%2E%2E")
        );
        assert_eq!(directory_path(Path::new("/s"), ""), Path::new("/s"));
    }
}
