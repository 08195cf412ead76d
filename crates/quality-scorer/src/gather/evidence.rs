//! What is found out about a batch of exchanges before it is scored.
//!
//! In process where the settings say embedded; what goes to AWS is redacted first, whatever text is
//! kept. Evidence that cannot be had is counted and fails nothing: the calls count all the same.

use std::time::{Duration, Instant};

use llmwatch_embedding::Embedder;
use llmwatch_quality::call_record::Texts;
use llmwatch_quality::evidence::{Evidence, Reading, Refusal, Sides};
use llmwatch_quality::exchange::{Conversation, Exchange};
use llmwatch_quality::metric::Needs;
use llmwatch_quality::refusal::opening;
use llmwatch_quality::sampling::{Chosen, Rate};
use llmwatch_quality::sentiment;
use llmwatch_quality::settings::Provider;

use super::aws;
use super::judge::Judge;
use super::models::InProcess;
use crate::App;
use crate::policy::Policy;

/// How long an object's texts may be embedded: the rest of the function's 300 s is for writing.
const TIME_TO_EMBED: Duration = Duration::from_secs(180);

/// Why evidence could not be had; each is the value of a dimension.
const NO_MODEL: &str = "model unusable";
const OUT_OF_TIME: &str = "out of time";

/// An exchange and what was found out about it.
#[derive(Debug)]
pub(crate) struct Looked<'e> {
    /// All that metrics may look at.
    pub evidence: Evidence<'e>,
    /// Its text as it may be kept and sent.
    pub texts: Texts,
    /// Evidence that was looked for only because the exchange is one of those always looked at.
    pub out_of_sample: Vec<Needs>,
}

/// Looks at every exchange as far as the settings and the sample say.
pub(crate) async fn of_batch<'e>(
    app: &App,
    policy: &Policy,
    exchanges: &'e [Exchange],
    mut judge: Option<&mut Judge<'_>>,
    began: Instant,
) -> Vec<Looked<'e>> {
    let in_process = app.models.in_process();
    let mut looked = Vec::with_capacity(exchanges.len());
    for exchange in exchanges {
        let mut one = Looked {
            evidence: Evidence::of(exchange),
            texts: Texts::of(exchange, policy.text),
            out_of_sample: Vec::new(),
        };
        one.evidence.findings = Reading::Found(one.texts.findings.clone());
        if let Some(conversation) = exchange.conversation() {
            let look = Look { app, policy, in_process, conversation, began };
            // By words first: whether an answer refuses decides what else is looked at.
            let by_words = in_process.refusals.of(conversation, None);
            look.at(&mut one, by_words).await;
            if let Some(judge) = judge.as_deref_mut() {
                look.have_judged(&mut one, by_words, judge).await;
            }
        }
        looked.push(one);
    }
    looked
}

/// A look at one conversation.
#[derive(Clone, Copy)]
struct Look<'a> {
    app: &'a App,
    policy: &'a Policy,
    in_process: &'a InProcess,
    conversation: &'a Conversation,
    began: Instant,
}

