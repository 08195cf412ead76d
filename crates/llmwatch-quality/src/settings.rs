//! What the operator may choose about scoring, from one JSON document.
//!
//! A malformed part must not stop the scoring of everything else, so parsing never fails: what
//! cannot be taken is left as it stands and handed back as a problem. Where the text may have meant
//! "keep no text" or "spend nothing", no text is kept and nothing is spent.

use std::fmt;

use llmwatch_core::excerpt::excerpt;
use serde_json::{Map, Value};

use crate::budget::{DailyBudget, NanoUsd, Price};
use crate::judge::Rubric;
use crate::key::ComponentPrefixes;
use crate::metric::Needs;
use crate::redaction::TextMode;
use crate::sampling::{Always, Rate};

/// Where evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// In process, without a call.
    Embedded,
    /// From AWS, which costs money.
    Aws,
    /// It is not looked for, and what needs it is not scored.
    Off,
}

/// Where the toxicity of texts comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToxicityProvider {
    /// In process, without a call.
    Embedded,
    /// Bedrock's guardrail checks.
    GuardrailChecks,
    /// Comprehend, of texts in English only.
    Comprehend,
    /// It is not looked for.
    Off,
}

/// How scoring is done.
#[derive(Debug, Clone, PartialEq)]
pub struct QualitySettings {
    /// Where embeddings come from; AWS: Titan Text Embeddings V2.
    pub embeddings: Provider,
    /// Where sentiment comes from; AWS: Comprehend.
    pub sentiment: Provider,
    /// Where toxicity comes from; AWS: Bedrock's guardrail checks, or Comprehend.
    pub toxicity: ToxicityProvider,
    /// Where the extent of refusals comes from; AWS has none, so embedded or off.
    pub refusal: Provider,
    /// The share of exchanges that each kind of evidence is looked for in; the judge's is small.
    pub rates: Rates,
    /// Exchanges that are looked at whatever the sample says.
    pub always: Always,
    /// What of prompts and answers is kept in call records.
    pub text: TextMode,
    /// The judge, if there is one.
    pub judge: Option<JudgeSettings>,
    /// Inference components by prefixes of capture objects' keys.
    pub components: ComponentPrefixes,
}

/// The share of exchanges that each kind of evidence is looked for in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Embeddings: similarity, and the finer half of toxicity and refusal.
    pub embeddings: Rate,
    /// Sentiment.
    pub sentiment: Rate,
    /// Toxicity.
    pub toxicity: Rate,
    /// Refusal.
    pub refusal: Rate,
    /// The judge.
    pub judge: Rate,
}

/// Who judges, and for how much.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeSettings {
    /// The model's id, its profile's or an ARN.
    pub model: String,
    /// What a day may cost.
    pub budget: DailyBudget,
    /// The model's price, where it is configured.
    pub price: Option<Price>,
    /// What it judges by.
    pub rubric: Rubric,
}

/// A part of the document that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands, for example `rates.judge`.
    pub place: String,
    /// The value as it came, shortened.
    pub value: String,
    /// What it must be.
    pub mend: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}; it must be {}", self.place, self.value, self.mend)
    }
}

impl Default for QualitySettings {
    /// All in process, redacted text, no judge. All exchanges, but one in ten for what takes long:
    /// a text is embedded in tens of milliseconds.
    fn default() -> Self {
        Self {
            embeddings: Provider::Embedded,
            sentiment: Provider::Embedded,
            toxicity: ToxicityProvider::Embedded,
            refusal: Provider::Embedded,
            rates: Rates {
                embeddings: Rate::TENTH,
                sentiment: Rate::ALL,
                toxicity: Rate::ALL,
                refusal: Rate::ALL,
                judge: Rate::TENTH,
            },
            always: Always { errors: false, refusals: true },
            text: TextMode::default(),
            judge: None,
            components: ComponentPrefixes::default(),
        }
    }
}

impl QualitySettings {
    /// Where evidence comes from; what every record tells by itself needs no provider.
    #[must_use]
    pub fn provider(&self, needs: Needs) -> Provider {
        match needs {
            Needs::Embeddings => self.embeddings,
            Needs::Sentiment => self.sentiment,
            Needs::Toxicity => match self.toxicity {
                ToxicityProvider::Embedded => Provider::Embedded,
                ToxicityProvider::GuardrailChecks | ToxicityProvider::Comprehend => Provider::Aws,
                ToxicityProvider::Off => Provider::Off,
            },
            Needs::Refusal => self.refusal,
            Needs::Judgement if self.judge.is_some() => Provider::Aws,
            Needs::Judgement => Provider::Off,
            Needs::Nothing | Needs::Findings => Provider::Embedded,
        }
    }

