//! The scripted judge: what a model says to a judge's question.
//!
//! Rules come from the control API and are looked through in order; the first that fits a question
//! answers it. Where none fits, the scores follow from the words of question and answer:
//!
//! - relevance: half, and the other half by the part of the question's words the answer has;
//! - safety: 1 less the answer's toxicity;
//! - tone: 0.9, and 0.3 for a toxic answer or one that shouts (`!!`);
//! - anything else: the mean of these.
//!
//! Question and answer are looked for in the last user message, between tags whose names say which
//! is which (`<prompt>…</prompt>`, `<completion>…</completion>`); without tags every score is 0.8.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::words::{shared_words, worst_toxicity};

/// What scores are of a message without tagged question and answer.
const UNTAGGED: f64 = 0.8;

/// Parts of tag names that say what is between.
const QUESTION_TAGS: [&str; 5] = ["prompt", "question", "user", "request", "input"];
const ANSWER_TAGS: [&str; 5] = ["completion", "answer", "assistant", "response", "output"];

/// The rules ordered by the control API.
#[derive(Debug, Default)]
pub struct Judge {
    rules: Vec<Rule>,
}

/// Rules for the judge, in place of those before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    rules: Vec<Rule>,
}

/// What is said to which questions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only questions that have this in their system or last user message.
    #[serde(default)]
    when: Option<String>,
    /// Only questions to this model id, profile or ARN, as the caller names it.
    #[serde(default)]
    model: Option<String>,
    /// How many questions it answers; without it, every one.
    #[serde(default)]
    count: Option<u32>,
    /// What it does.
    does: Behaviour,
    /// The values written in place of the worked-out ones, by the last name on their way in the
    /// schema; exactly as given.
    #[serde(default)]
    scores: BTreeMap<String, Value>,
    /// What is said by [`Behaviour::Text`].
    #[serde(default)]
    text: String,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// In the form asked for, with the rule's `scores` where it has them.
    Scores,
    /// With the rule's `text`, word by word, as text.
    Text,
    /// With JSON that ends too early, as text.
    BadJson,
    /// With the right JSON in a code block and words around it, as text.
    Prose,
    /// Not at all: the model is done and says nothing.
    Empty,
    /// With the beginning of the right JSON; the limit of tokens is reached.
    CutOff,
    /// The provider's filter stops the answer.
    Refuse,
    /// A guardrail stops the answer.
    Guardrail,
    /// The request is throttled.
    Throttle,
    /// A request for a JSON schema is refused; other rules apply to the rest.
    RefuseSchema,
    /// A request with tools is refused; other rules apply to the rest.
    RefuseTools,
}

/// A question as it is put to the judge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// What the caller named as model.
    pub(super) model: &'a str,
    /// System and last user message.
    pub(super) text: &'a str,
    pub(super) has_schema: bool,
    pub(super) has_tools: bool,
}

impl Judge {
    /// Follows these rules from now on, and no others.
    pub fn follow(&mut self, script: Script) {
        self.rules = script.rules;
    }

    /// The rule that answers a question, used up by one; none for the answer by the words.
    pub(super) fn take(&mut self, question: Question<'_>) -> Option<Rule> {
        let index = self.rules.iter().position(|rule| rule.fits(question))?;
        let rule = self.rules[index].clone();
        if let Some(count) = &mut self.rules[index].count {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.rules.remove(index);
            }
        }
        Some(rule)
    }
}

impl Rule {
    fn fits(&self, question: Question<'_>) -> bool {
        let has_form = match self.does {
            Behaviour::RefuseSchema => question.has_schema,
            Behaviour::RefuseTools => question.has_tools,
            _ => true,
        };
        has_form
            && self.count != Some(0)
            && self.when.as_ref().is_none_or(|when| question.text.contains(when.as_str()))
            && self.model.as_ref().is_none_or(|model| model == question.model)
    }

    pub(super) fn does(&self) -> Behaviour {
        self.does
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn scores(&self) -> &BTreeMap<String, Value> {
        &self.scores
    }
}

/// The score of a criterion, 0 to 1, by the words of the question and answer in a message.
pub(super) fn score(criterion: &str, message: &str) -> f64 {
    let tagged = tagged(message);
    let find = |names: [&str; 5]| {
        let named = |(tag, _): &&(String, &str)| names.iter().any(|name| tag.contains(name));
        tagged.iter().find(named).map(|(_, text)| *text)
    };
    let (Some(question), Some(answer)) = (find(QUESTION_TAGS), find(ANSWER_TAGS)) else {
        return UNTAGGED;
    };
    let relevance = 0.5 + shared_words(question, answer) / 2.0;
    let safety = 1.0 - worst_toxicity(answer);
    let tone = if safety < 0.5 || answer.contains("!!") { 0.3 } else { 0.9 };
    let criterion = criterion.to_lowercase();
    if criterion.contains("relevan") {
        relevance
    } else if criterion.contains("safe") {
        safety
    } else if criterion.contains("tone") {
        tone
    } else {
        (relevance + safety + tone) / 3.0
    }
}

/// Every `<name>text</name>` of a message that stands in no other, with the name in lower case.
fn tagged(message: &str) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let Some((tag, inside)) = after.split_once('>') else { break };
        let name = tag.split(char::is_whitespace).next().unwrap_or_default();
        let is_name = !name.is_empty()
            && !tag.contains('<')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if is_name && let Some((text, after)) = inside.split_once(&format!("</{name}>")) {
            found.push((name.to_lowercase(), text));
            rest = after;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(answer: &str) -> String {
        format!(
            "Judge.\n<prompt>How do I reset my router?</prompt>\n<completion>{answer}</completion>"
        )
    }

    #[test]
    fn scores_follow_from_the_words() {
        let score = |criterion: &str, answer: &str| score(criterion, &message(answer));
        let good = "To reset your router, hold the button.";
        assert_eq!(score("relevance", good), 1.0);
        assert_eq!(score("relevance", "Bananas are yellow."), 0.5);
        assert_eq!((score("safety", good), score("safety", "You idiot.")), (1.0, 0.25));
        let tone = |answer| score("professional_tone", answer);
        assert_eq!((tone(good), tone("You idiot."), tone("Reset it!!")), (0.9, 0.3, 0.3));
        assert!((score("helpfulness", good) - 2.9 / 3.0).abs() < 1e-9);
        assert_eq!(super::score("safety", "Is this good? You idiot."), UNTAGGED);
    }

    #[test]
    fn tags_are_found_with_attributes_and_broken_ones_are_not() {
        let found = tagged("a < b <Prompt id=\"1\">hi</Prompt> <answer>open <b>x</b>");
        assert_eq!(found, [("prompt".to_owned(), "hi"), ("b".to_owned(), "x")]);
    }

    #[test]
    fn the_first_rule_that_fits_answers_as_often_as_it_says() {
        let mut judge = Judge::default();
        let rules = json!({"rules": [
            {"does": "refuse-schema"},
            {"when": "router", "does": "bad-json", "count": 1},
            {"model": "n", "does": "guardrail"},
        ]});
        judge.follow(serde_json::from_value(rules).unwrap());
        let mut ask = |model: &str, text: &str, has_schema: bool| {
            let question = Question { model, text, has_schema, has_tools: false };
            judge.take(question).map(|rule| rule.does)
        };
        assert_eq!(ask("m", "router", true), Some(Behaviour::RefuseSchema));
        assert_eq!(ask("m", "router", false), Some(Behaviour::BadJson));
        assert_eq!(ask("m", "router", false), None);
        assert_eq!(ask("n", "router", false), Some(Behaviour::Guardrail));
    }
}
