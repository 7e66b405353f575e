//! What clients ask and what they get: requests and responses.

use super::super::declaration::INT_MAX;
use super::{Shape, Tuning, choice, int, text, truth};

#[rustfmt::skip]
pub(super) const TABLE: &[Tuning] = &[
    truth("request-array-nulls", true, "Whether NULL, unquoted in the text of an array, is a null."),
    choice("request-backslash-quote", &["safe_encoding", "on", "off"], "safe_encoding", "Whether a quote may be written with a backslash."),
    text("request-date-style", Shape::DateStyle, "ISO, MDY", "How dates look, and in which order their parts are read.").sets("DateStyle"),
    int("request-deadlock-timeout", 1, INT_MAX, 1000, "Milliseconds a session waits for a lock before it looks for a deadlock."),
    truth("request-default-transaction-deferrable", false, "Whether transactions are deferrable by default."),
    choice("request-default-transaction-isolation", &["serializable", "repeatable read", "read committed", "read uncommitted"], "read committed",
        "How transactions are isolated by default."),
    truth("request-default-transaction-read-only", false, "Whether transactions are read-only by default."),
    truth("request-escape-string-warning", true, "Whether a backslash in an ordinary text is warned of."),
    int("request-lock-timeout", 0, INT_MAX, 0, "Milliseconds a statement waits for a lock; 0 is without end."),
    truth("request-standard-conforming-strings", true, "Whether a backslash in an ordinary text is just a backslash."),
    text("request-time-zone", Shape::TimeZone, "UTC", "The time zone in which times are shown and read.").sets("TimeZone").always(),
    int("request-track-activity-query-size", 100, 1_048_576, 1024, "How many bytes of a running statement are shown.").restart(),
    truth("request-transform-null-equals", false, "Whether '= NULL' is read as 'IS NULL'."),
    choice("request-xmlbinary", &["base64", "hex"], "base64", "How bytes look in XML."),
    choice("request-xmloption", &["content", "document"], "content", "Whether XML is read as a document or as content by default."),

    choice("response-bytea-output", &["escape", "hex"], "hex", "How bytes look."),
    truth("response-exit-on-error", false, "Whether any error ends the session."),
    int("response-extra-float-digits", -15, 3, 1, "How many digits more than usual a float shows."),
    int("response-gin-fuzzy-search-limit", 0, INT_MAX, 0, "About how many rows a search in a GIN index returns at most; 0 is all."),
    text("response-lc-monetary", Shape::Locale, "C", "The locale in which amounts of money look.").always(),
    text("response-lc-numeric", Shape::Locale, "C", "The locale in which numbers look.").always(),
    text("response-lc-time", Shape::Locale, "C", "The locale in which dates look.").always(),
];