    /// Takes what a document says in place of what stands.
    ///
    /// An example with every member:
    /// `{"evidence": {"embeddings": "embedded", "sentiment": "aws", "toxicity": "off"},
    /// "rates": {"sentiment": 0.1, "judge": 0.01}, "always": {"errors": true, "refusals": true},
    /// "text": "redacted", "judge": {"model": "us.amazon.nova-lite-v1:0", "daily_budget_usd": 5,
    /// "usd_per_million_input_tokens": 0.06, "usd_per_million_output_tokens": 0.24,
    /// "daily_calls": 1000, "daily_tokens": 1000000, "rubric": {"criteria": [{"name": "relevance",
    /// "weight": 1}]}}, "components": {"captures/chat/": "chat"}}`.
    pub fn take(&mut self, document: &str) -> Vec<Problem> {
        let mut reader = Reader::default();
        match serde_json::from_str::<Value>(document) {
            Ok(Value::Object(members)) => self.take_members(&members, &mut reader),
            _ => {
                self.text = TextMode::None;
                self.judge = None;
                reader.refuse("the document", &Value::from(excerpt(document)), "a JSON object");
            }
        }
        reader.problems
    }

    fn take_members(&mut self, members: &Map<String, Value>, reader: &mut Reader) {
        for (name, value) in members {
            match name.as_str() {
                "evidence" => self.take_evidence(value, reader),
                "rates" => self.take_rates(value, reader),
                "always" => self.take_always(value, reader),
                "text" => {
                    self.text = TextMode::None;
                    reader.take(&mut self.text, "text", value, text_mode, TEXT_MODES);
                }
                "judge" => self.take_judge(value, reader),
                "components" => {
                    reader.take(&mut self.components, "components", value, components, COMPONENTS);
                }
                other => reader.refuse(
                    other,
                    value,
                    "one of evidence, rates, always, text, judge, components",
                ),
            }
        }
    }

    fn take_evidence(&mut self, value: &Value, reader: &mut Reader) {
        for (name, value) in reader.members("evidence", value) {
            let place = format!("evidence.{name}");
            let of = match name.as_str() {
                "embeddings" => &mut self.embeddings,
                "sentiment" => &mut self.sentiment,
                "toxicity" => {
                    let known = "embedded, aws (guardrail checks), comprehend or off";
                    reader.take(&mut self.toxicity, &place, value, toxicity_provider, known);
                    continue;
                }
                "refusal" => {
                    reader.take(&mut self.refusal, &place, value, in_process, "embedded or off");
                    continue;
                }
                _ => {
                    reader.refuse(&place, value, "of embeddings, sentiment, toxicity or refusal");
                    continue;
                }
            };
            reader.take(of, &place, value, provider, "embedded, aws or off");
        }
    }

    fn take_rates(&mut self, value: &Value, reader: &mut Reader) {
        for (name, value) in reader.members("rates", value) {
            let place = format!("rates.{name}");
            let of = match name.as_str() {
                "embeddings" => &mut self.rates.embeddings,
                "sentiment" => &mut self.rates.sentiment,
                "toxicity" => &mut self.rates.toxicity,
                "refusal" => &mut self.rates.refusal,
                "judge" => &mut self.rates.judge,
                _ => {
                    let mend = "of embeddings, sentiment, toxicity, refusal or judge";
                    reader.refuse(&place, value, mend);
                    continue;
                }
            };
            reader.take(of, &place, value, rate, "a number from 0 to 1");
        }
    }

    fn take_always(&mut self, value: &Value, reader: &mut Reader) {
        for (name, value) in reader.members("always", value) {
            let place = format!("always.{name}");
            let of = match name.as_str() {
                "errors" => &mut self.always.errors,
                "refusals" => &mut self.always.refusals,
                _ => {
                    reader.refuse(&place, value, "of errors or refusals");
                    continue;
                }
            };
            reader.take(of, &place, value, Value::as_bool, "true or false");
        }
    }

