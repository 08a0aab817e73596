//! The cases' own notation for conditions, read into a tree.

/// A condition or value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written.
    Number(String),
    /// `'text'`
    Text(String),
    /// A bare name: an attribute of the event at hand, or a variable where one is wanted.
    Name(String),
    /// `x.attribute`
    Member(Box<Expr>, String),
    /// `x[n]`
    Index(Box<Expr>, Box<Expr>),
    /// `f(x, ..)`
    Call(String, Vec<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `and or == != < <= > >= + - * / % ||`
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `x [not] in (..)`
    In(Box<Expr>, Vec<Expr>, bool),
    /// `x is [not] null`
    IsNull(Box<Expr>, bool),
    /// `x [not] between a and b`
    Between(Box<Expr>, Box<Expr>, Box<Expr>, bool),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Number(String),
    Text(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 19] =
    ["==", "!=", "<=", ">=", "||", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", ".", "[", "]", "="];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let (inside, length) = quoted(rest).ok_or_else(|| format!("an open text in {text:?}"))?;
            out.push(Token::Text(inside));
            length
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            out.push(Token::Number(rest[..end].to_string()));
            end
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            out.push(Token::Word(rest[..end].to_string()));
            end
        } else {
            let symbol =
                SYMBOLS.iter().find(|s| rest.starts_with(**s)).ok_or_else(|| format!("{first:?} in {text:?}"))?;
            out.push(Token::Symbol(symbol));
            symbol.len()
        };
        rest = rest[length..].trim_start();
    }
    Ok(out)
}

/// The text in the quotes at the front, and how long it is with them. A quote in it is doubled.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let closes = c == '\'' && chars.next_if(|(_, next)| *next == '\'').is_none();
        if closes {
            return Some((inside, at + 1));
        }
        inside.push(c);
    }
    None
}

/// Reads a condition.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expr = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(token) => Err(format!("unexpected {token:?} in {text:?}")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Brackets and signs in each other.
const DEEPEST: usize = 100;

impl Parser {
    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(format!("{symbol:?} expected, {:?} found", self.tokens.get(self.at)))
        }
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Expr::Binary("or", Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Expr::Binary("and", Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, String> {
        self.deeper()?;
        let expr =
            if self.word("not") { self.not().map(|inner| Expr::Not(Box::new(inner))) } else { self.comparison() };
        self.depth -= 1;
        expr
    }

    fn comparison(&mut self) -> Result<Expr, String> {
        let left = self.sum()?;
        for op in ["==", "!=", "<=", ">=", "<", ">", "="] {
            if self.symbol(op) {
                let op = if op == "=" { "==" } else { op };
                return Ok(Expr::Binary(op, Box::new(left), Box::new(self.sum()?)));
            }
        }
        if self.word("is") {
            let negated = self.word("not");
            return if self.word("null") {
                Ok(Expr::IsNull(Box::new(left), negated))
            } else {
                Err("null expected after is".to_string())
            };
        }
        let negated = self.word("not");
        if self.word("in") {
            self.expect("(")?;
            return Ok(Expr::In(Box::new(left), self.arguments(")")?, negated));
        }
        if self.word("between") {
            let low = self.sum()?;
            if !self.word("and") {
                return Err("and expected in between".to_string());
            }
            return Ok(Expr::Between(Box::new(left), Box::new(low), Box::new(self.sum()?), negated));
        }
        if negated { Err("in or between expected after not".to_string()) } else { Ok(left) }
    }

    fn sum(&mut self) -> Result<Expr, String> {
        self.binary(&["+", "-", "||"], Self::product)
    }

    fn product(&mut self) -> Result<Expr, String> {
        self.binary(&["*", "/", "%"], Self::unary)
    }

    fn binary(
        &mut self,
        operators: &[&'static str],
        next: fn(&mut Self) -> Result<Expr, String>,
    ) -> Result<Expr, String> {
        let mut left = next(self)?;
        while let Some(op) = operators.iter().find(|op| self.symbol(op)) {
            left = Expr::Binary(op, Box::new(left), Box::new(next(self)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.deeper()?;
        let expr = self.signed();
        self.depth -= 1;
        expr
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(format!("more than {DEEPEST} brackets in each other")) } else { Ok(()) }
    }

    fn signed(&mut self) -> Result<Expr, String> {
        if self.symbol("-") { Ok(Expr::Negate(Box::new(self.unary()?))) } else { self.postfix() }
    }

    fn postfix(&mut self) -> Result<Expr, String> {
        let mut expr = self.primary()?;
        loop {
            if self.symbol(".") {
                match self.tokens.get(self.at) {
                    Some(Token::Word(name)) => expr = Expr::Member(Box::new(expr), name.clone()),
                    Some(Token::Symbol("*")) => expr = Expr::Member(Box::new(expr), "*".to_string()),
                    other => return Err(format!("an attribute expected, {other:?} found")),
                }
                self.at += 1;
            } else if self.symbol("[") {
                let index = self.or()?;
                self.expect("]")?;
                expr = Expr::Index(Box::new(expr), Box::new(index));
            } else {
                return Ok(expr);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        let token = self.tokens.get(self.at).cloned().ok_or("an expression expected, the end found")?;
        self.at += 1;
        match token {
            Token::Number(digits) => Ok(Expr::Number(digits)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Symbol("(") => {
                let inner = self.or()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("*") => Ok(Expr::Name("*".to_string())),
            Token::Word(word) => match word.as_str() {
                "null" => Ok(Expr::Null),
                "true" => Ok(Expr::Bool(true)),
                "false" => Ok(Expr::Bool(false)),
                _ if self.symbol("(") => Ok(Expr::Call(word, self.arguments(")")?)),
                _ => Ok(Expr::Name(word)),
            },
            token => Err(format!("unexpected {token:?}")),
        }
    }

    fn arguments(&mut self, end: &str) -> Result<Vec<Expr>, String> {
        let mut arguments = Vec::new();
        if self.symbol(end) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.or()?);
            if self.symbol(end) {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }
}
