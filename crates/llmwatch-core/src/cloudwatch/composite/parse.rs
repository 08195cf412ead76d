//! Reads an `AlarmRule`.

use super::{
    Least, MAXIMUM_CHARACTERS, MAXIMUM_CHILDREN, MAXIMUM_DEPTH, MAXIMUM_ELEMENTS, Polarity, Rule,
    RuleError, RuleProblem, Term,
};
use crate::cloudwatch::alarm::AlarmState;

/// Reads a rule and holds it to CloudWatch's limits.
///
/// # Errors
///
/// The first place where the text is no rule, or the limit it exceeds.
pub fn parse(text: &str) -> Result<Rule, RuleError> {
    let characters = text.chars().count();
    if characters > MAXIMUM_CHARACTERS {
        return Err(RuleError { at: MAXIMUM_CHARACTERS, problem: RuleProblem::TooLong });
    }
    let mut parser = Parser { text, rest: text, elements: 0, depth: 0 };
    let root = parser.disjunction()?;
    parser.skip_space();
    if !parser.rest.is_empty() {
        return parser.expected("AND, OR or the end");
    }
    let rule = Rule { root };
    let limit = |problem| Err(RuleError { at: characters, problem });
    let children = rule.children().len();
    if children > MAXIMUM_CHILDREN {
        return limit(RuleProblem::TooManyChildren(children));
    }
    if parser.elements > MAXIMUM_ELEMENTS {
        return limit(RuleProblem::TooManyElements(parser.elements));
    }
    Ok(rule)
}

struct Parser<'text> {
    text: &'text str,
    rest: &'text str,
    elements: usize,
    depth: usize,
}

const STATES: [(&str, AlarmState); 3] = [
    ("ALARM", AlarmState::Alarm),
    ("OK", AlarmState::Ok),
    ("INSUFFICIENT_DATA", AlarmState::InsufficientData),
];

impl Parser<'_> {
    fn disjunction(&mut self) -> Result<Term, RuleError> {
        let mut terms = vec![self.conjunction()?];
        while self.takes_word("OR") {
            terms.push(self.conjunction()?);
        }
        Ok(joined(terms, Term::Any))
    }

    fn conjunction(&mut self) -> Result<Term, RuleError> {
        let mut terms = vec![self.negation()?];
        while self.takes_word("AND") {
            terms.push(self.negation()?);
        }
        Ok(joined(terms, Term::All))
    }

    fn negation(&mut self) -> Result<Term, RuleError> {
        if self.takes_word("NOT") {
            let inner = self.nested(Self::negation)?;
            return Ok(Term::Not(Box::new(inner)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Term, RuleError> {
        if self.takes("(") {
            self.elements += 2;
            let inner = self.nested(Self::disjunction)?;
            self.expect(")")?;
            return Ok(inner);
        }
        // The API page itself writes `false`.
        for (word, truth) in [("TRUE", true), ("FALSE", false)] {
            if self.word().eq_ignore_ascii_case(word) {
                self.rest = &self.rest[word.len()..];
                self.elements += 1;
                return Ok(Term::Constant(truth));
            }
        }
        if self.takes_word("AT_LEAST") {
            return self.at_least();
        }
        let Some(state) = self.takes_state() else {
            return self.expected("ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT or (");
        };
        self.expect("(")?;
        let alarm = self.alarm()?;
        self.expect(")")?;
        Ok(Term::Is(state, alarm))
    }

    /// `(M or P%, [NOT] STATE, (alarm, alarm))`.
    fn at_least(&mut self) -> Result<Term, RuleError> {
        self.expect("(")?;
        self.skip_space();
        let at = self.at();
        let digits = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let Ok(number) = self.rest[..digits].parse::<usize>() else {
            return self.expected("a number");
        };
        self.rest = &self.rest[digits..];
        let least = if self.takes("%") { Least::Percent(number) } else { Least::Number(number) };
        self.expect(",")?;
        let polarity = if self.takes_word("NOT") { Polarity::NotIn } else { Polarity::In };
        let Some(state) = self.takes_state() else {
            return self.expected("ALARM, OK or INSUFFICIENT_DATA");
        };
        self.expect(",")?;
        self.expect("(")?;
        let mut alarms = vec![self.alarm()?];
        while self.takes(",") {
            alarms.push(self.alarm()?);
        }
        self.expect(")")?;
        self.expect(")")?;
        let possible = match least {
            Least::Number(number) => (1..=alarms.len()).contains(&number),
            Least::Percent(percent) => (1..=100).contains(&percent),
        };
        if possible {
            Ok(Term::AtLeast { least, polarity, state, alarms })
        } else {
            Err(RuleError { at, problem: RuleProblem::Least })
        }
    }

    /// A name or ARN: in quotes with `\"` for a quote, or bare without spaces, commas and brackets.
    fn alarm(&mut self) -> Result<String, RuleError> {
        self.elements += 1;
        if !self.takes("\"") {
            let ends = |c: char| c.is_whitespace() || ['(', ')', ',', '"'].contains(&c);
            let length = self.rest.find(ends).unwrap_or(self.rest.len());
            if length == 0 {
                return self.expected("the name of an alarm");
            }
            let name = self.rest[..length].to_owned();
            self.rest = &self.rest[length..];
            return Ok(name);
        }
        let mut name = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((position, character)) = characters.next() {
            match character {
                '"' if name.is_empty() => return self.expected("the name of an alarm"),
                '"' => {
                    self.rest = &self.rest[position + 1..];
                    return Ok(name);
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => name.push(escaped),
                    Some((_, other)) => name.extend(['\\', other]),
                    None => name.push('\\'),
                },
                _ => name.push(character),
            }
        }
        self.rest = "";
        self.expected("a closing quote")
    }

    fn takes_state(&mut self) -> Option<AlarmState> {
        STATES.iter().find(|(word, _)| self.takes_word(word)).map(|(_, state)| *state)
    }

    fn nested(
        &mut self,
        inner: fn(&mut Self) -> Result<Term, RuleError>,
    ) -> Result<Term, RuleError> {
        if self.depth >= MAXIMUM_DEPTH {
            return Err(RuleError { at: self.at(), problem: RuleProblem::TooDeep });
        }
        self.depth += 1;
        let term = inner(self)?;
        self.depth -= 1;
        Ok(term)
    }

    /// The word the rest starts with, once space is skipped; empty if it starts with none.
    fn word(&mut self) -> &str {
        self.skip_space();
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        &self.rest[..self.rest.find(ends).unwrap_or(self.rest.len())]
    }

    fn takes_word(&mut self, word: &str) -> bool {
        if self.word() != word {
            return false;
        }
        self.rest = &self.rest[word.len()..];
        true
    }

    fn takes(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let Some(rest) = self.rest.strip_prefix(symbol) else { return false };
        self.rest = rest;
        true
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), RuleError> {
        if self.takes(symbol) { Ok(()) } else { self.expected(symbol) }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn at(&self) -> usize {
        self.text[..self.text.len() - self.rest.len()].chars().count()
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, RuleError> {
        const SHOWN: usize = 20;
        let found: String = self.rest.chars().take(SHOWN).collect();
        let problem = if found.is_empty() {
            RuleProblem::Ends(expected)
        } else {
            RuleProblem::Expected { expected, found }
        };
        Err(RuleError { at: self.at(), problem })
    }
}

/// The one term, or all of them together.
fn joined(terms: Vec<Term>, together: fn(Vec<Term>) -> Term) -> Term {
    match <[Term; 1]>::try_from(terms) {
        Ok([term]) => term,
        Err(terms) => together(terms),
    }
}