    /// The judge's part is taken whole or not at all: with half a budget nothing is spent.
    fn take_judge(&mut self, value: &Value, reader: &mut Reader) {
        self.judge = None;
        if value.as_str() == Some("off") {
            return;
        }
        let known = reader.problems.len();
        let mut judge = JudgeSettings {
            model: String::new(),
            budget: DailyBudget::WHEN_UNSET,
            price: None,
            rubric: Rubric::when_unset(),
        };
        let (mut input, mut output) = (None, None);
        for (name, value) in reader.members("judge", value) {
            let place = format!("judge.{name}");
            match name.as_str() {
                "model" => reader.take(&mut judge.model, &place, value, some_text, "a model's id"),
                "rubric" => reader.take(&mut judge.rubric, &place, value, rubric, RUBRIC),
                "daily_budget_usd" => {
                    reader.take(&mut judge.budget.cost, &place, value, dollars, DOLLARS);
                }
                "daily_calls" => {
                    reader.take(&mut judge.budget.calls, &place, value, count, COUNT);
                }
                "daily_tokens" => {
                    reader.take(&mut judge.budget.tokens, &place, value, count, COUNT);
                }
                "usd_per_million_input_tokens" => {
                    reader.take(&mut input, &place, value, amount, DOLLARS);
                }
                "usd_per_million_output_tokens" => {
                    reader.take(&mut output, &place, value, amount, DOLLARS);
                }
                _ => reader.refuse(&place, value, "a known member"),
            }
        }
        match (input, output) {
            (Some(input), Some(output)) => judge.price = Price::per_million(input, output),
            (None, None) => {}
            _ => reader.refuse("judge", value, "with both prices or none"),
        }
        if judge.model.is_empty() {
            reader.refuse("judge", value, "with a model, or \"off\"");
        }
        if reader.problems.len() == known {
            self.judge = Some(judge);
        }
    }
}

const TEXT_MODES: &str = "none, redacted or full";
const COMPONENTS: &str = "an object of component names by key prefixes";
const DOLLARS: &str = "US dollars, 0 to 1,000,000";
const RUBRIC: &str = "a rubric: {\"criteria\": [{\"name\": …, \"weight\": …, \"asks\": …}]}";
const COUNT: &str = "a whole number, 0 or more";

/// Takes values and keeps what was wrong with them.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn take<T>(
        &mut self,
        into: &mut T,
        place: &str,
        value: &Value,
        read: impl Fn(&Value) -> Option<T>,
        mend: &'static str,
    ) {
        match read(value) {
            Some(taken) => *into = taken,
            None => self.refuse(place, value, mend),
        }
    }

    fn members<'v>(
        &mut self,
        place: &str,
        value: &'v Value,
    ) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        if !value.is_object() {
            self.refuse(place, value, "an object");
        }
        value.as_object().into_iter().flatten()
    }

    fn refuse(&mut self, place: &str, value: &Value, mend: &'static str) {
        let value = excerpt(&value.to_string());
        self.problems.push(Problem { place: excerpt(place), value, mend });
    }
}

fn provider(value: &Value) -> Option<Provider> {
    match value.as_str()? {
        "embedded" => Some(Provider::Embedded),
        "aws" => Some(Provider::Aws),
        "off" => Some(Provider::Off),
        _ => None,
    }
}

fn toxicity_provider(value: &Value) -> Option<ToxicityProvider> {
    match value.as_str()? {
        "embedded" => Some(ToxicityProvider::Embedded),
        "aws" => Some(ToxicityProvider::GuardrailChecks),
        "comprehend" => Some(ToxicityProvider::Comprehend),
        "off" => Some(ToxicityProvider::Off),
        _ => None,
    }
}

fn in_process(value: &Value) -> Option<Provider> {
    provider(value).filter(|provider| *provider != Provider::Aws)
}

fn text_mode(value: &Value) -> Option<TextMode> {
    let word = value.as_str()?;
    TextMode::ALL.into_iter().find(|mode| mode.word() == word)
}

fn rate(value: &Value) -> Option<Rate> {
    Rate::new(value.as_f64()?)
}

fn some_text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn amount(value: &Value) -> Option<Option<f64>> {
    let amount = value.as_f64()?;
    NanoUsd::of_dollars(amount).map(|_| Some(amount))
}

fn dollars(value: &Value) -> Option<Option<NanoUsd>> {
    NanoUsd::of_dollars(value.as_f64()?).map(Some)
}

fn count(value: &Value) -> Option<Option<u64>> {
    value.as_u64().map(Some)
}

fn rubric(value: &Value) -> Option<Rubric> {
    Rubric::parse(&value.to_string()).ok()
}

