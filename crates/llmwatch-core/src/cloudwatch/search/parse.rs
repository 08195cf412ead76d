//! Reads a search: the schema first, then the terms.

use std::collections::BTreeSet;

use super::token::Partial;
use super::{
    MAXIMUM_CHARACTERS, MAXIMUM_DEPTH, Place, Schema, Search, SearchError, SearchProblem, Term,
    Wanted,
};
use crate::excerpt::excerpt;

/// What must stand behind a backslash in an exact match.
const ESCAPED: [char; 4] = ['"', '\\', '(', ')'];
const ACCOUNT: &str = ":aws.AccountId";

pub(super) fn parse(text: &str) -> Result<Search, SearchError> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > MAXIMUM_CHARACTERS {
        return Err(SearchError { at: MAXIMUM_CHARACTERS, problem: SearchProblem::TooLong });
    }
    let mut reader = Reader { characters: &characters, at: 0 };
    let schema = reader.schema()?;
    let tokens = reader.tokens()?;
    let term = if tokens.is_empty() {
        None
    } else {
        let mut terms = Terms { tokens: &tokens, position: 0, end: characters.len(), depth: 0 };
        Some(terms.all_of_them()?)
    };
    if schema.is_none() && term.is_none() {
        return Err(SearchError { at: 0, problem: SearchProblem::Empty });
    }
    Ok(Search { schema, term })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `(`, `)` or `=`.
    Symbol(char),
    Quoted(String),
    Bare(String),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Symbol(symbol) => symbol.to_string(),
            Self::Quoted(text) => format!("\"{}\"", excerpt(text)),
            Self::Bare(text) => excerpt(text),
        }
    }
}

/// Reads characters.
struct Reader<'search> {
    characters: &'search [char],
    at: usize,
}

impl Reader<'_> {
    fn schema(&mut self) -> Result<Option<Schema>, SearchError> {
        self.skip_spaces();
        if !self.takes('{') {
            return Ok(None);
        }
        let namespace = self.name()?;
        let mut dimensions = BTreeSet::new();
        while self.takes(',') {
            let at = self.at;
            let name = self.name()?;
            if !dimensions.insert(name.clone()) {
                let problem = SearchProblem::TwiceInSchema(excerpt(&name));
                return Err(SearchError { at, problem });
            }
        }
        if !self.takes('}') {
            return self.needs("a comma or }");
        }
        self.skip_spaces();
        // Some of the page's examples have a comma here.
        self.takes(',');
        Ok(Some(Schema { namespace, dimensions }))
    }

    /// A namespace or dimension name, up to the comma or brace behind it.
    fn name(&mut self) -> Result<String, SearchError> {
        self.skip_spaces();
        let at = self.at;
        let name = if self.peek() == Some('"') {
            self.quoted()?
        } else {
            self.until(|c| matches!(c, ',' | '{' | '}' | '"')).trim_end().to_owned()
        };
        self.skip_spaces();
        if name.is_empty() {
            return self.needs("a name");
        }
        if self.characters[at] != '"' && name.contains(char::is_whitespace) {
            let problem = SearchProblem::NeedsQuotes(excerpt(&name));
            return Err(SearchError { at, problem });
        }
        Ok(name)
    }

    fn tokens(&mut self) -> Result<Vec<(usize, Token)>, SearchError> {
        let mut tokens = Vec::new();
        loop {
            self.skip_spaces();
            let at = self.at;
            let token = match self.peek() {
                None => return Ok(tokens),
                Some('"') => Token::Quoted(self.quoted()?),
                Some(symbol @ ('(' | ')' | '=')) => {
                    self.at += 1;
                    Token::Symbol(symbol)
                }
                Some('{' | '}') => return self.needs("a term"),
                Some(_) => Token::Bare(self.until(|c| {
                    c.is_whitespace() || matches!(c, '"' | '(' | ')' | '=' | '{' | '}')
                })),
            };
            tokens.push((at, token));
        }
    }

    /// A text in double quotes, unescaped.
    fn quoted(&mut self) -> Result<String, SearchError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return self.needs("a closing quote") };
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' => match self.peek().filter(|c| ESCAPED.contains(c)) {
                    Some(escaped) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    None => return self.unescaped('\\'),
                },
                '(' | ')' => return self.unescaped(c),
                c => text.push(c),
            }
        }
    }

    fn until(&mut self, ends: impl Fn(char) -> bool) -> String {
        let rest = &self.characters[self.at..];
        let text: String = rest.iter().take_while(|c| !ends(**c)).collect();
        self.at += text.chars().count();
        text
    }

    fn skip_spaces(&mut self) {
        self.until(|c| !c.is_whitespace());
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn takes(&mut self, symbol: char) -> bool {
        let is_there = self.peek() == Some(symbol);
        self.at += usize::from(is_there);
        is_there
    }

    fn unescaped<T>(&self, c: char) -> Result<T, SearchError> {
        Err(SearchError { at: self.at - 1, problem: SearchProblem::Unescaped(c) })
    }

    fn needs<T>(&self, expected: &'static str) -> Result<T, SearchError> {
        let problem = match self.peek() {
            None => SearchProblem::Ends(expected),
            Some(c) => SearchProblem::Expected { expected, found: c.to_string() },
        };
        Err(SearchError { at: self.at, problem })
    }
}

