//! How an option is declared: its name, its type, what it may be, and what it is when nobody sets it.

use super::OptionValue;
use super::shape::Shape;

/// The largest value of an integer parameter in PostgreSQL.
pub(super) const INT_MAX: i64 = 2_147_483_647;

/// An option of `config.yaml`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration {
    /// The hyphenated name.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it does, in a sentence or two.
    pub(super) about: &'static str,
    /// Whether Charmed PostgreSQL has this option, so that there are scripts with its underscored name.
    pub(super) inherited: bool,
    /// Whether PostgreSQL has to be restarted for a new value.
    pub(super) restart: bool,
}

/// What an option may be, and its default.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Bool {
        default: bool,
    },
    Int {
        least: i64,
        most: i64,
        default: Option<i64>,
    },
    Float {
        least: f64,
        most: f64,
        default: f64,
    },
    Choice {
        allowed: &'static [&'static str],
        default: &'static str,
    },
    Text {
        shape: Shape,
        default: &'static str,
    },
}

impl Declaration {
    /// The name of Charmed PostgreSQL 14, where it is another.
    pub(super) fn underscored(&self) -> Option<String> {
        (self.inherited && self.name.contains('-')).then(|| self.name.replace('-', "_"))
    }
}

impl Kind {
    /// The type as `config.yaml` calls it.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Bool { .. } => "boolean",
            Self::Int { .. } => "int",
            Self::Float { .. } => "float",
            Self::Choice { .. } | Self::Text { .. } => "string",
        }
    }

    pub(super) fn default(self) -> Option<OptionValue> {
        match self {
            Self::Bool { default } => Some(OptionValue::Bool(default)),
            Self::Int { default, .. } => default.map(OptionValue::Int),
            Self::Float { default, .. } => Some(OptionValue::Float(default)),
            Self::Choice { default, .. } | Self::Text { default, .. } => {
                Some(OptionValue::String(default.to_owned()))
            }
        }
    }

    /// What it may be, to follow "allowed: ".
    pub(super) fn allowed(self) -> String {
        match self {
            Self::Bool { .. } => "true or false".to_owned(),
            Self::Int {
                least,
                most: INT_MAX,
                ..
            } => format!("{least} or more"),
            Self::Int { least, most, .. } => format!("{least} to {most}"),
            Self::Float { least, most, .. } if most >= 1e10 => format!("{least} or more"),
            Self::Float { least, most, .. } => format!("{least} to {most}"),
            Self::Choice { allowed, .. } => allowed
                .iter()
                .map(|word| if word.is_empty() { "empty" } else { word })
                .collect::<Vec<_>>()
                .join(", "),
            Self::Text { shape, .. } => shape.allowed().to_owned(),
        }
    }
}
