//! From text to [`Expression`].

use serde_json::Value;

use super::{Expression, Op};

const DEEPEST: usize = 40;

/// Reads an expression; nothing when it is none.
pub(crate) fn parse(text: &str) -> Option<Expression> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    let found = reader.choice()?;
    (reader.at == reader.tokens.len()).then_some(found)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Literal(Value),
    Sign(&'static str),
}

const SIGNS: [&str; 16] = [
    "==", "!=", "<=", ">=", "&&", "||", "(", ")", ",", "<", ">", "!", "?", ":", "+", ".",
];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' || first == '\'' {
            let end = rest.char_indices().skip(1).find(|(_, c)| *c == first)?.0;
            found.push(Token::Literal(rest.get(1..end)?.into()));
            end + 1
        } else if first.is_ascii_digit() {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            found.push(Token::Literal(serde_json::from_str(rest.get(..end)?).ok()?));
            end
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            found.push(Token::Word(rest.get(..end)?.to_owned()));
            end
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            found.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest.get(length..)?.trim_start();
    }
    Some(found)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn sign(&mut self, sign: &str) -> bool {
        let here = matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(here);
        here
    }

    fn word(&mut self, words: &[&str]) -> bool {
        let here = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if words.iter().any(|word| word.eq_ignore_ascii_case(found)));
        self.at += usize::from(here);
        here
    }

    fn choice(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let test = self.either()?;
        let found = if self.sign("?") {
            let yes = self.choice()?;
            if !self.sign(":") {
                return None;
            }
            Expression::Choice(Box::new(test), Box::new(yes), Box::new(self.choice()?))
        } else {
            test
        };
        self.depth -= 1;
        Some(found)
    }

    fn either(&mut self) -> Option<Expression> {
        let mut left = self.both()?;
        while self.sign("||") || self.word(&["or"]) {
            left = Expression::Binary(Op::Or, Box::new(left), Box::new(self.both()?));
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Expression> {
        let mut left = self.comparison()?;
        while self.sign("&&") || self.word(&["and"]) {
            left = Expression::Binary(Op::And, Box::new(left), Box::new(self.comparison()?));
        }
        Some(left)
    }

    fn comparison(&mut self) -> Option<Expression> {
        let left = self.sum()?;
        let signs = [
            ("==", "eq", Op::Equal),
            ("!=", "neq", Op::Unequal),
            ("<=", "le", Op::LessOrEqual),
            (">=", "ge", Op::MoreOrEqual),
            ("<", "lt", Op::Less),
            (">", "gt", Op::More),
        ];
        match signs
            .into_iter()
            .find(|(sign, word, _)| self.sign(sign) || self.word(&[word]))
        {
            Some((_, _, op)) => Some(Expression::Binary(
                op,
                Box::new(left),
                Box::new(self.sum()?),
            )),
            None => Some(left),
        }
    }

    fn sum(&mut self) -> Option<Expression> {
        let mut left = self.single()?;
        while self.sign("+") {
            left = Expression::Binary(Op::Plus, Box::new(left), Box::new(self.single()?));
        }
        Some(left)
    }

    fn single(&mut self) -> Option<Expression> {
        if self.sign("!") || self.word(&["not"]) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return None;
            }
            let inner = self.single()?;
            self.depth -= 1;
            return Some(Expression::Not(Box::new(inner)));
        }
        if self.sign("(") {
            let inner = self.choice()?;
            return self.sign(")").then_some(inner);
        }
        let token = self.tokens.get(self.at).cloned()?;
        self.at += 1;
        match token {
            Token::Literal(value) => Some(Expression::Literal(value)),
            Token::Word(word) => match word.as_str() {
                "true" => Some(Expression::Literal(true.into())),
                "false" => Some(Expression::Literal(false.into())),
                "null" => Some(Expression::Literal(Value::Null)),
                _ => self.path(word),
            },
            Token::Sign(_) => None,
        }
    }

    fn path(&mut self, first: String) -> Option<Expression> {
        let mut path = vec![first];
        while self.sign(".") {
            match self.tokens.get(self.at).cloned()? {
                Token::Word(word) => path.push(word),
                _ => return None,
            }
            self.at += 1;
        }
        if !self.sign("(") {
            return Some(Expression::Path(path));
        }
        let mut arguments = Vec::new();
        while !self.sign(")") {
            if !arguments.is_empty() && !self.sign(",") {
                return None;
            }
            arguments.push(self.choice()?);
        }
        Some(Expression::Call(path.join("."), arguments))
    }
}