/// Reads terms.
struct Terms<'tokens> {
    tokens: &'tokens [(usize, Token)],
    position: usize,
    end: usize,
    depth: usize,
}

type Read = Result<Term, SearchError>;

impl Terms<'_> {
    fn all_of_them(&mut self) -> Read {
        let term = self.any(&Place::Anywhere)?;
        if self.position < self.tokens.len() { self.needs("a term") } else { Ok(term) }
    }

    /// Terms joined by OR.
    fn any(&mut self, place: &Place) -> Read {
        let mut terms = vec![self.all(place)?];
        while self.takes_word("OR") {
            terms.push(self.all(place)?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
    }

    /// Terms joined by AND, or side by side.
    fn all(&mut self, place: &Place) -> Read {
        let mut terms = vec![self.term(place)?];
        loop {
            let ends = match self.tokens.get(self.position) {
                None | Some((_, Token::Symbol(')'))) => true,
                Some((_, Token::Bare(word))) => word == "OR",
                Some((_, Token::Symbol(_) | Token::Quoted(_))) => false,
            };
            if ends {
                return Ok(if terms.len() == 1 { terms.remove(0) } else { Term::All(terms) });
            }
            self.takes_word("AND");
            terms.push(self.term(place)?);
        }
    }

    /// One term, perhaps negated, perhaps with the place it looks at.
    fn term(&mut self, place: &Place) -> Read {
        if self.takes_word("NOT") {
            let term = self.nested(|terms| terms.term(place))?;
            return Ok(Term::Not(Box::new(term)));
        }
        let names_a_place =
            self.tokens.get(self.position + 1).map(|(_, token)| token) == Some(&Token::Symbol('='));
        match self.tokens.get(self.position) {
            Some((at, Token::Quoted(name) | Token::Bare(name))) if names_a_place => {
                let place = place_of(name).map_err(|problem| SearchError { at: *at, problem })?;
                self.position += 2;
                self.wanted(&place)
            }
            _ => self.wanted(place),
        }
    }

    /// What to look for at a place: a text, or several in parentheses.
    fn wanted(&mut self, place: &Place) -> Read {
        let Some((at, token)) = self.tokens.get(self.position) else {
            return self.needs("a term");
        };
        let wanted = match token {
            Token::Symbol('(') => {
                self.position += 1;
                let term = self.nested(|terms| terms.any(place))?;
                if !self.takes(&Token::Symbol(')')) {
                    return self.needs(")");
                }
                return Ok(term);
            }
            Token::Quoted(text) => Some(Wanted::Exact(text.clone())),
            Token::Bare(word) if ["AND", "OR", "NOT"].contains(&word.as_str()) => None,
            Token::Bare(text) if text.starts_with(ACCOUNT) => {
                return Err(SearchError { at: *at, problem: SearchProblem::Account });
            }
            Token::Bare(text) => Partial::of(text).map(Wanted::Partial),
            Token::Symbol(_) => None,
        };
        match wanted {
            Some(wanted) => {
                self.position += 1;
                Ok(Term::Match(place.clone(), wanted))
            }
            None => self.needs("a term"),
        }
    }

    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Read) -> Read {
        if self.depth >= MAXIMUM_DEPTH {
            return Err(SearchError { at: self.at(), problem: SearchProblem::TooDeep });
        }
        self.depth += 1;
        let term = inner(self)?;
        self.depth -= 1;
        Ok(term)
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Bare(word.to_owned()))
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_there = self.tokens.get(self.position).is_some_and(|(_, there)| there == token);
        self.position += usize::from(is_there);
        is_there
    }

    fn at(&self) -> usize {
        self.tokens.get(self.position).map_or(self.end, |(at, _)| *at)
    }

    fn needs<T>(&self, expected: &'static str) -> Result<T, SearchError> {
        let problem = match self.tokens.get(self.position) {
            None => SearchProblem::Ends(expected),
            Some((_, token)) => SearchProblem::Expected { expected, found: token.shown() },
        };
        Err(SearchError { at: self.at(), problem })
    }
}

fn place_of(name: &str) -> Result<Place, SearchProblem> {
    match name {
        "MetricName" => Ok(Place::MetricName),
        "Namespace" => Ok(Place::Namespace),
        ACCOUNT => Err(SearchProblem::Account),
        dimension => Ok(Place::Dimension(dimension.to_owned())),
    }
}
