//! From the text of a query to its expression.

use serde_json::Value;

use super::super::words::{Word, words};
use super::{Comparison, Expression, Query, QueryError, TextTest};

/// Queries nest at most this deep.
const MAX_DEPTH: usize = 64;

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