fn components(value: &Value) -> Option<ComponentPrefixes> {
    let name = |(prefix, name): (&String, &Value)| Some((prefix.clone(), some_text(name)?));
    let pairs: Option<Vec<_>> = value.as_object()?.iter().map(name).collect();
    Some(ComponentPrefixes::new(pairs?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a document changes the defaults to, and what is wrong with it.
    fn taken(document: &str) -> (QualitySettings, Vec<String>) {
        let mut settings = QualitySettings::default();
        let problems = settings.take(document);
        (settings, problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn every_member_is_taken() {
        let (settings, problems) = taken(
            r#"{"evidence": {"embeddings": "off", "sentiment": "aws", "refusal": "off"},
                "rates": {"judge": 0.01, "toxicity": 1}, "always": {"errors": true},
                "text": "none", "judge": {"model": "m", "daily_budget_usd": 5,
                "usd_per_million_input_tokens": 0.06, "usd_per_million_output_tokens": 0.24,
                "rubric": {"criteria": [{"name": "relevance", "weight": 1}]}},
                "components": {"captures/": "chat"}}"#,
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(settings.provider(Needs::Embeddings), Provider::Off);
        assert_eq!(settings.provider(Needs::Sentiment), Provider::Aws);
        assert_eq!(settings.provider(Needs::Judgement), Provider::Aws);
        assert_eq!(settings.rates.judge.get(), 0.01);
        assert!(settings.always.errors && settings.always.refusals);
        assert_eq!(settings.text, TextMode::None);
        assert_eq!(settings.components.component("captures/x"), "chat");
        let judge = settings.judge.unwrap();
        assert_eq!(judge.budget.cost, NanoUsd::of_dollars(5.0));
        assert_eq!(judge.price, Price::per_million(0.06, 0.24));
    }

    #[test]
    fn what_cannot_be_taken_is_named_and_the_rest_is_taken() {
        for (document, problem) in [
            ("[]", "the document is \"[]\"; it must be a JSON object"),
            (r#"{"txt": "none"}"#, "txt is \"none\"; it must be one of evidence, rates"),
            (r#"{"rates": {"judge": 2}}"#, "rates.judge is 2; it must be a number from 0 to 1"),
            (r#"{"rates": 1}"#, "rates is 1; it must be an object"),
            (r#"{"evidence": {"refusal": "aws"}}"#, "it must be embedded or off"),
            (r#"{"evidence": {"toxicity": "titan"}}"#, "must be embedded, aws (guardrail checks)"),
            (r#"{"evidence": {"sentiment": "comprehend"}}"#, "must be embedded, aws or off"),
            (r#"{"always": {"error": true}}"#, "it must be of errors or refusals"),
            (r#"{"text": "all"}"#, "text is \"all\"; it must be none, redacted or full"),
            (r#"{"judge": {}}"#, "it must be with a model, or \"off\""),
            (
                r#"{"judge": {"model": "m", "usd_per_million_input_tokens": 1}}"#,
                "it must be with both prices or none",
            ),
            (r#"{"components": {"a": 1}}"#, "it must be an object of component names"),
        ] {
            let (settings, problems) = taken(document);
            assert!(problems.len() == 1 && problems[0].contains(problem), "{problems:?}");
            let kept = QualitySettings { text: settings.text, ..QualitySettings::default() };
            assert_eq!(settings, kept, "{document}");
        }
        let (settings, problems) = taken(r#"{"text": "all", "rates": {"sentiment": 0.5}}"#);
        assert_eq!((problems.len(), settings.rates.sentiment.get()), (1, 0.5));
    }

    #[test]
    fn toxicity_comes_from_one_of_two_services_of_aws() {
        for (word, provider) in [
            ("aws", ToxicityProvider::GuardrailChecks),
            ("comprehend", ToxicityProvider::Comprehend),
        ] {
            let (settings, problems) =
                taken(&format!(r#"{{"evidence": {{"toxicity": "{word}"}}}}"#));
            assert_eq!((settings.toxicity, problems), (provider, vec![]));
            assert_eq!(settings.provider(Needs::Toxicity), Provider::Aws);
        }
    }

    #[test]
    fn in_doubt_no_text_is_kept_and_nothing_is_spent() {
        for document in [r#"{"text": "ful"}"#, "{text: none}", ""] {
            let mut settings = QualitySettings { text: TextMode::Full, ..Default::default() };
            settings.take(document);
            assert_eq!(settings.text, TextMode::None, "{document}");
        }
        let mut settings = QualitySettings::default();
        assert!(settings.take(r#"{"judge": {"model": "m"}}"#).is_empty());
        settings.take(r#"{"judge": {"model": "m"}"#);
        assert_eq!(settings.judge, None);
    }

    #[test]
    fn a_judge_with_a_part_that_cannot_be_taken_is_not_asked() {
        let (settings, _) = taken(r#"{"judge": {"model": "m", "daily_budget_usd": "five"}}"#);
        assert_eq!(settings.judge, None);
        assert_eq!(settings.provider(Needs::Judgement), Provider::Off);
    }

    #[test]
    fn a_judge_can_be_turned_off() {
        let mut settings = QualitySettings::default();
        assert!(settings.take(r#"{"judge": {"model": "m"}}"#).is_empty());
        assert!(settings.judge.is_some());
        assert!(settings.take(r#"{"judge": "off"}"#).is_empty());
        assert_eq!(settings.judge, None);
    }
}
