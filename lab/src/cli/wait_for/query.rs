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

use serde_json::{Map, Value};
use thiserror::Error;

use super::words::{Word, WordError, words};

/// Queries nest at most this deep.
const MAX_DEPTH: usize = 64;

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

impl std::str::FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let words = words(text)?;
        let mut parser = Parser {
            words: &words,
            at: 0,
            depth: 0,
        };
        let expression = parser.or()?;
        match parser.peek() {
            None => Ok(Self(expression)),
            Some(word) => Err(QueryError::Unexpected {
                found: word.to_string(),
                expected: "the end",
            }),
        }
    }
}

impl Query {
    /// Whether the query holds for something of which `known` is known.
    pub(crate) fn holds(&self, known: &Map<String, Value>) -> Result<bool, QueryError> {
        truth(&evaluate(&self.0, known)?)
    }
}

struct Parser<'a> {
    words: &'a [Word],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Symbol(found)) if *found == symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), QueryError> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(symbol))
        }
    }

    fn unexpected(&self, expected: &'static str) -> QueryError {
        match self.peek() {
            None => QueryError::EndsEarly { expected },
            Some(word) => QueryError::Unexpected {
                found: word.to_string(),
                expected,
            },
        }
    }

    fn or(&mut self) -> Result<Expression, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::TooDeep);
        }
        let mut left = self.and()?;
        while self.take("||") {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression, QueryError> {
        let mut left = self.not()?;
        while self.take("&&") {
            left = Expression::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expression, QueryError> {
        let mut negations = 0_usize;
        while self.take("!") {
            negations += 1;
        }
        let mut expression = self.compare()?;
        if negations % 2 == 1 {
            expression = Expression::Not(Box::new(expression));
        }
        Ok(expression)
    }

    fn compare(&mut self) -> Result<Expression, QueryError> {
        let left = self.operand()?;
        let comparisons = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (symbol, comparison) in comparisons {
            if self.take(symbol) {
                let right = self.operand()?;
                return Ok(Expression::Compare(
                    comparison,
                    Box::new(left),
                    Box::new(right),
                ));
            }
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, QueryError> {
        if self.take("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = self.peek().ok_or(QueryError::EndsEarly {
            expected: "a value",
        })?;
        let expression = match word {
            Word::Text(text) => Expression::Value(Value::String(text.clone())),
            Word::Integer(number) => Expression::Value(Value::from(*number)),
            Word::Name(name) if name == "true" || name == "false" => {
                Expression::Value(Value::Bool(name == "true"))
            }
            Word::Name(name) => {
                self.at += 1;
                return if self.take("(") {
                    self.call(name)
                } else {
                    self.path(name)
                };
            }
            Word::Symbol(_) => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        Ok(expression)
    }

    fn path(&mut self, first: &str) -> Result<Expression, QueryError> {
        let mut names = vec![first.to_owned()];
        while self.take(".") {
            names.push(self.name()?);
        }
        Ok(Expression::Name(names))
    }

    fn name(&mut self) -> Result<String, QueryError> {
        match self.peek() {
            Some(Word::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// The arguments of a function, after the opening parenthesis.
    fn call(&mut self, function: &str) -> Result<Expression, QueryError> {
        let first = Box::new(self.or()?);
        let text_test = match function {
            "len" => {
                self.expect(")")?;
                return Ok(Expression::Length(first));
            }
            "forEach" => {
                self.expect(",")?;
                let name = self.name()?;
                self.expect("=>")?;
                let test = Box::new(self.or()?);
                self.expect(")")?;
                return Ok(Expression::Each {
                    list: first,
                    name,
                    test,
                });
            }
            "startsWith" => TextTest::StartsWith,
            "endsWith" => TextTest::EndsWith,
            "contains" => TextTest::Contains,
            other => return Err(QueryError::UnknownFunction(other.to_owned())),
        };
        self.expect(",")?;
        let second = Box::new(self.or()?);
        self.expect(")")?;
        Ok(Expression::Text(text_test, first, second))
    }
}

fn evaluate(expression: &Expression, known: &Map<String, Value>) -> Result<Value, QueryError> {
    Ok(match expression {
        Expression::Value(value) => value.clone(),
        Expression::Name(path) => look_up(path, known)?,
        Expression::Not(inner) => Value::Bool(!truth(&evaluate(inner, known)?)?),
        Expression::And(left, right) => {
            Value::Bool(truth(&evaluate(left, known)?)? && truth(&evaluate(right, known)?)?)
        }
        Expression::Or(left, right) => {
            Value::Bool(truth(&evaluate(left, known)?)? || truth(&evaluate(right, known)?)?)
        }
        Expression::Compare(comparison, left, right) => Value::Bool(compare(
            *comparison,
            &evaluate(left, known)?,
            &evaluate(right, known)?,
        )?),
        Expression::Length(inner) => match evaluate(inner, known)? {
            Value::Array(items) => Value::from(items.len()),
            Value::String(text) => Value::from(text.chars().count()),
            other => return Err(wrong_kind("a list or a text", &other)),
        },
        Expression::Text(kind, whole, part) => {
            let (whole, part) = (evaluate(whole, known)?, evaluate(part, known)?);
            let (whole, part) = match (&whole, &part) {
                (Value::String(whole), Value::String(part)) => (whole, part),
                (Value::String(_), other) | (other, _) => return Err(wrong_kind("a text", other)),
            };
            Value::Bool(match kind {
                TextTest::StartsWith => whole.starts_with(part.as_str()),
                TextTest::EndsWith => whole.ends_with(part.as_str()),
                TextTest::Contains => whole.contains(part.as_str()),
            })
        }
        Expression::Each { list, name, test } => {
            let items = match evaluate(list, known)? {
                Value::Array(items) => items,
                other => return Err(wrong_kind("a list", &other)),
            };
            let mut inner = known.clone();
            for item in items {
                inner.insert(name.clone(), item);
                if !truth(&evaluate(test, &inner)?)? {
                    return Ok(Value::Bool(false));
                }
            }
            Value::Bool(true)
        }
    })
}

fn look_up(path: &[String], known: &Map<String, Value>) -> Result<Value, QueryError> {
    let unknown = |here: &Map<String, Value>| QueryError::UnknownName {
        name: path.join("."),
        known: here
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let Some((first, rest)) = path.split_first() else {
        return Ok(Value::Null);
    };
    let mut value = known.get(first).ok_or_else(|| unknown(known))?;
    for name in rest {
        let Value::Object(parts) = value else {
            return Err(wrong_kind("something with parts", value));
        };
        value = parts.get(name).ok_or_else(|| unknown(parts))?;
    }
    Ok(value.clone())
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, QueryError> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => left.as_i64().cmp(&right.as_i64()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => {
            return Err(QueryError::DifferentKinds {
                left: left.to_string(),
                right: right.to_string(),
            });
        }
    };
    Ok(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

fn truth(value: &Value) -> Result<bool, QueryError> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        other => Err(wrong_kind("true or false", other)),
    }
}

fn wrong_kind(expected: &'static str, found: &Value) -> QueryError {
    QueryError::WrongKind {
        expected,
        found: found.to_string(),
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
