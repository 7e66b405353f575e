//! The little language of `juju wait-for --query`: comparisons of what is known about one thing, joined by
//! `&&`, `||` and `!`, with `forEach(units, unit => …)` over what belongs to it.
//!
//! Grammar, loosest first:
//!
//! ```text
//! or      = and { "||" and }
//! and     = not { "&&" not }
//! not     = "!" not | compare
//! compare = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
//! operand = "(" or ")" | string | integer | "true" | "false" | name { "." name } | call
//! call    = "len" "(" or ")" | ("startsWith" | "endsWith" | "contains") "(" or "," or ")"
//!         | "forEach" "(" or "," name "=>" or ")"
//! ```

mod evaluate;
mod parse;

use serde_json::{Map, Value};
use thiserror::Error;

use super::words::WordError;

#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum QueryError {
    #[error(transparent)]
    Word(#[from] WordError),
    #[error("query ends where {expected} was expected")]
    EndsEarly { expected: &'static str },
    #[error("query has {found} where {expected} was expected")]
    Unexpected {
        found: String,
        expected: &'static str,
    },
    #[error("query is nested too deeply")]
    TooDeep,
    #[error("query calls {0:?}, which is none of len, startsWith, endsWith, contains, forEach")]
    UnknownFunction(String),
    #[error("query asks for {name:?}, which is unknown here\nhint: known are {known}")]
    UnknownName { name: String, known: String },
    #[error("query compares {left} with {right}, which are of different kinds")]
    DifferentKinds { left: String, right: String },
    #[error("query needs {expected} where it has {found}")]
    WrongKind {
        expected: &'static str,
        found: String,
    },
}

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query(Expression);

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Value(Value),
    Name(Vec<String>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Length(Box<Expression>),
    Text(TextTest, Box<Expression>, Box<Expression>),
    Each {
        list: Box<Expression>,
        name: String,
        test: Box<Expression>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

impl Query {
    /// Whether the query holds for something of which `known` is known.
    pub(crate) fn holds(&self, known: &Map<String, Value>) -> Result<bool, QueryError> {
        evaluate::holds(&self.0, known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn holds(query: &str) -> Result<bool, QueryError> {
        let known = json!({
            "name": "pg", "life": "alive", "status": "active", "exposed": false, "count": 3,
            "units": [
                {"name": "pg/0", "workload-status": "active", "agent-status": "idle", "leader": true},
                {"name": "pg/1", "workload-status": "waiting", "agent-status": "idle", "leader": false},
            ],
        });
        query.parse::<Query>()?.holds(known.as_object().unwrap())
    }

    #[test]
    fn queries_hold_or_do_not() {
        let cases = [
            (r#"life=="alive" && status=="active""#, true),
            (r"status=='active'", true),
            (r#"status != "active""#, false),
            (
                r#"status=="blocked" || life=="alive" && status=="active""#,
                true,
            ),
            (
                r#"(status=="blocked" || life=="alive") && status=="waiting""#,
                false,
            ),
            (r#"!(status=="blocked")"#, true),
            (r"!exposed && exposed == false", true),
            (r"count >= 3 && count < 4", true),
            (r"len(units) == 2", true),
            (
                r#"forEach(units, unit => unit.agent-status == "idle")"#,
                true,
            ),
            (
                r#"forEach(units, unit => unit.workload-status == "active")"#,
                false,
            ),
            (
                r#"forEach(units, unit => unit.leader || startsWith(unit.name, "pg/"))"#,
                true,
            ),
            (r#"contains(name, "g") && endsWith(name, "pg")"#, true),
        ];
        for (query, expected) in cases {
            assert_eq!(holds(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_query_that_makes_no_sense_says_why() {
        let cases = [
            ("", "query ends where a value was expected"),
            ("status ==", "query ends where a value was expected"),
            (
                "status == \"a\" extra",
                "query has extra where the end was expected",
            ),
            ("(status == \"a\"", "query ends where ) was expected"),
            ("&& status", "query has && where a value was expected"),
            (
                "nope(status)",
                "query calls \"nope\", which is none of len, startsWith, endsWith, contains, forEach",
            ),
            (
                "status == 3",
                "query compares \"active\" with 3, which are of different kinds",
            ),
            (
                "status",
                "query needs true or false where it has \"active\"",
            ),
        ];
        for (query, expected) in cases {
            assert_eq!(holds(query).unwrap_err().to_string(), expected, "{query}");
        }
        let error = holds("workload-status == \"active\"")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "query asks for \"workload-status\", which is unknown here\nhint: known are count, exposed, life, name, status, units"
        );
        assert_eq!(
            holds(&format!("{}true", "(".repeat(100))).unwrap_err(),
            QueryError::TooDeep
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(query in "[a-z0-9 ()!&|=<>\"'.,-]{0,40}") {
            let _ = holds(&query);
        }

        #[test]
        fn de_morgan_holds(a in any::<bool>(), b in any::<bool>()) {
            prop_assert_eq!(holds(&format!("!({a} && {b})")), holds(&format!("!{a} || !{b}")));
            prop_assert_eq!(holds(&format!("{a} || {b}")), Ok(a || b));
        }
    }
}
