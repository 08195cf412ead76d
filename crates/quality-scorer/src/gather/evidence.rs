//! What is found out about a batch of exchanges before it is scored.
//!
//! In process where the settings say embedded; what goes to AWS is redacted first, whatever text is
//! kept. Evidence that cannot be had is counted and fails nothing: the calls count all the same.

use futures::StreamExt as _;
use llmwatch_embedding::Embedder;
use llmwatch_quality::call_record::Texts;
use llmwatch_quality::evidence::{Evidence, Reading, Refusal, Sides};
use llmwatch_quality::exchange::{Conversation, Exchange};
use llmwatch_quality::metric::Needs;
use llmwatch_quality::refusal::opening;
use llmwatch_quality::sampling::{Chosen, Rate};
use llmwatch_quality::sentiment;
use llmwatch_quality::settings::{Provider, ToxicityProvider};

use super::aws::Aws;
use super::judge::Judge;
use super::models::InProcess;
use super::time::{OUT_OF_TIME, Time};
use super::troubles::Troubles;
use crate::App;
use crate::policy::Policy;

/// How many exchanges are looked at together, where AWS is asked about them. Ours: a few keep the
/// function busy, and its calls a second bounded.
const AT_ONCE: usize = 4;

/// Why evidence could not be had; the value of a dimension.
const NO_MODEL: &str = "model unusable";

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

/// By what a log object's exchanges are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Gathering<'a> {
    /// The function.
    pub app: &'a App,
    /// The settings in force.
    pub policy: &'a Policy,
    /// The judge, if there is one.
    pub judge: Option<&'a Judge<'a>>,
    /// What went wrong so far.
    pub troubles: &'a Troubles,
    /// How long it may take.
    pub time: Time,
}

/// Looks at every exchange as far as the settings, the sample and the time allow, in their order.
pub(crate) async fn of_batch<'e>(
    gathering: Gathering<'_>,
    exchanges: &'e [Exchange],
) -> Vec<Looked<'e>> {
    let looks = exchanges.iter().map(|exchange| looked_at(gathering, exchange));
    futures::stream::iter(looks).buffered(AT_ONCE).collect().await
}

async fn looked_at<'e>(gathering: Gathering<'_>, exchange: &'e Exchange) -> Looked<'e> {
    let mut one = Looked {
        evidence: Evidence::of(exchange),
        texts: Texts::of(exchange, gathering.policy.text),
        out_of_sample: Vec::new(),
    };
    one.evidence.findings = Reading::Found(one.texts.findings.clone());
    if let Some(conversation) = exchange.conversation() {
        let in_process = gathering.app.models.in_process();
        let look = Look { gathering, policy: gathering.policy, in_process, conversation };
        look.at(&mut one).await;
    }
    one
}

/// A look at one conversation.
#[derive(Clone, Copy)]
struct Look<'a> {
    gathering: Gathering<'a>,
    policy: &'a Policy,
    in_process: &'a InProcess,
    conversation: &'a Conversation,
}

impl Look<'_> {
    async fn at(self, one: &mut Looked<'_>) {
        let rates = self.policy.rates;
        // By words first: whether an answer refuses decides what else is looked at.
        let by_words = self.in_process.refusals.of(self.conversation, None);
        let is_embedded = self.is_chosen(one, Needs::Embeddings, rates.embeddings, by_words);
        if is_embedded {
            one.evidence.embeddings = self.embeddings(one).await;
        }
        if self.is_chosen(one, Needs::Refusal, rates.refusal, by_words) {
            let in_process = is_embedded && self.policy.embeddings == Provider::Embedded;
            one.evidence.refusal = self.refusal(by_words, in_process);
        }
        if self.is_chosen(one, Needs::Sentiment, rates.sentiment, by_words) {
            one.evidence.sentiment = self.sentiment(one).await;
        }
        if self.is_chosen(one, Needs::Toxicity, rates.toxicity, by_words) {
            one.evidence.toxicity = self.toxicity(one).await;
        }
        if let Some(judge) = self.gathering.judge
            && self.is_chosen(one, Needs::Judgement, rates.judge, by_words)
        {
            one.evidence.judgement = self.in_time(judge.judge(&one.texts)).await;
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
            return self.in_time(self.aws().embeddings(&one.texts.redacted)).await;
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

    /// By words, and by the opening's embedding where the exchange is embedded in process anyway: an
    /// embedding takes tens of milliseconds, words some microseconds.
    fn refusal(self, by_words: Option<Refusal>, in_process: bool) -> Reading<Refusal> {
        let Some(by_words) = by_words else { return Reading::NotAsked };
        if !in_process {
            return Reading::Found(by_words);
        }
        let opening = opening(self.conversation.completion.as_str());
        let vectors = self.embed(&[opening]).unwrap_or_default();
        let by_vector =
            |vector: &Vec<f32>| self.in_process.refusals.of(self.conversation, Some(vector));
        Reading::Found(vectors.first().and_then(by_vector).unwrap_or(by_words))
    }

    async fn sentiment(self, one: &Looked<'_>) -> Reading<Sides<f64>> {
        match self.policy.sentiment {
            Provider::Aws => self.in_time(self.aws().sentiment(&one.texts.redacted)).await,
            Provider::Embedded | Provider::Off => sentiment::of(self.conversation),
        }
    }

    async fn toxicity(self, one: &Looked<'_>) -> Reading<Sides<f64>> {
        let texts = &one.texts.redacted;
        match self.policy.toxicity {
            ToxicityProvider::GuardrailChecks => {
                self.in_time(self.aws().guardrail_checks(texts)).await
            }
            ToxicityProvider::Comprehend => self.in_time(self.aws().toxic_content(texts)).await,
            ToxicityProvider::Embedded | ToxicityProvider::Off => {
                self.toxicity_in_process(&one.evidence.embeddings)
            }
        }
    }

    fn toxicity_in_process(self, embeddings: &Reading<Sides<Vec<f32>>>) -> Reading<Sides<f64>> {
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
        let Gathering { app, time, .. } = self.gathering;
        if !time.is_left() {
            return Err(OUT_OF_TIME);
        }
        let embedder: &Embedder =
            app.models.embedder(&app.config.model_path).map_err(|_| NO_MODEL)?;
        embedder.embed(texts).map_err(|_| NO_MODEL)
    }

    fn aws(&self) -> Aws<'_> {
        Aws { app: self.gathering.app, troubles: self.gathering.troubles }
    }

    /// What AWS says, if it may still be asked.
    async fn in_time<T>(self, asked: impl Future<Output = Reading<T>>) -> Reading<T> {
        if self.gathering.time.is_left() { asked.await } else { Reading::Failed(OUT_OF_TIME) }
    }
}
