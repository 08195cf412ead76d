//! Reads an expression. Precedence, loosest first: `OR`, `AND`, comparison, `+ -`, `* /`, unary
//! minus. Function names are upper case; an id starts with a lower-case letter.

use super::{
    Each, Expression, Filler, MAXIMUM_CHARACTERS, MAXIMUM_DEPTH, MathError, MathProblem, Node,
    NodeKind, Operator, Pick, Reduction, SearchCall,
};
use crate::cloudwatch::search::Search;
use crate::excerpt::excerpt;

/// Reads an expression.
///
/// # Errors
///
/// The first place where the text is no expression, and what is wrong there.
pub fn parse(text: &str) -> Result<Expression, MathError> {
    let end = text.chars().count();
    if end > MAXIMUM_CHARACTERS {
        return Err(MathError { at: MAXIMUM_CHARACTERS, problem: MathProblem::TooLong });
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, position: 0, end, depth: 0 };
    let root = parser.disjunction()?;
    match parser.tokens.get(parser.position) {
        None => Ok(Expression { root }),
        Some((at, token)) => {
            let problem =
                MathProblem::Expected { expected: "an operator", found: token.to_string() };
            Err(MathError { at: *at, problem })
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Text(String),
    Symbol(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(&excerpt(word)),
            Self::Text(text) => write!(f, "\"{}\"", excerpt(text)),
            Self::Symbol(symbol) => f.write_str(symbol),
        }
    }
}

/// Two-character symbols stand before their one-character prefixes.
const SYMBOLS: [&str; 19] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",",
    // Read only to say that they are not supported.
    "^", "%",
];

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, MathError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut at = 0;
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let Ok(number) = rest[..length].parse() else {
                let problem = MathProblem::Unexpected(excerpt(&rest[..length]));
                return Err(MathError { at, problem });
            };
            (Some(Token::Number(number)), length)
        } else if first.is_ascii_alphabetic() {
            let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            let length = rest.find(word).unwrap_or(rest.len());
            (Some(Token::Word(rest[..length].to_owned())), length)
        } else if first == '"' || first == '\'' {
            let Some(length) = rest[1..].find(first) else {
                return Err(MathError { at, problem: MathProblem::Ends("a closing quote") });
            };
            (Some(Token::Text(rest[1..=length].to_owned())), length + 2)
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Some(Token::Symbol(symbol)), symbol.len())
        } else {
            return Err(MathError { at, problem: MathProblem::Unexpected(first.to_string()) });
        };
        if let Some(token) = token {
            tokens.push((at, token));
        }
        at += rest[..length].chars().count();
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// The length of the number a text starts with, its exponent included.
fn number_length(text: &str) -> usize {
    let digits =
        |text: &str| text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let mantissa = digits(text);
    let Some(exponent) = text[mantissa..].strip_prefix(['e', 'E']) else { return mantissa };
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let power = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
    if power == 0 { mantissa } else { text.len() - unsigned.len() + power }
}

struct Parser<'tokens> {
    tokens: &'tokens [(usize, Token)],
    position: usize,
    end: usize,
    depth: usize,
}

type Parsed = Result<Node, MathError>;

