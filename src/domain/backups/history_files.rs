//! Which timelines have a history file in the archive, and since when.

use std::collections::HashMap;

use super::ini::Unreadable;
use crate::domain::words::{BackupId, Timeline, Timestamp};

/// A history file in the archive. Its time is when the timeline began, give or take the archiver's delay; a copied
/// repository has the time of the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryFile {
    pub timeline: Timeline,
    pub stored: Timestamp,
}

impl HistoryFile {
    /// The operator's name for the timeline, as `list-backups` shows it.
    pub fn id(&self) -> BackupId {
        BackupId::at(self.stored)
    }
}

/// The history files in the output of `repo-ls --output=json archive/<stanza>/<folder>`, by timeline. The listing is
/// not recursive: history files lie beside the folders that hold WAL.
pub fn history_files(listing: &str) -> Result<Vec<HistoryFile>, Unreadable> {
    #[derive(serde::Deserialize)]
    struct Item {
        #[serde(default)]
        time: Option<i64>,
    }

    let items: HashMap<String, Item> =
        serde_json::from_str(listing).map_err(|source| Unreadable::Listing { source })?;
    let mut files = Vec::new();
    for (name, item) in items {
        let Ok(timeline) = Timeline::from_history_file(&name) else {
            continue;
        };
        let unreadable = |why: &dyn std::fmt::Display| Unreadable::Listing {
            source: serde::de::Error::custom(format_args!("{name}: {why}")),
        };
        let seconds = item.time.ok_or_else(|| unreadable(&"no time is given"))?;
        let stored = Timestamp::from_second(seconds).map_err(|error| unreadable(&error))?;
        files.push(HistoryFile { timeline, stored });
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_real_listing_gives_the_history_files_and_their_times() {
        let files = history_files(include_str!("recorded/archive-listing.json")).unwrap();
        let shown: Vec<_> = files
            .iter()
            .map(|file| (file.timeline.number(), file.id().to_string()))
            .collect();
        assert_eq!(
            shown,
            [
                (2, "2026-11-27T16:29:08Z".to_owned()),
                (3, "2026-11-27T16:29:18Z".to_owned()),
                (4, "2026-11-27T16:29:29Z".to_owned()),
            ]
        );
    }

    #[test]
    fn timeline_16_comes_after_timeline_15() {
        let listing = r#"{"00000010.history":{"type":"file","time":2},"0000000F.history":{"type":"file","time":1}}"#;
        let numbers: Vec<_> = history_files(listing)
            .unwrap()
            .iter()
            .map(|file| file.timeline.number())
            .collect();
        assert_eq!(numbers, [15, 16]);
    }

    #[test]
    fn an_empty_archive_has_none_and_other_text_is_an_error() {
        assert_eq!(history_files("{}").unwrap(), []);
        assert!(history_files("").is_err());
        assert!(history_files("ERROR: [055]").is_err());
        assert!(history_files(r#"{"00000002.history":{"type":"file"}}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*", time: i64) {
            let _ = history_files(&text);
            let _ = history_files(&format!(r#"{{"00000002.history":{{"time":{time}}}}}"#));
        }
    }
}
