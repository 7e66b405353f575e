//! The keys of `[Service]` that say what a process of the service finds: user, environment, directories,
//! limits and streams.

use super::unit::bad;
use super::values;
use super::{Assigned, Reader};
use crate::machine::unit::definition::{
    DirectoryKind, EnvironmentFile, Input, Output, PreserveRuntimeDirectory, ServiceDirectory,
};
use crate::machine::unit::exec_line::is_name;
use crate::machine::unit::words;

impl Reader<'_> {
    pub(super) fn assign_execution(&mut self, key: &str, value: &str) -> Assigned {
        match key {
            "User" | "Group" | "SupplementaryGroups" | "SyslogIdentifier" => {
                self.assign_text(key, value)
            }
            "Environment" | "EnvironmentFile" | "UnsetEnvironment" => {
                self.assign_environment(key, value)
            }
            "WorkingDirectory" => self.assign_working_directory(value),
            "UMask" => match values::octal(value) {
                Some(mask) => {
                    self.definition.service.umask = mask & 0o777;
                    Assigned::Used
                }
                None => bad(key, value),
            },
            "Nice" => match value.parse::<i32>() {
                Ok(nice) if (-20..=19).contains(&nice) => {
                    self.definition.service.nice = Some(nice);
                    Assigned::Used
                }
                _ => bad(key, value),
            },
            "OOMScoreAdjust" => match value.parse::<i32>() {
                Ok(score) if (-1000..=1000).contains(&score) => {
                    self.definition.service.oom_score_adjust = Some(score);
                    Assigned::Used
                }
                _ => bad(key, value),
            },
            "NoNewPrivileges" => match values::boolean(value) {
                Some(on) => {
                    self.definition.service.no_new_privileges = on;
                    Assigned::Used
                }
                None => bad(key, value),
            },
            "StandardInput" | "StandardOutput" | "StandardError" => self.assign_stream(key, value),
            _ if key.starts_with("Limit") => self.assign_limit(key, value),
            _ => self.assign_directory(key, value),
        }
    }

    fn assign_text(&mut self, key: &str, value: &str) -> Assigned {
        let text = match values::expand(value, self.specifiers) {
            Ok(text) => text,
            Err(note) => return Assigned::Bad(note),
        };
        let service = &mut self.definition.service;
        let text_or_none = (!text.is_empty()).then(|| text.clone());
        match key {
            "User" => service.user = text_or_none,
            "Group" => service.group = text_or_none,
            "SyslogIdentifier" => service.syslog_identifier = text_or_none,
            _ if text.is_empty() => service.supplementary_groups.clear(),
            _ => service
                .supplementary_groups
                .extend(text.split_whitespace().map(str::to_owned)),
        }
        Assigned::Used
    }

    fn assign_environment(&mut self, key: &str, value: &str) -> Assigned {
        let service = &mut self.definition.service;
        if value.is_empty() {
            match key {
                "Environment" => service.environment.clear(),
                "EnvironmentFile" => service.environment_files.clear(),
                _ => service.unset_environment.clear(),
            }
            return Assigned::Used;
        }
        if key == "EnvironmentFile" {
            let optional = value.starts_with('-');
            return match values::path(value.trim_start_matches('-'), self.specifiers) {
                Ok(path) => {
                    service
                        .environment_files
                        .push(EnvironmentFile { path, optional });
                    Assigned::Used
                }
                Err(note) => Assigned::Bad(note),
            };
        }
        let words = match words::split(value) {
            Ok(words) => words,
            Err(error) => return Assigned::Bad(error.to_string()),
        };
        for word in words {
            let word = match values::expand(&word, self.specifiers) {
                Ok(word) => word,
                Err(note) => return Assigned::Bad(note),
            };
            match word.split_once('=') {
                _ if key == "UnsetEnvironment" => service.unset_environment.push(word),
                Some((name, text)) if is_name(name) => {
                    service.environment.retain(|(known, _)| known != name);
                    service.environment.push((name.to_owned(), text.to_owned()));
                }
                _ => return Assigned::Bad("Invalid environment assignment, ignoring.".to_owned()),
            }
        }
        Assigned::Used
    }

    fn assign_working_directory(&mut self, value: &str) -> Assigned {
        let optional = value.starts_with('-');
        let value = value.trim_start_matches('-');
        let home = value == "~";
        let directory = if home || value.is_empty() {
            None
        } else {
            match values::path(value, self.specifiers) {
                Ok(path) => Some(path),
                Err(note) => return Assigned::Bad(note),
            }
        };
        let service = &mut self.definition.service;
        service.working_directory = directory;
        service.working_directory_home = home;
        service.working_directory_optional = optional;
        Assigned::Used
    }

    fn assign_stream(&mut self, key: &str, value: &str) -> Assigned {
        if key == "StandardInput" {
            self.definition.service.input = match value.split_once(':') {
                None if value == "null" => Input::Null,
                Some(("file", path)) => match values::path(path, self.specifiers) {
                    Ok(path) => Input::File(path),
                    Err(note) => return Assigned::Bad(note),
                },
                _ => return bad(key, value),
            };
            return Assigned::Used;
        }
        let (kind, path) = value.split_once(':').unwrap_or((value, ""));
        let output = match kind {
            "inherit" if key == "StandardError" => Output::Inherit,
            "journal" | "journal+console" | "syslog" | "kmsg" | "inherit" => Output::Journal,
            "null" => Output::Null,
            "append" | "file" | "truncate" => match values::path(path, self.specifiers) {
                Ok(path) if kind == "append" => Output::Append(path),
                Ok(path) if kind == "truncate" => Output::Truncate(path),
                Ok(path) => Output::File(path),
                Err(note) => return Assigned::Bad(note),
            },
            _ => return bad(key, value),
        };
        match key {
            "StandardOutput" => self.definition.service.output = output,
            _ => self.definition.service.error = output,
        }
        Assigned::Used
    }

    fn assign_limit(&mut self, key: &str, value: &str) -> Assigned {
        const NAMES: &[&str] = &[
            "NOFILE", "NPROC", "CORE", "MEMLOCK", "AS", "FSIZE", "CPU", "DATA", "STACK", "RSS",
        ];
        let Some(name) = key
            .strip_prefix("Limit")
            .filter(|name| NAMES.contains(name))
        else {
            return Assigned::Unknown;
        };
        let (soft, hard) = value.split_once(':').unwrap_or((value, value));
        let (Some(soft), Some(hard)) = (values::resource_limit(soft), values::resource_limit(hard))
        else {
            return bad(key, value);
        };
        let limits = &mut self.definition.service.limits;
        limits.retain(|(known, _, _)| known != name);
        limits.push((name.to_owned(), soft, hard));
        Assigned::Used
    }

    fn assign_directory(&mut self, key: &str, value: &str) -> Assigned {
        if key == "RuntimeDirectoryPreserve" {
            self.definition.service.preserve_runtime_directory = match value {
                "restart" => PreserveRuntimeDirectory::Restart,
                other => match values::boolean(other) {
                    Some(true) => PreserveRuntimeDirectory::Yes,
                    Some(false) => PreserveRuntimeDirectory::No,
                    None => return bad(key, value),
                },
            };
            return Assigned::Used;
        }
        let (stem, is_mode) = match key.strip_suffix("Mode") {
            Some(stem) => (stem, true),
            None => (key, false),
        };
        let kind = match stem {
            "RuntimeDirectory" => DirectoryKind::Runtime,
            "StateDirectory" => DirectoryKind::State,
            "CacheDirectory" => DirectoryKind::Cache,
            "LogsDirectory" => DirectoryKind::Logs,
            "ConfigurationDirectory" => DirectoryKind::Configuration,
            _ => return Assigned::Unknown,
        };
        let directory = directory(&mut self.definition.service.directories, kind);
        if is_mode {
            return match values::octal(value) {
                Some(mode) => {
                    directory.mode = mode;
                    Assigned::Used
                }
                None => bad(key, value),
            };
        }
        if value.is_empty() {
            directory.names.clear();
        }
        for word in value.split_whitespace() {
            match values::expand(word, self.specifiers) {
                Ok(name) if name.starts_with('/') || name.split('/').any(|part| part == "..") => {
                    return Assigned::Bad(format!(
                        "{key}= path is not a relative path below its base, ignoring: {name}"
                    ));
                }
                Ok(name) => directory.names.push(name),
                Err(note) => return Assigned::Bad(note),
            }
        }
        Assigned::Used
    }
}

fn directory(list: &mut Vec<ServiceDirectory>, kind: DirectoryKind) -> &mut ServiceDirectory {
    let position = list.iter().position(|directory| directory.kind == kind);
    let position = position.unwrap_or_else(|| {
        list.push(ServiceDirectory {
            kind,
            names: Vec::new(),
            mode: 0o755,
        });
        list.len() - 1
    });
    &mut list[position]
}
