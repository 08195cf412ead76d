//! The judge: asked about a sample of exchanges, within the day's budget.
//!
//! Before each question its greatest cost is reserved in the ledger, under the condition that it
//! still fits, so that functions at work at the same time cannot spend the same money twice; what
//! was not used is given back. A reply that cannot be read is answered once, with what is wrong
//! with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use llmwatch_aws::CallFailed;
use llmwatch_aws::converse::{self, Answer, Manner, Reply};
use llmwatch_aws::ledger::{self, Amount, RowKey};
use llmwatch_quality::budget::{Cost, OVER_BUDGET, Spend};
use llmwatch_quality::call_record::Texts;
use llmwatch_quality::evidence::{Judgement, Reading};
use llmwatch_quality::judge::{MAX_SIDE_BYTES, Question, TOOL, ask, repair, verdict};
use llmwatch_quality::publish::JudgeRun;
use llmwatch_quality::settings::JudgeSettings;

use super::troubles::{Asked, Troubles};
use crate::App;
use crate::lock::locked;

/// The most tokens of a verdict: a grade and a name for each criterion, generously.
const ANSWER_TOKENS: u32 = 300;

/// Tokens reserved beside the question's bytes, for what a provider adds to a forced tool call.
/// Ours: Anthropic speaks of a few hundred; not verified for other providers.
const FORM_TOKENS: usize = 400;

/// How long one way of asking may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no verdict; the value of a dimension.
const NO_LEDGER: &str = "budget unreadable";

/// In what manner each model was found to take a question, for as long as the function's instance
/// lives.
#[derive(Debug, Default)]
pub(crate) struct Manners(Mutex<BTreeMap<String, Manner>>);

impl Manners {
    /// How to ask a model first.
    fn first(&self, model: &str) -> Manner {
        locked(&self.0).get(model).copied().unwrap_or(Manner::BEST)
    }

    fn learn(&self, model: &str, manner: Manner) {
        locked(&self.0).insert(model.to_owned(), manner);
    }
}

/// The judge of one log object.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    app: &'a App,
    settings: &'a JudgeSettings,
    /// The rubric's hash.
    rubric: String,
    troubles: &'a Troubles,
    now: Timestamp,
    tally: Mutex<Tally>,
}