impl Look<'_> {
    async fn at(self, one: &mut Looked<'_>, by_words: Option<Refusal>) {
        let rates = self.policy.rates;
        if self.is_chosen(one, Needs::Embeddings, rates.embeddings, by_words) {
            one.evidence.embeddings = self.embeddings(one).await;
        }
        if self.is_chosen(one, Needs::Refusal, rates.refusal, by_words) {
            one.evidence.refusal = self.refusal(by_words);
        }
        if self.is_chosen(one, Needs::Sentiment, rates.sentiment, by_words) {
            one.evidence.sentiment = match self.policy.sentiment {
                Provider::Aws => aws::sentiment(self.app, &one.texts.redacted).await,
                Provider::Embedded | Provider::Off => sentiment::of(self.conversation),
            };
        }
        if self.is_chosen(one, Needs::Toxicity, rates.toxicity, by_words) {
            one.evidence.toxicity = match self.policy.toxicity {
                Provider::Aws => aws::toxicity(self.app, &one.texts.redacted).await,
                Provider::Embedded | Provider::Off => self.toxicity(&one.evidence.embeddings),
            };
        }
    }

    async fn have_judged(
        self,
        one: &mut Looked<'_>,
        by_words: Option<Refusal>,
        judge: &mut Judge<'_>,
    ) {
        if self.is_chosen(one, Needs::Judgement, self.policy.rates.judge, by_words) {
            one.evidence.judgement = judge.judge(&one.texts).await;
        }
    }

    fn is_chosen(
        self,
        one: &mut Looked<'_>,
        needs: Needs,
        rate: Rate,
        refusal: Option<Refusal>,
    ) -> bool {
        if self.policy.provider(needs) == Provider::Off {
            return false;
        }
        match self.policy.always.choose(rate, one.evidence.exchange, refusal) {
            Chosen::InSample => true,
            Chosen::OutOfSample => {
                one.out_of_sample.push(needs);
                true
            }
            Chosen::No => false,
        }
    }

    async fn embeddings(self, one: &Looked<'_>) -> Reading<Sides<Vec<f32>>> {
        if self.policy.embeddings == Provider::Aws {
            return aws::embeddings(self.app, &one.texts.redacted).await;
        }
        let prompt = self.conversation.prompt().map(|text| text.as_str());
        let completion = Some(self.conversation.completion.as_str());
        let completion = completion.filter(|_| !self.conversation.completion.is_blank());
        let texts: Vec<&str> = prompt.into_iter().chain(completion).collect();
        let mut vectors = match self.embed(&texts) {
            Ok(vectors) => vectors.into_iter(),
            Err(why) => return Reading::Failed(why),
        };
        Reading::Found(Sides {
            prompt: prompt.and_then(|_| vectors.next()),
            completion: completion.and_then(|_| vectors.next()),
        })
    }

    /// By words, and by the opening's embedding where the exchange is embedded in process anyway.
    fn refusal(self, by_words: Option<Refusal>) -> Reading<Refusal> {
        let Some(by_words) = by_words else { return Reading::NotAsked };
        let is_embedded = self.policy.embeddings == Provider::Embedded;
        let opening = opening(self.conversation.completion.as_str());
        let vector = if is_embedded { self.embed(&[opening]).ok() } else { None };
        let vector = vector.as_deref().and_then(|vectors| vectors.first());
        let refusal =
            vector.and_then(|vector| self.in_process.refusals.of(self.conversation, Some(vector)));
        Reading::Found(refusal.unwrap_or(by_words))
    }

    fn toxicity(self, embeddings: &Reading<Sides<Vec<f32>>>) -> Reading<Sides<f64>> {
        let toxicity = &self.in_process.toxicity;
        let embedded_in_process = self.policy.embeddings == Provider::Embedded;
        let vectors = embeddings.found().ok().filter(|_| embedded_in_process);
        let of = |text: &str, vector: Option<&Vec<f32>>| match vector {
            Some(vector) => toxicity.by_embedding(text, vector),
            None => toxicity.by_phrases(text),
        };
        let completion = &self.conversation.completion;
        Reading::Found(Sides {
            prompt: self
                .conversation
                .prompt()
                .map(|text| of(text.as_str(), vectors.and_then(|sides| sides.prompt.as_ref()))),
            completion: (!completion.is_blank()).then(|| {
                of(completion.as_str(), vectors.and_then(|sides| sides.completion.as_ref()))
            }),
        })
    }

    fn embed(self, texts: &[&str]) -> Result<Vec<Vec<f32>>, &'static str> {
        if self.began.elapsed() > TIME_TO_EMBED {
            return Err(OUT_OF_TIME);
        }
        let embedder: &Embedder =
            self.app.models.embedder(&self.app.config.model_path).map_err(|_| NO_MODEL)?;
        embedder.embed(texts).map_err(|_| NO_MODEL)
    }
}
