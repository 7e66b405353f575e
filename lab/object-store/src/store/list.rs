//! Listing keys in order, without looking at more of the bucket than the answer needs.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use s3s::S3Result;

use super::commit::is_absent;
use super::key;
use super::{Store, internal};

/// What to list.
#[derive(Debug, Clone, Default)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    /// Keys that have it after the prefix are shown as one, up to it.
    pub(super) delimiter: Option<&'a str>,
    /// Only what comes after it.
    pub(super) after: Option<&'a str>,
    pub(super) limit: usize,
}

/// A key with its file, or several keys under what they have in common.
#[derive(Debug)]
pub(super) enum Item {
    Object { key: String, metadata: fs::Metadata },
    Common(String),
}

impl Item {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Object { key, .. } => key,
            Self::Common(prefix) => prefix,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) items: Vec<Item>,
    /// There is more.
    pub(super) truncated: bool,
}

impl Store {
    pub(super) fn list(&self, bucket: &str, query: &Query<'_>) -> S3Result<Listing> {
        let base = self.existing_bucket(bucket)?;
        let mut listing = Listing::default();
        if query.limit == 0 {
            return Ok(listing);
        }
        let directory = key::directory_of(query.prefix);
        let begin = key::directory_path(&base, directory);
        let mut walk = Walk {
            query,
            listing: &mut listing,
        };
        // The end of the walk and the limit are the same to the caller.
        let _ = walk.directory(&begin, directory).map_err(internal)?;
        Ok(listing)
    }
}

struct Walk<'a> {
    query: &'a Query<'a>,
    listing: &'a mut Listing,
}

impl Walk<'_> {
    /// Visits what lies in a directory; `above` is the part of the key that leads to it.
    fn directory(&mut self, path: &Path, above: &str) -> io::Result<ControlFlow<()>> {
        for entry in entries(path, above)? {
            let below = path.join(&entry.name);
            let flow = if entry.is_directory {
                self.subdirectory(&below, &entry.key)?
            } else {
                self.file(&below, entry.key)?
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn subdirectory(&mut self, path: &Path, key: &str) -> io::Result<ControlFlow<()>> {
        let Query {
            prefix,
            delimiter,
            after,
            ..
        } = self.query;
        if !key.starts_with(prefix) && !prefix.starts_with(key) {
            return Ok(ControlFlow::Continue(()));
        }
        // Everything in it comes before.
        if after.is_some_and(|after| key < after && !after.starts_with(key)) {
            return Ok(ControlFlow::Continue(()));
        }
        let common = *delimiter == Some("/") && key.len() > prefix.len();
        if !common {
            return self.directory(path, key);
        }
        if after.is_some_and(|after| key <= after) || !holds_object(path)? {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(self.add(Item::Common(key.to_owned())))
    }

    fn file(&mut self, path: &Path, key: String) -> io::Result<ControlFlow<()>> {
        let query = self.query;
        let Some(rest) = key.strip_prefix(query.prefix) else {
            return Ok(ControlFlow::Continue(()));
        };
        if query.after.is_some_and(|after| key.as_str() <= after) {
            return Ok(ControlFlow::Continue(()));
        }
        let cut = query
            .delimiter
            .and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
        if let Some(cut) = cut {
            let common = format!("{}{}", query.prefix, &rest[..cut]);
            let shown = self
                .listing
                .items
                .last()
                .is_some_and(|item| item.name() == common)
                || query.after.is_some_and(|after| after.starts_with(&common));
            if shown {
                return Ok(ControlFlow::Continue(()));
            }
            return Ok(self.add(Item::Common(common)));
        }
        match fs::metadata(path) {
            Ok(metadata) => Ok(self.add(Item::Object { key, metadata })),
            // Removed since the directory was read.
            Err(error) if is_absent(&error) => Ok(ControlFlow::Continue(())),
            Err(error) => Err(error),
        }
    }

    fn add(&mut self, item: Item) -> ControlFlow<()> {
        if self.listing.items.len() == self.query.limit {
            self.listing.truncated = true;
            return ControlFlow::Break(());
        }
        self.listing.items.push(item);
        ControlFlow::Continue(())
    }
}

struct Entry {
    name: String,
    /// The whole key, or for a directory what the keys in it begin with.
    key: String,
    is_directory: bool,
}

/// What is in a directory, in the order of the keys.
fn entries(path: &Path, above: &str) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let listed = match fs::read_dir(path) {
        Ok(listed) => listed,
        Err(error) if is_absent(&error) => return Ok(entries),
        Err(error) => return Err(error),
    };
    for entry in listed {
        let entry = entry?;
        // Not made by this store.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let is_directory = entry.file_type()?.is_dir();
        let slash = if is_directory { "/" } else { "" };
        entries.push(Entry {
            key: format!("{above}{}{slash}", key::part_of(&name)),
            name,
            is_directory,
        });
    }
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(entries)
}

/// Whether there is an object anywhere in a directory.
pub(super) fn holds_object(path: &Path) -> io::Result<bool> {
    let listed = match fs::read_dir(path) {
        Ok(listed) => listed,
        Err(error) if is_absent(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    for entry in listed {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || holds_object(&entry.path())? {
            return Ok(true);
        }
    }
    Ok(false)
}