/// What the judge did so far.
#[derive(Debug, Default)]
struct Tally {
    spend: Spend,
    failures: BTreeMap<&'static str, u64>,
    over_budget: u64,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        app: &'a App,
        settings: &'a JudgeSettings,
        troubles: &'a Troubles,
        now: Timestamp,
    ) -> Self {
        let rubric = settings.rubric.hash();
        Self { app, settings, rubric, troubles, now, tally: Mutex::default() }
    }

    /// The model that judges.
    pub(crate) fn model(&self) -> &'a str {
        &self.settings.model
    }

    /// Which rubric it judges by.
    pub(crate) fn rubric(&self) -> &str {
        &self.rubric
    }

    /// What it did, for its metrics.
    pub(crate) fn run(&self) -> JudgeRun {
        let Tally { spend, failures, over_budget } = &*self.tally();
        let priced = self.settings.price.is_some();
        JudgeRun {
            model: self.settings.model.clone(),
            rubric: self.rubric.clone(),
            calls: spend.calls,
            tokens: spend.tokens,
            cost: if priced { Cost::Known(spend.cost) } else { Cost::Unknown },
            failures: failures.iter().map(|(why, times)| (*why, *times)).collect(),
            over_budget: *over_budget,
        }
    }

    /// The verdict on an exchange's answer.
    pub(crate) async fn judge(&self, texts: &Texts) -> Reading<Judgement> {
        let Some(question) = ask(&self.settings.rubric, texts, MAX_SIDE_BYTES) else {
            return Reading::NotAsked;
        };
        match self.verdict(&question).await {
            Ok(judgement) => Reading::Found(judgement),
            Err(OVER_BUDGET) => {
                self.tally().over_budget += 1;
                Reading::Failed(OVER_BUDGET)
            }
            Err(why) => {
                *self.tally().failures.entry(why).or_default() += 1;
                Reading::Failed(why)
            }
        }
    }

    async fn verdict(&self, question: &Question) -> Result<Judgement, &'static str> {
        let reply = self.ask(question, question.user.as_str()).await?;
        let problem = match verdict(&self.settings.rubric, &reply) {
            Ok(judgement) => return Ok(judgement),
            Err(problem) => problem,
        };
        let again =
            format!("{}\n\n{}", question.user.as_str(), repair(&self.settings.rubric, &problem));
        let reply = self.ask(question, &again).await?;
        verdict(&self.settings.rubric, &reply).map_err(|problem| problem.word())
    }

    /// One call within the budget.
    async fn ask(&self, question: &Question, user: &str) -> Result<String, &'static str> {
        let schema = question.schema.to_string().len();
        let reserved = self.reserve(question.system.len() + user.len() + schema).await?;
        let asked = converse::Question {
            model: &self.settings.model,
            system: &question.system,
            user,
            answer_name: TOOL,
            schema: &question.schema,
            max_tokens: ANSWER_TOKENS,
            patience: PATIENCE,
        };
        let (manners, model) = (&self.app.judge_manners, self.settings.model.as_str());
        let replied = converse::ask(&self.app.clients.bedrock, &asked, manners.first(model)).await;
        let used = self.used(&replied, reserved);
        self.give_back(reserved, used).await;
        self.spend(used);
        match replied {
            Ok(reply) => {
                manners.learn(model, reply.manner);
                words(reply.answer)
            }
            Err(failure) => Err(self.troubles.note(Asked::Verdict, &failure)),
        }
    }

    /// What a call cost. One that Bedrock refused cost nothing; of one that was not answered in
    /// time nobody knows, so that all that was reserved for it counts as spent.
    fn used(&self, replied: &Result<Reply, CallFailed>, reserved: Spend) -> Spend {
        match replied {
            Ok(reply) => {
                let tokens = reply.tokens;
                let input = tokens.input + tokens.cache_read + tokens.cache_write;
                Spend::one_call(input, tokens.output, self.settings.price)
            }
            Err(refused) if refused.code().is_some() => Spend::default(),
            Err(_) => reserved,
        }
    }

    /// Reserves the most a question of so many bytes may cost.
    ///
    /// No token is shorter than a byte. English has four bytes to a token, so that the day may end
    /// a few questions early; it never ends late.
    async fn reserve(&self, bytes: usize) -> Result<Spend, &'static str> {
        let input = (bytes + FORM_TOKENS) as u64;
        let call = Spend::one_call(input, u64::from(ANSWER_TOKENS), self.settings.price);
        let room = self.settings.budget.room_before(call, self.settings.price);
        let room = room.map_err(|no_room| no_room.word())?;
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let amounts = [
            Amount { name: "judge_calls", add: whole(call.calls), room: Some(room.calls) },
            Amount { name: "judge_tokens", add: whole(call.tokens), room: Some(room.tokens) },
            Amount {
                name: "judge_nano_usd",
                add: whole(call.cost.get()),
                room: Some(room.cost.get()),
            },
        ];
        match self.add_up(&amounts).await {
            Ok(true) => Ok(call),
            Ok(false) => Err(OVER_BUDGET),
            Err(failure) => {
                self.troubles.note(Asked::Budget, &failure);
                Err(NO_LEDGER)
            }
        }
    }

    /// What cannot be given back stays spent: the day then ends early, never late.
    async fn give_back(&self, reserved: Spend, used: Spend) {
        let rest = reserved.settle(used);
        let amount = |name, add| Amount { name, add, room: None };
        let amounts = [
            amount("judge_calls", rest.calls),
            amount("judge_tokens", rest.tokens),
            amount("judge_nano_usd", rest.cost_nano_usd),
        ];
        if let Err(failure) = self.add_up(&amounts).await {
            tracing::warn!("what the judge did not use stays spent: {}", failure.explain());
        }
    }

    async fn add_up(&self, amounts: &[Amount]) -> Result<bool, CallFailed> {
        let (client, table) = (&self.app.clients.dynamodb, &self.app.config.ledger_table);
        let day = self.now.strftime("%Y-%m-%d");
        let row = RowKey { pk: "judge-budget".to_owned(), sk: day.to_string() };
        ledger::add_up(client, table, &row, amounts, self.now).await
    }

    fn spend(&self, used: Spend) {
        let mut tally = self.tally();
        tally.spend = tally.spend + used;
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        locked(&self.tally)
    }
}

fn words(answer: Answer) -> Result<String, &'static str> {
    match answer {
        Answer::Whole(words) => Ok(words),
        Answer::CutOff(_) => Err("cut off"),
        Answer::GuardrailStopped => Err("guardrail"),
        Answer::Filtered => Err("refused"),
        Answer::Malformed => Err("malformed"),
        Answer::TooLong => Err("too long"),
        Answer::Empty => Err("empty"),
        Answer::Unknown(_) => Err("unknown stop reason"),
    }
}
