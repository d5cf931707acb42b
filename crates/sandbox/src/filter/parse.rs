//! From text to [`Filter`].

use serde_json::Value;

use super::{Filter, Op};

/// Where and why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// An operator that there is not.
    #[error(
        "Unrecognized attribute operator '{word}' at position {at}. Expected: eq,co,sw,pr,gt,ge,lt,le"
    )]
    Operator { word: String, at: usize },
    /// Something else than what should stand here.
    #[error("Unexpected token at position {at}")]
    Unexpected { at: usize },
    /// The text ends too early.
    #[error("Unexpected end of expression")]
    End,
    /// Brackets are nested too deep.
    #[error("Expression is too complex")]
    Deep,
}

const DEEPEST: usize = 32;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Literal(Value),
    Open,
    Close,
}

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Filter, Error> {
    let tokens = tokens(text)?;
    let mut reader = Reader {
        tokens,
        at: 0,
        depth: 0,
    };
    let filter = reader.either()?;
    match reader.tokens.get(reader.at) {
        None => Ok(filter),
        Some((_, at)) => Err(Error::Unexpected { at: *at }),
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, Error> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let at = text.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else {
            return Ok(found);
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' => string(trimmed, at)?,
            _ => {
                let length = trimmed
                    .find(|c: char| c.is_whitespace() || "()\"".contains(c))
                    .unwrap_or(trimmed.len());
                (Token::Word(trimmed[..length].to_owned()), length)
            }
        };
        found.push((token, at));
        rest = &trimmed[length..];
    }
}

fn string(text: &str, at: usize) -> Result<(Token, usize), Error> {
    let mut escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let quoted = &text[..=place];
                let value = serde_json::from_str(quoted).map_err(|_| Error::Unexpected { at })?;
                return Ok((Token::Literal(value), place + 1));
            }
            _ => {}
        }
    }
    Err(Error::End)
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn next(&mut self) -> Result<(Token, usize), Error> {
        let token = self.tokens.get(self.at).cloned().ok_or(Error::End)?;
        self.at += 1;
        Ok(token)
    }

    fn word_is(&mut self, word: &str) -> bool {
        let here = matches!(self.tokens.get(self.at), Some((Token::Word(found), _)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    fn either(&mut self) -> Result<Filter, Error> {
        let mut parts = vec![self.both()?];
        while self.word_is("or") {
            parts.push(self.both()?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn both(&mut self) -> Result<Filter, Error> {
        let mut parts = vec![self.single()?];
        while self.word_is("and") {
            parts.push(self.single()?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn single(&mut self) -> Result<Filter, Error> {
        if self.word_is("not") {
            return Ok(Filter::Not(Box::new(self.single()?)));
        }
        match self.next()? {
            (Token::Open, _) => self.bracket(),
            (Token::Word(path), _) => self.comparison(path),
            (_, at) => Err(Error::Unexpected { at }),
        }
    }

    fn bracket(&mut self) -> Result<Filter, Error> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Error::Deep);
        }
        let inner = self.either()?;
        self.depth -= 1;
        match self.next()? {
            (Token::Close, _) => Ok(inner),
            (_, at) => Err(Error::Unexpected { at }),
        }
    }

    fn comparison(&mut self, path: String) -> Result<Filter, Error> {
        let (word, at) = match self.next()? {
            (Token::Word(word), at) => (word, at),
            (_, at) => return Err(Error::Unexpected { at }),
        };
        let op = Op::parse(&word).ok_or(Error::Operator { word, at })?;
        if op == Op::Pr {
            return Ok(Filter::Compare {
                path,
                op,
                value: Value::Null,
            });
        }
        let value = match self.next()? {
            (Token::Literal(value), _) => value,
            (Token::Word(bare), at) => literal(&bare).ok_or(Error::Unexpected { at })?,
            (_, at) => return Err(Error::Unexpected { at }),
        };
        Ok(Filter::Compare { path, op, value })
    }
}

fn literal(bare: &str) -> Option<Value> {
    match bare.to_ascii_lowercase().as_str() {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => bare.parse::<serde_json::Number>().ok().map(Value::Number),
    }
}

fn one_or(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, want) in [
            (
                r#"eventType eqq "x""#,
                Error::Operator {
                    word: "eqq".into(),
                    at: 10,
                },
            ),
            (r#"status eq "x"#, Error::End),
            ("status eq", Error::End),
            ("status eq ACTIVE", Error::Unexpected { at: 10 }),
            (r#"(status eq "x""#, Error::End),
            (
                r#"status eq "x" status eq "y""#,
                Error::Unexpected { at: 14 },
            ),
            ("", Error::End),
        ] {
            assert_eq!(parse(text), Err(want), "{text}");
        }
        assert_eq!(parse(&"(".repeat(100)), Err(Error::Deep));
    }

    #[test]
    fn strings_are_json() {
        let filter = parse(r#"name eq "a \"b\" \u00e9""#).unwrap();
        assert_eq!(filter.demands("name"), Some("a \"b\" é"));
    }
}
