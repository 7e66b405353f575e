//! `archive.info`: which databases a stanza archives WAL of.

use super::backup::{Database, DatabaseId};
use super::databases::Sections;
use super::ini::{Place, Unreadable};

const FILE: &str = "archive.info";

/// What `archive.info` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveInfo {
    /// The database whose WAL is taken now.
    pub current: DatabaseId,
    /// All databases the stanza ever knew, oldest first.
    pub databases: Vec<Database>,
}

impl ArchiveInfo {
    /// Parses the text of the file.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut sections = Sections::of(FILE);
        let mut place = Place::at_the_beginning_of(FILE);
        for line in text.lines() {
            if let Some(entry) = place.next(line.as_bytes()) {
                sections.take(&entry?)?;
            }
        }
        let (current, databases) = sections.finish()?;
        Ok(Self { current, databases })
    }

    /// The folder under `archive/<stanza>` that WAL goes to now: `15-1`.
    pub fn current_folder(&self) -> Option<String> {
        let current = self
            .databases
            .iter()
            .find(|database| database.id == self.current);
        current.map(Database::archive_folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::SystemId;
    use proptest::prelude::*;

    const RECORDED: &str = include_str!("recorded/archive.info");

    #[test]
    fn a_real_file_gives_the_database_and_its_folder() {
        let info = ArchiveInfo::parse(RECORDED).unwrap();
        assert_eq!(
            info.databases[0].system,
            SystemId::new(7_712_888_880_388_294_260).unwrap()
        );
        assert_eq!(info.current_folder().as_deref(), Some("15-1"));
    }

    #[test]
    fn a_stanza_that_was_upgraded_knows_both_databases() {
        let text = RECORDED.replace("db-id=1\n", "db-id=2\n").replace(
            "[db:history]\n",
            "[db:history]\n2={\"db-id\":12,\"db-version\":\"16\"}\n",
        );
        let info = ArchiveInfo::parse(&text).unwrap();
        assert_eq!(
            info.databases.iter().map(|d| d.id.0).collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(info.current_folder().as_deref(), Some("16-2"));
    }

    #[test]
    fn a_current_database_that_the_history_lacks_is_an_error() {
        let text = RECORDED.replace("db-id=1\n", "db-id=7\n");
        assert_eq!(
            ArchiveInfo::parse(&text).unwrap_err().to_string(),
            "archive.info has no db-id in section [db]"
        );
    }

    proptest! {
        #[test]
        fn a_real_file_with_any_byte_changed_is_read_without_panic(at in 0..RECORDED.len(), with: char) {
            let mut text = RECORDED.to_owned();
            text.replace_range(at..=at, with.encode_utf8(&mut [0; 4]));
            let _ = ArchiveInfo::parse(&text);
        }
    }
}
