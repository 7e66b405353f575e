//! `journalctl`, straight from the machine's files.

pub(super) mod format;
mod when;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::options::{self, Parsed, Syntax};
use super::{Stop, Tool, glob};
use crate::machine::journal::{self, Entry, Follower};
use crate::machine::unit::name::UnitName;
use format::Format;

const SYNTAX: Syntax = Syntax {
    program: "journalctl",
    options: &[
        ('a', "all", false),
        ('b', "boot", false),
        ('e', "pager-end", false),
        ('f', "follow", false),
        ('g', "grep", true),
        ('k', "dmesg", false),
        ('l', "full", false),
        ('m', "merge", false),
        ('n', "lines", true),
        ('o', "output", true),
        ('p', "priority", true),
        ('q', "quiet", false),
        ('r', "reverse", false),
        ('S', "since", true),
        ('t', "identifier", true),
        ('u', "unit", true),
        ('U', "until", true),
        ('x', "catalog", false),
        (' ', "flush", false),
        (' ', "no-hostname", false),
        (' ', "no-pager", false),
        (' ', "no-tail", false),
        (' ', "rotate", false),
        (' ', "sync", false),
        (' ', "system", false),
        (' ', "utc", false),
    ],
    words_end_options: false,
};

const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);
const FOLLOW_LINES: usize = 10;

pub(super) fn run(tool: &Tool, args: &[String]) -> Result<u8, Stop> {
    let parsed = options::parse(&SYNTAX, &separate_lines(args))?;
    if ["flush", "rotate", "sync"]
        .iter()
        .any(|name| parsed.has(name))
    {
        // Every entry is in its file as soon as it is made.
        return Ok(0);
    }
    let format = Format::parse(parsed.value("output").unwrap_or("short"))
        .ok_or_else(|| Stop::new(1, "Unknown output format."))?;
    let directory = tool.layout.journal();
    let filter = Filter::parse(&parsed)?;
    let units = units(&parsed, &directory)?;
    // Opened before the entries are read: one in between shows twice at worst, and never not at all.
    let mut followers: Vec<Follower> = if parsed.has("follow") {
        units
            .iter()
            .map(|unit| Follower::at_end(&directory, unit))
            .collect()
    } else {
        Vec::new()
    };
    let mut entries: Vec<Entry> = units
        .iter()
        .flat_map(|unit| journal::read_unit(&directory, unit))
        .filter(|entry| filter.admits(entry))
        .collect();
    entries.sort_by_key(|entry| entry.time);
    if let Some(lines) = limit(&parsed)? {
        entries.drain(..entries.len().saturating_sub(lines));
    }
    if parsed.has("reverse") {
        entries.reverse();
    }
    let hostname = tool.layout.hostname();
    let mut out = io::stdout().lock();
    if entries.is_empty() && followers.is_empty() && !parsed.has("quiet") && format.has_header() {
        writeln!(out, "-- No entries --")?;
    }
    for entry in &entries {
        writeln!(out, "{}", format.line(entry, &hostname))?;
    }
    out.flush()?;
    while !followers.is_empty() {
        std::thread::sleep(FOLLOW_INTERVAL);
        let mut fresh: Vec<Entry> = followers.iter_mut().flat_map(Follower::poll).collect();
        fresh.sort_by_key(|entry| entry.time);
        for entry in fresh.iter().filter(|entry| filter.admits(entry)) {
            writeln!(out, "{}", format.line(entry, &hostname))?;
        }
        out.flush()?;
    }
    Ok(0)
}

/// `-n` may stand alone, and `-b` may have a value: both are put into a form the common syntax knows.
fn separate_lines(args: &[String]) -> Vec<String> {
    let mut separated = Vec::with_capacity(args.len());
    for (position, arg) in args.iter().enumerate() {
        let next_is_number = args.get(position + 1).is_some_and(|next| {
            next == "all" || next.trim_start_matches('+').parse::<usize>().is_ok()
        });
        match arg.as_str() {
            "-n" | "--lines" if !next_is_number => separated.push("--lines=10".to_owned()),
            "-b0" | "--boot=0" => separated.push("--boot".to_owned()),
            _ => separated.push(arg.clone()),
        }
    }
    separated
}

/// How many of the last entries to print; none for all.
fn limit(parsed: &Parsed) -> Result<Option<usize>, Stop> {
    match parsed.value("lines") {
        Some("all") => Ok(None),
        Some(number) => number
            .parse()
            .map(Some)
            .map_err(|_| Stop::new(1, format!("Failed to parse lines '{number}'"))),
        None if parsed.has("follow") && !parsed.has("no-tail") => Ok(Some(FOLLOW_LINES)),
        None if parsed.has("pager-end") => Ok(Some(1000)),
        None => Ok(None),
    }
}

/// The units asked for, or all.
fn units(parsed: &Parsed, directory: &Path) -> Result<Vec<String>, Stop> {
    let known = journal::units(directory);
    let mut units = Vec::new();
    for asked in parsed.values("unit") {
        if glob::is_pattern(asked) {
            let matching = known.iter().filter(|unit| glob::matches(asked, unit));
            units.extend(matching.cloned());
            continue;
        }
        let name = UnitName::from_argument(asked)
            .ok_or_else(|| Stop::new(1, format!("Failed to mangle unit name: {asked}")))?;
        units.push(name.as_str().to_owned());
    }
    if parsed.has("unit") {
        units.dedup();
        Ok(units)
    } else {
        Ok(known)
    }
}

struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    identifiers: Vec<String>,
    grep: Option<String>,
}

impl Filter {
    fn parse(parsed: &Parsed) -> Result<Self, Stop> {
        let time = |option: &str| {
            parsed
                .value(option)
                .map(|text| {
                    when::parse(text, Timestamp::now())
                        .ok_or_else(|| Stop::new(1, format!("Failed to parse timestamp: {text}")))
                })
                .transpose()
        };
        Ok(Self {
            since: time("since")?,
            until: time("until")?,
            identifiers: parsed.values("identifier").map(str::to_owned).collect(),
            grep: parsed.value("grep").map(str::to_owned),
        })
    }

    fn admits(&self, entry: &Entry) -> bool {
        let identifier = entry.source.split('[').next().unwrap_or_default();
        self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time <= until)
            && (self.identifiers.is_empty()
                || self.identifiers.iter().any(|wanted| wanted == identifier))
            && self
                .grep
                .as_ref()
                .is_none_or(|wanted| entry.message.contains(wanted.as_str()))
    }
}
