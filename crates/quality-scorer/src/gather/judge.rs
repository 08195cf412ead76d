//! The judge: asked about a sample of exchanges, within the day's budget.
//!
//! Before each question its greatest cost is reserved in the ledger, under the condition that it
//! still fits, so that functions at work at the same time cannot spend the same money twice; what
//! was not used is given back. A reply that cannot be read is answered once, with what is wrong
//! with it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use llmwatch_aws::CallFailed;
use llmwatch_aws::converse::{self, Answer, Manner, Reply};
use llmwatch_aws::ledger::{self, Amount, RowKey};
use llmwatch_quality::budget::{Cost, Spend};
use llmwatch_quality::call_record::Texts;
use llmwatch_quality::evidence::{Judgement, Reading};
use llmwatch_quality::judge::{MAX_SIDE_BYTES, Question, TOOL, ask, repair, verdict};
use llmwatch_quality::publish::JudgeRun;
use llmwatch_quality::settings::JudgeSettings;

use super::aws::reason;
use crate::App;

/// The most tokens of a verdict: a grade and a name for each criterion, generously.
const ANSWER_TOKENS: u32 = 300;

/// Bytes of a question for which one token is reserved: fewer than any tokenizer takes of text in
/// any language.
const BYTES_A_TOKEN: u64 = 2;

/// How long one way of asking may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no verdict; each is the value of a dimension.
const OVER_BUDGET: &str = "over budget";
const NO_LEDGER: &str = "budget unreadable";

/// The judge of one log object.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    app: &'a App,
    settings: &'a JudgeSettings,
    now: Timestamp,
    spend: Spend,
    failures: BTreeMap<&'static str, u64>,
    over_budget: u64,
    /// In what manner this model takes a question.
    manner: Manner,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(app: &'a App, settings: &'a JudgeSettings, now: Timestamp) -> Self {
        Self {
            app,
            settings,
            now,
            spend: Spend::default(),
            failures: BTreeMap::new(),
            over_budget: 0,
            manner: Manner::BEST,
        }
    }

    /// The model that judges.
    pub(crate) fn model(&self) -> &'a str {
        &self.settings.model
    }

    /// Which rubric it judges by.
    pub(crate) fn rubric(&self) -> String {
        self.settings.rubric.hash()
    }

    /// What it did, for its metrics.
    pub(crate) fn run(&self) -> JudgeRun {
        let priced = self.settings.price.is_some();
        JudgeRun {
            model: self.settings.model.clone(),
            rubric: self.rubric(),
            calls: self.spend.calls,
            tokens: self.spend.tokens,
            cost: if priced { Cost::Known(self.spend.cost) } else { Cost::Unknown },
            failures: self.failures.iter().map(|(why, times)| (*why, *times)).collect(),
            over_budget: self.over_budget,
        }
    }

    /// The verdict on an exchange's answer.
    pub(crate) async fn judge(&mut self, texts: &Texts) -> Reading<Judgement> {
        let Some(question) = ask(&self.settings.rubric, texts, MAX_SIDE_BYTES) else {
            return Reading::NotAsked;
        };
        match self.verdict(&question).await {
            Ok(judgement) => Reading::Found(judgement),
            Err(OVER_BUDGET) => {
                self.over_budget += 1;
                Reading::Failed(OVER_BUDGET)
            }
            Err(why) => {
                *self.failures.entry(why).or_default() += 1;
                Reading::Failed(why)
            }
        }
    }

    async fn verdict(&mut self, question: &Question) -> Result<Judgement, &'static str> {
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
    async fn ask(&mut self, question: &Question, user: &str) -> Result<String, &'static str> {
        let reserved = self.reserve(question.system.len() + user.len()).await?;
        let asked = converse::Question {
            model: &self.settings.model,
            system: &question.system,
            user,
            answer_name: TOOL,
            schema: &question.schema,
            max_tokens: ANSWER_TOKENS,
            patience: PATIENCE,
        };
        let replied = converse::ask(&self.app.clients.bedrock, &asked, self.manner).await;
        let used = replied.as_ref().map_or_else(|_| Spend::default(), |reply| self.spent(reply));
        self.give_back(reserved, used).await;
        self.spend = self.spend + used;
        match replied {
            Ok(reply) => {
                self.manner = reply.manner;
                words(reply.answer)
            }
            Err(failure) => {
                tracing::warn!("the judge gave no answer: {}", failure.explain());
                Err(reason(&failure))
            }
        }
    }

    async fn reserve(&self, bytes: usize) -> Result<Spend, &'static str> {
        let input = bytes as u64 / BYTES_A_TOKEN + 1;
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
                tracing::warn!("the judge is not asked: {}", failure.explain());
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

    fn spent(&self, reply: &Reply) -> Spend {
        let tokens = reply.tokens;
        let input = tokens.input + tokens.cache_read + tokens.cache_write;
        Spend::one_call(input, tokens.output, self.settings.price)
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