impl Parser<'_> {
    fn disjunction(&mut self) -> Parsed {
        self.operations(&[("OR", Operator::Or), ("||", Operator::Or)], Self::conjunction)
    }

    fn conjunction(&mut self) -> Parsed {
        self.operations(&[("AND", Operator::And), ("&&", Operator::And)], Self::comparison)
    }

    fn comparison(&mut self) -> Parsed {
        let operators = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        self.operations(&operators, Self::sum)
    }

    fn sum(&mut self) -> Parsed {
        self.operations(&[("+", Operator::Add), ("-", Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Parsed {
        self.operations(&[("*", Operator::Multiply), ("/", Operator::Divide)], Self::unary)
    }

    /// Operands of the next tighter level joined by any of the operators, from the left.
    fn operations(
        &mut self,
        operators: &[(&str, Operator)],
        operand: fn(&mut Self) -> Parsed,
    ) -> Parsed {
        let mut left = operand(self)?;
        while let Some((_, operator)) = operators.iter().find(|(text, _)| self.sees(text)) {
            let at = self.at();
            self.position += 1;
            let right = operand(self)?;
            let kind = NodeKind::Operation(*operator, Box::new(left), Box::new(right));
            left = Node { at, kind };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let at = self.at();
        if !self.sees("-") {
            return self.primary();
        }
        self.position += 1;
        let inner = self.nested(Self::unary)?;
        Ok(Node { at, kind: NodeKind::Negation(Box::new(inner)) })
    }

    fn primary(&mut self) -> Parsed {
        let at = self.at();
        let Some((_, token)) = self.tokens.get(self.position) else {
            return self.fail(MathProblem::Ends("a value"));
        };
        self.position += 1;
        let kind = match token {
            Token::Number(number) => NodeKind::Number(*number),
            Token::Symbol("(") => {
                let inner = self.nested(Self::disjunction)?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => NodeKind::Array(self.list("]")?),
            Token::Word(word) if word.starts_with(|c: char| c.is_ascii_lowercase()) => {
                NodeKind::Id(word.clone())
            }
            Token::Word(word) => self.function(at, word)?,
            Token::Text(_) | Token::Symbol(_) => {
                let found = token.to_string();
                let problem = MathProblem::Expected { expected: "a value", found };
                return Err(MathError { at, problem });
            }
        };
        Ok(Node { at, kind })
    }

    fn function(&mut self, at: usize, name: &str) -> Result<NodeKind, MathError> {
        let wrong = |message| Err(MathError { at, problem: MathProblem::Arguments(message) });
        if !KNOWN.contains(&name) {
            let problem = MathProblem::UnknownFunction(excerpt(name));
            return Err(MathError { at, problem });
        }
        self.expect("(")?;
        if name == "METRICS" {
            return self.metrics();
        }
        if name == "FILL" {
            return self.fill();
        }
        if name == "SEARCH" {
            return self.search();
        }
        let mut arguments = self.list(")")?.into_iter();
        let (first, second, third) = (arguments.next(), arguments.next(), arguments.next());
        if arguments.next().is_some() {
            return wrong("too many arguments");
        }
        match (name, first, second, third) {
            ("SUM", Some(of), None, None) => Ok(reduction(Reduction::Sum, of)),
            ("AVG", Some(of), None, None) => Ok(reduction(Reduction::Average, of)),
            ("MIN", Some(of), None, None) => Ok(reduction(Reduction::Minimum, of)),
            ("MAX", Some(of), None, None) => Ok(reduction(Reduction::Maximum, of)),
            ("ABS", Some(of), None, None) => Ok(NodeKind::Each(Each::Absolute, Box::new(of))),
            ("CEIL", Some(of), None, None) => Ok(NodeKind::Each(Each::Ceiling, Box::new(of))),
            ("FLOOR", Some(of), None, None) => Ok(NodeKind::Each(Each::Floor, Box::new(of))),
            ("FIRST", Some(of), None, None) => Ok(NodeKind::Pick(Pick::First, Box::new(of))),
            ("LAST", Some(of), None, None) => Ok(NodeKind::Pick(Pick::Last, Box::new(of))),
            (REMOVE_EMPTY, Some(of), None, None) => Ok(NodeKind::RemoveEmpty(Box::new(of))),
            ("IF", Some(condition), Some(yes), no) => {
                Ok(NodeKind::If(Box::new(condition), Box::new(yes), no.map(Box::new)))
            }
            ("IF", ..) => wrong("IF takes a condition, a value and perhaps another value"),
            ("PERIOD", Some(Node { kind: NodeKind::Id(id), .. }), None, None) => {
                Ok(NodeKind::Period(id))
            }
            ("PERIOD", ..) => wrong("PERIOD takes the id of a metric"),
            (BAND, Some(Node { kind: NodeKind::Id(id), .. }), width, None) => {
                Ok(NodeKind::Band(id, width.map(Box::new)))
            }
            (BAND, ..) => wrong("ANOMALY_DETECTION_BAND takes an id and perhaps a width"),
            _ => wrong("this function takes one argument"),
        }
    }

    fn metrics(&mut self) -> Result<NodeKind, MathError> {
        let part = match self.tokens.get(self.position) {
            Some((_, Token::Text(part))) => {
                self.position += 1;
                Some(part.clone())
            }
            _ => None,
        };
        self.expect(")")?;
        Ok(NodeKind::Metrics(part))
    }

    /// What is searched, the statistic, and perhaps the period.
    fn search(&mut self) -> Result<NodeKind, MathError> {
        let (at, text) = self.text("a search in single quotes")?;
        let search = Search::parse(&text).map_err(|error| {
            // The quote stands before the search.
            MathError { at: at + 1 + error.at, problem: error.problem.into() }
        })?;
        self.expect(",")?;
        let (at, name) = self.text("a statistic in single quotes")?;
        let stat = name.parse();
        let stat = stat.map_err(|unknown| MathError { at, problem: MathProblem::from(unknown) })?;
        let mut period_seconds = None;
        if self.sees(",") {
            self.position += 1;
            period_seconds = Some(self.period()?);
        }
        self.expect(")")?;
        Ok(NodeKind::Search(Box::new(SearchCall { search, stat, period_seconds })))
    }

    fn period(&mut self) -> Result<u32, MathError> {
        let seconds = match self.tokens.get(self.position) {
            Some((_, Token::Number(seconds))) => *seconds,
            _ => return self.expected("a period in seconds"),
        };
        // Sixty times a whole number, and none that a period of CloudWatch's could not be.
        let is_period = seconds % 60.0 == 0.0 && (60.0..=86_400.0 * 365.0).contains(&seconds);
        if !is_period {
            let message = "the period of a search is a multiple of 60 seconds";
            return self.fail(MathProblem::Arguments(message));
        }
        self.position += 1;
        Ok(seconds as u32)
    }

    /// A text in quotes and where it starts.
    fn text(&mut self, expected: &'static str) -> Result<(usize, String), MathError> {
        match self.tokens.get(self.position) {
            Some((at, Token::Text(text))) => {
                self.position += 1;
                Ok((*at, text.clone()))
            }
            _ => self.expected(expected),
        }
    }

    fn fill(&mut self) -> Result<NodeKind, MathError> {
        let of = Box::new(self.nested(Self::disjunction)?);
        self.expect(",")?;
        let filler = if self.sees("REPEAT") {
            self.position += 1;
            Filler::Repeat
        } else if self.sees("LINEAR") {
            self.position += 1;
            Filler::Linear
        } else {
            Filler::Value(Box::new(self.nested(Self::disjunction)?))
        };
        self.expect(")")?;
        Ok(NodeKind::Fill(of, filler))
    }

    /// One or more expressions up to a closing symbol.
    fn list(&mut self, close: &'static str) -> Result<Vec<Node>, MathError> {
        let mut items = vec![self.nested(Self::disjunction)?];
        while self.sees(",") {
            self.position += 1;
            items.push(self.nested(Self::disjunction)?);
        }
        self.expect(close)?;
        Ok(items)
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= MAXIMUM_DEPTH {
            return self.fail(MathProblem::TooDeep);
        }
        self.depth += 1;
        let node = inner(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn sees(&self, text: &str) -> bool {
        match self.tokens.get(self.position) {
            Some((_, Token::Symbol(symbol))) => *symbol == text,
            Some((_, Token::Word(word))) => word == text,
            Some((_, Token::Number(_) | Token::Text(_))) | None => false,
        }
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), MathError> {
        if self.sees(symbol) {
            self.position += 1;
            return Ok(());
        }
        self.expected(symbol)
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, MathError> {
        match self.tokens.get(self.position) {
            None => self.fail(MathProblem::Ends(expected)),
            Some((_, token)) => {
                let found = token.to_string();
                self.fail(MathProblem::Expected { expected, found })
            }
        }
    }

    fn at(&self) -> usize {
        self.tokens.get(self.position).map_or(self.end, |(at, _)| *at)
    }

    fn fail<T>(&self, problem: MathProblem) -> Result<T, MathError> {
        Err(MathError { at: self.at(), problem })
    }
}

const BAND: &str = "ANOMALY_DETECTION_BAND";
const REMOVE_EMPTY: &str = "REMOVE_EMPTY";
const KNOWN: [&str; 16] = [
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "ABS",
    "CEIL",
    "FLOOR",
    "FIRST",
    "LAST",
    "IF",
    "PERIOD",
    BAND,
    "METRICS",
    "FILL",
    "SEARCH",
    REMOVE_EMPTY,
];

fn reduction(reduction: Reduction, of: Node) -> NodeKind {
    NodeKind::Reduction(reduction, Box::new(of))
}
