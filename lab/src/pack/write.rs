//! Writing an archive. The same contents give the same bytes: names are sorted, times are fixed, and modes
//! are 0644 or 0755.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Contents, PackError};

/// Writes the archive beside `output` and puts it in place when it is complete.
pub(super) fn write(contents: &Contents, output: &Path) -> Result<(), PackError> {
    let directory = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(directory)
        .map_err(PackError::io("create a file in", directory))?;
    write_entries(contents, file.as_file_mut()).map_err(PackError::io("write", output))?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o644))
        .map_err(PackError::io("write", output))?;
    file.persist(output)
        .map(|_| ())
        .map_err(|error| PackError::io("replace", output)(error.error))
}

fn write_entries(contents: &Contents, file: &mut std::fs::File) -> io::Result<()> {
    let mut archive = ZipWriter::new(file);
    for (name, entry) in contents {
        let mode = if entry.executable { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        archive.start_file(name.as_str(), options)?;
        archive.write_all(&entry.bytes)?;
    }
    archive.finish()?.flush()
}
