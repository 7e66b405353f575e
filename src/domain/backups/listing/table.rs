//! The table for people, in the columns and widths of Charmed PostgreSQL, because scripts cut it apart.

use std::fmt::{self, Write};

use super::{Action, Row, Status};

/// Where the repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The bucket or container; a folder on a disk has none.
    pub bucket: Option<String>,
    /// The path of the repository inside, with or without a slash in front.
    pub path: String,
    /// Whose it is, when it is another cluster's: then the rows say of which cluster they are.
    pub owner: Option<String>,
}

const HEADINGS: [&str; 12] = [
    "backup-id",
    "action",
    "status",
    "reference-backup-id",
    "LSN start/stop",
    "start-time",
    "finish-time",
    "timeline",
    "backup-path",
    "stanza",
    "version",
    "system-identifier",
];

/// Those of all repositories; the rest tells apart what a repository of others may hold.
const COLUMNS: usize = 9;
/// Of all columns; the last one of a line is not padded.
const WIDTHS: [usize; 12] = [20, 19, 8, 20, 23, 20, 20, 8, 60, 30, 7, 19];

/// The table, without a line break at its end.
pub fn table(rows: &[Row<'_>], location: &Location) -> String {
    // Some 190 bytes a row.
    let mut text = String::with_capacity(600 + rows.len() * 200);
    // Writing into a string cannot fail.
    let _ = write(rows, location, &mut text);
    text
}

fn write(rows: &[Row<'_>], location: &Location, text: &mut String) -> fmt::Result {
    if let Some(bucket) = &location.bucket {
        writeln!(text, "Storage bucket name: {bucket}")?;
    }
    let columns = match &location.owner {
        None => COLUMNS,
        Some(owner) => {
            writeln!(text, "Repository of: {owner}")?;
            HEADINGS.len()
        }
    };
    let path = location.path.trim_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    writeln!(text, "Backups base path: {slash}{path}/backup/\n")?;
    if rows.is_empty() {
        return text.write_str("There are no backups yet. Make the first one with create-backup.");
    }
    let begin = text.len();
    line(text, HEADINGS.iter().take(columns).copied())?;
    let width = text.len() - begin;
    write!(text, "\n{:-<width$}", "")?;
    let mut cells: [String; 12] = Default::default();
    for row in rows {
        text.push('\n');
        cells.iter_mut().for_each(String::clear);
        fill(&mut cells, row)?;
        line(text, cells.iter().take(columns).map(String::as_str))?;
    }
    Ok(())
}

fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) -> fmt::Result {
    let mut cells = cells.zip(WIDTHS).peekable();
    while let Some((cell, width)) = cells.next() {
        if cells.peek().is_some() {
            write!(text, "{cell:<width$} | ")?;
        } else {
            text.push_str(cell);
        }
    }
    Ok(())
}

/// The cells of a row. Where there is nothing to say they say what Charmed PostgreSQL says: `None` or `n/a`.
fn fill(cells: &mut [String; 12], row: &Row<'_>) -> fmt::Result {
    let [
        id,
        action,
        status,
        reference,
        lsn,
        started,
        finished,
        timeline,
        path,
        stanza,
        version,
        system,
    ] = cells;
    write!(id, "{}", row.id)?;
    match row.action {
        Action::Backup(kind) => write!(action, "{kind} backup")?,
        Action::Restore => action.push_str("restore"),
    }
    match row.status {
        Status::Finished => status.push_str("finished"),
        Status::Damaged => status.push_str("failed: pages with wrong checksums"),
        Status::Failed(error) => {
            status.push_str("failed: ");
            one_cell(status, error);
        }
        Status::Running {
            unit,
            percent: Some(percent),
        } => {
            write!(status, "running: {percent}% on {unit}")?;
        }
        Status::Running {
            unit,
            percent: None,
        } => write!(status, "running: on {unit}")?,
    }
    or(reference, row.reference(), "None")?;
    match row.lsn() {
        Some((start, stop)) => write!(lsn, "{start} / {stop}")?,
        None => lsn.push_str("n/a"),
    }
    write!(started, "{}", super::BackupId::at(row.started))?;
    or(finished, row.finished.map(super::BackupId::at), "n/a")?;
    match row.timeline {
        // In hexadecimal, as in file names, and as Charmed PostgreSQL shows it.
        Some(number) => write!(timeline, "{:X}", number.number())?,
        None => timeline.push_str("n/a"),
    }
    or(path, row.path(), "n/a")?;
    stanza.push_str(row.stanza.as_str());
    or(version, row.database.map(|it| it.version.as_str()), "n/a")?;
    or(system, row.database.map(|it| it.system), "n/a")
}

fn or(cell: &mut String, value: Option<impl fmt::Display>, none: &str) -> fmt::Result {
    match value {
        Some(value) => write!(cell, "{value}"),
        None => cell.write_str(none),
    }
}

/// Puts a message of any shape into one cell: in one line, without what separates cells.
fn one_cell(cell: &mut String, message: &str) {
    for (n, word) in message
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .enumerate()
    {
        if n > 0 {
            cell.push(' ');
        }
        cell.push_str(if word == "|" { "/" } else { word });
    }
}
