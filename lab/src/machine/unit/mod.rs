//! Unit files: their text, their meaning, and where they lie.

pub mod definition;
pub mod directory;
pub mod environment_file;
pub mod exec_line;
pub mod links;
pub mod name;
pub mod read;
pub mod sections;
pub mod specifiers;
pub mod timespan;
pub mod words;
