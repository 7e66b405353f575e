//! Unit files: their text, their meaning, and where they lie.

pub(crate) mod definition;
pub(crate) mod directory;
pub(crate) mod environment_file;
pub(crate) mod exec_line;
pub(crate) mod links;
pub(crate) mod name;
pub(crate) mod read;
pub(crate) mod sections;
pub(crate) mod specifiers;
pub(crate) mod timespan;
pub(crate) mod words;
