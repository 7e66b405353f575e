//! The sections that `backup.info` and `archive.info` share: the format, the databases, the checksum.

use super::backup::{Database, DatabaseId};
use super::ini::{Entry, Unreadable};
use crate::domain::words::SystemId;

/// The only format pgBackRest 2 writes.
const FORMAT: u32 = 5;

/// Collects the shared sections of one file.
pub(super) struct Sections {
    file: &'static str,
    databases: Vec<Database>,
    current: Option<DatabaseId>,
    format: Option<u32>,
    whole: bool,
    pub(super) encrypted: bool,
}

#[derive(serde::Deserialize)]
struct History<'a> {
    /// `backup.info` says `db-system-id`, `archive.info` says `db-id` for the same.
    #[serde(rename = "db-system-id", alias = "db-id")]
    system: SystemId,
    #[serde(rename = "db-version")]
    version: std::borrow::Cow<'a, str>,
}

impl Sections {
    pub(super) const fn of(file: &'static str) -> Self {
        Self {
            file,
            databases: Vec::new(),
            current: None,
            format: None,
            whole: false,
            encrypted: false,
        }
    }

    /// Takes in an entry of a shared section; others are ignored, as pgBackRest does with what it does not know.
    pub(super) fn take(&mut self, entry: &Entry<'_>) -> Result<(), Unreadable> {
        match (entry.section, entry.key) {
            ("backrest", "backrest-format") => self.format = Some(entry.read(self.file)?),
            ("backrest", "backrest-checksum") => self.whole = true,
            ("cipher", _) => self.encrypted = true,
            ("db", "db-id") => self.current = Some(entry.read(self.file)?),
            ("db:history", number) => {
                let id =
                    number
                        .parse()
                        .map(DatabaseId)
                        .map_err(|_| Unreadable::DatabaseNumber {
                            file: self.file,
                            line: entry.line,
                            number: number.chars().take(20).collect(),
                        })?;
                let History { system, version } = entry.read(self.file)?;
                self.databases.push(Database {
                    id,
                    system,
                    version: version.into_owned(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// The database the stanza is at now, and all it ever knew, by number.
    pub(super) fn finish(mut self) -> Result<(DatabaseId, Vec<Database>), Unreadable> {
        let file = self.file;
        // The checksum is the last thing in the file.
        if !self.whole {
            return Err(Unreadable::CutShort { file });
        }
        match self.format {
            Some(FORMAT) => {}
            Some(format) => return Err(Unreadable::Format { file, format }),
            None => {
                let (section, key) = ("backrest", "backrest-format");
                return Err(Unreadable::Missing { file, section, key });
            }
        }
        self.databases.sort_by_key(|database| database.id);
        let current = self
            .current
            .filter(|current| {
                self.databases
                    .iter()
                    .any(|database| database.id == *current)
            })
            .ok_or(Unreadable::Missing {
                file,
                section: "db",
                key: "db-id",
            })?;
        Ok((current, self.databases))
    }
}
