//! Nothing that comes from outside can make a parser panic, run away, take more memory than a few
//! times of it, or repeat more than a little of it in an error.
//!
//! Each parser reads its corpus, the same grown, then changes of it: as many as `PROPTEST_CASES`
//! says, 256 unless told otherwise.

mod check;

use std::collections::BTreeMap;

use check::{LONGEST_ERROR, LONGEST_SEARCHED, check};
use llmwatch_core::alarm::name::{self, AlarmName};
use llmwatch_core::alarm::plan::Applied;
use llmwatch_core::alarm::tuning::Tuning;
use llmwatch_core::alarm::{AlarmKind, CATALOGUE};
use llmwatch_core::calculation::watched_models;
use llmwatch_core::cloudwatch::{composite, math};
use llmwatch_core::contact::Contacts;
use llmwatch_core::custom_resource::{MAX_ANSWER_BYTES, Outcome};
use llmwatch_core::episode::Episode;
use llmwatch_core::ids::{AccountId, QuotaCode, Region, StackPrefix};
use llmwatch_core::model_id::{FoundationModel, ModelId};
use llmwatch_core::model_name::ModelName;
use llmwatch_core::parked::{self, Audience, Others, ParkingQueue, Receivers, Webhook};
use llmwatch_core::pool::{Pool, PoolLabel, Scope};
use llmwatch_core::price::Prices;
use llmwatch_core::quality::alarm::QUALITY_CATALOGUE;
use llmwatch_core::quality::alarm::tuning::QualityTuning;
use llmwatch_core::quality::series::SeriesLabel;
use llmwatch_core::quota::name::QuotaName;
use llmwatch_core::settings::{self, SettingName};
use llmwatch_core::stored::StoredPool;
use llmwatch_quality::call_record::Texts;
use llmwatch_quality::data_capture::{self, Origin};
use llmwatch_quality::exchange::Exchange;
use llmwatch_quality::judge::{Rubric, verdict};
use llmwatch_quality::publish::Subject;
use llmwatch_quality::redaction::TextMode;
use llmwatch_quality::settings::QualitySettings;
use llmwatch_quality::skipped::Skipped;
use llmwatch_quality::spans::Headers;
use llmwatch_quality::{invocation_log, ours};
use llmwatch_tests::outside_bytes::Corpus;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn prefix() -> StackPrefix {
    StackPrefix::parse("llmwatch").unwrap()
}

fn refusals<T, E: std::fmt::Display>(read: Result<T, E>) -> Vec<String> {
    read.err().map(|error| error.to_string()).into_iter().collect()
}

/// Reads a stored document; one that is accepted is written and read again as it was.
fn stored<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    text: &str,
) -> Vec<String> {
    if let Ok(document) = serde_json::from_str::<T>(text) {
        let again = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<T>(&again).unwrap(), document);
    }
    Vec::new()
}

#[test]
fn events_of_the_calculator() {
    check(&Corpus::of_events(), |text| {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        refusals(quota_calculator::trigger(&event))
    });
}

#[test]
fn events_of_the_updater_and_their_answers() {
    check(&Corpus::of_events(), |text| {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        let trigger = alarm_updater::trigger(&event);
        if let Ok(alarm_updater::Trigger::CustomResource(request)) = &trigger {
            let _ = request.deletion(&prefix());
            let fields = ["StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId"];
            let ids = fields.iter().map(|field| event[*field].to_string().len());
            let answer = request.answer(&prefix(), &Outcome::Failed("\u{0}é".repeat(5_000)));
            if ids.sum::<usize>() < 1_000 {
                assert!(answer.len() < MAX_ANSWER_BYTES, "{} bytes", answer.len());
            }
            serde_json::from_str::<Value>(&answer).unwrap();
        }
        refusals(trigger)
    });
}

#[test]
fn events_of_the_processor() {
    check(&Corpus::of_events(), |text| {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        notification_processor::refusals(&event, &prefix())
    });
}

#[test]
fn events_of_the_account_setup() {
    check(&Corpus::of_events(), |text| {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        refusals(account_setup::trigger(&event))
    });
}

#[test]
fn events_of_the_scorer() {
    check(&Corpus::of_events(), |text| {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        quality_scorer::refusals(&event)
    });
}

/// Looks at a call as the scorer does before any metric; gives why a record is none.
fn looked_at(text: &str, read: Result<Exchange, Skipped>) -> Vec<String> {
    if let Ok(exchange) = &read {
        let model = Subject::of(exchange).model().to_owned();
        assert!((1..=1024).contains(&model.len()) && model.is_ascii(), "{model:?}");
        let _ = ours::is_ours(exchange, "arn:aws:iam::123456789012:role/scorer");
        if text.len() <= LONGEST_SEARCHED {
            let _ = Texts::of(exchange, TextMode::Redacted);
        }
    }
    refusals(read)
}

#[test]
fn records_of_invocation_logs() {
    check(&Corpus::of_invocation_logs(), |text| looked_at(text, invocation_log::read(text)));
}

#[test]
fn records_of_captures() {
    let origin = Origin { endpoint: "chat", inference_component: "unknown" };
    check(&Corpus::of("capture"), |text| looked_at(text, data_capture::read(text, origin)));
}

#[test]
fn verdicts() {
    let rubric = Rubric::when_unset();
    check(&Corpus::of("verdict"), |text| {
        let read = verdict(&rubric, text);
        if let Ok(judgement) = &read {
            let mut scores = judgement.scores.values().chain([&judgement.composite]);
            assert!(scores.all(|score| (0.0..=1.0).contains(score)), "{judgement:?}");
        }
        refusals(read)
    });
}

#[test]
fn quality_settings() {
    check(&Corpus::of("quality-setting"), |text| {
        let mut settings = QualitySettings::default();
        let problems = settings.take(text);
        // Texts are kept whole only where somebody says so.
        assert!(settings.text != TextMode::Full || text.contains("full"), "{text}");
        problems.iter().map(ToString::to_string).collect()
    });
}

#[test]
fn quota_names() {
    check(&Corpus::of("quota-name"), |text| {
        if let QuotaName::Throughput { model, .. } = QuotaName::parse(text) {
            assert!(text.contains(model), "{model:?}");
            let _ = ModelName::of_quota("anthropic", model);
        }
        let _ = ModelName::of_quota("amazon", text);
        let _ = ModelName::of_id("amazon", text);
        Vec::new()
    });
}

#[test]
fn model_ids() {
    check(&Corpus::of("model-id"), |text| {
        let id = ModelId::parse(text);
        if let Ok(id) = &id {
            assert_eq!(ModelId::parse(&id.to_string()).as_ref(), Ok(id), "{text:?}");
            if let Some(pool) = id.pool() {
                let label = pool.label().to_string();
                let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
                assert!(label.chars().all(allowed), "{label:?}");
            }
        }
        if let Ok(model) = FoundationModel::parse(text) {
            assert_eq!(model.to_string(), text);
            let _ = (model.stem(), model.context(), model.name());
        }
        refusals(id)
    });
}

#[test]
fn ids() {
    check(&Corpus::of("model-id"), |text| {
        let mut all = refusals(QuotaCode::parse(text));
        all.extend(refusals(AccountId::parse(text)));
        all.extend(refusals(StackPrefix::parse(text)));
        all.extend(refusals(Region::parse(text)));
        if let Ok(region) = Region::parse(text) {
            assert_eq!(region.as_str(), text);
        }
        all
    });
}

#[test]
fn alarm_names() {
    check(&Corpus::of("alarm-name"), |text| {
        match name::parse(&prefix(), text) {
            Some(AlarmName::Child(kind, label)) => {
                assert_eq!(name::child(&prefix(), kind, &label), text);
            }
            Some(AlarmName::Composite(label)) => {
                assert_eq!(name::composite(&prefix(), &label), text);
            }
            Some(AlarmName::Quality(alarm)) => {
                assert_eq!(name::quality(&prefix(), &alarm), text);
            }
            Some(AlarmName::Component(alarm)) => {
                assert_eq!(name::component(&prefix(), &alarm), text);
            }
            None => {}
        }
        let label = PoolLabel::from_text(if text.is_empty() { "x" } else { text });
        for row in &CATALOGUE {
            let built = name::child(&prefix(), row.kind, &label);
            let read = name::parse(&prefix(), &built);
            assert_eq!(read, Some(AlarmName::Child(row.kind, label.clone())));
        }
        Vec::new()
    });
}

#[test]
fn composite_rules() {
    check(&Corpus::of("composite-rule"), |text| {
        let rule = composite::parse(text);
        if let Ok(rule) = &rule {
            let _ = rule.evaluate(|_| None);
            assert!(rule.children().iter().all(|child| !child.is_empty()));
        }
        refusals(rule)
    });
}

#[test]
fn metric_math() {
    check(&Corpus::of("metric-math"), |text| {
        let expression = math::parse(text);
        if let Ok(expression) = &expression {
            let _ = (expression.references(), expression.searches(), expression.is_band());
        }
        refusals(expression)
    });
}

#[test]
fn settings() {
    check(&Corpus::of("setting"), |text| {
        let texts = SettingName::ALL.map(|name| (name, text.to_owned()));
        let (_, problems) = settings::parse(&BTreeMap::from(texts));
        problems.iter().map(ToString::to_string).collect()
    });
}

#[test]
fn pool_overrides() {
    check(&Corpus::of("pool-overrides"), |text| {
        let texts = BTreeMap::from([(SettingName::PoolOverrides, text.to_owned())]);
        let (_, problems) = settings::parse(&texts);
        problems.iter().map(ToString::to_string).collect()
    });
}

#[test]
fn alarm_tuning() {
    let pools = ["global.anthropic.claude-haiku-4-5", &"a".repeat(2_000), "aab"];
    check(&Corpus::of("alarm-tuning"), |text| {
        let tuning = Tuning::parse(text);
        if let Ok(tuning) = &tuning {
            for pool in pools {
                let row = tuning.definition(AlarmKind::Throttles, pool);
                let possible = |row: &llmwatch_core::alarm::AlarmDefinition| {
                    (1..=row.evaluation_periods).contains(&row.datapoints_to_alarm)
                };
                assert!(row.as_ref().is_none_or(possible), "{row:?}");
            }
        }
        let problems = tuning.err().map(|invalid| invalid.problems().to_vec()).unwrap_or_default();
        assert!(problems.len() <= 11, "{} problems", problems.len());
        problems
    });
}

#[test]
fn quality_tuning() {
    let labels = ["model.us.amazon.nova-lite-v1_0", &"a".repeat(2_000), "aab"];
    check(&Corpus::of("quality-tuning"), |text| {
        let tuning = QualityTuning::parse(text);
        if let Ok(tuning) = &tuning {
            for (label, row) in labels.iter().flat_map(|label| {
                QUALITY_CATALOGUE.iter().map(move |row| (SeriesLabel::from_text(label), row.kind))
            }) {
                let row = tuning.definition(row, &label);
                let possible = row.as_ref().is_none_or(|row| {
                    (1..=row.evaluation_periods).contains(&row.datapoints_to_alarm)
                });
                assert!(possible, "{row:?}");
            }
        }
        let problems = tuning.err().map(|invalid| invalid.problems().to_vec()).unwrap_or_default();
        assert!(problems.len() <= 11, "{} problems", problems.len());
        problems
    });
}

#[test]
fn prices() {
    let pool = |scope, model: &str| Pool { scope, model: model.to_owned() };
    let pools = [
        pool(Scope::Global, "amazon.nova-2-lite-v1:0"),
        pool(Scope::OnDemand, "amazon.nova-lite-v1:0"),
        pool(Scope::CrossRegion, &"a".repeat(2_000)),
    ];
    check(&Corpus::of("prices"), |text| {
        let prices = Prices::parse(text);
        if let Ok(prices) = &prices {
            for pool in &pools {
                assert!(prices.budget_of(pool).is_none_or(|budget| budget > 0.0), "{pool}");
                assert!(prices.of_pool(pool).is_none_or(|price| price.input >= 0.0), "{pool}");
            }
            assert!(prices.endpoints().all(|(_, price)| price.is_finite() && price >= 0.0));
        }
        refusals(prices)
    });
}

#[test]
fn watched_model_ids() {
    check(&Corpus::of("watched-models"), |text| {
        let ids = watched_models(text);
        assert!(ids.iter().all(|id| !id.is_empty() && !id.contains(',') && id != "none"));
        ids.iter().flat_map(|id| refusals(ModelId::parse(id))).collect()
    });
}

#[test]
fn contacts_and_nothing_shows_an_address() {
    check(&Corpus::of("contacts"), |text| {
        let contacts = Contacts::parse("people", text);
        if let Ok(contacts) = &contacts {
            let shown = format!("{contacts:?}");
            assert!(contacts.iter().all(|one| !shown.contains(one.expose())), "{shown}");
        }
        let refusals = refusals(contacts);
        // The one that stands in the example of how to write it.
        assert!(refusals.iter().all(|told| told.matches('@').count() == 1), "{refusals:?}");
        refusals
    });
}

#[test]
fn headers_of_a_tracing_backend_and_nothing_shows_a_key() {
    check(&Corpus::of("otlp-headers"), |text| {
        let headers = Headers::parse(text);
        if let Ok(headers) = &headers {
            let shown = format!("{headers:?}");
            let names = || headers.iter().map(|(name, _)| name);
            for (_, value) in headers.iter().filter(|(_, value)| value.len() > 3) {
                let as_name = names().any(|name| name.contains(value));
                assert!(as_name || !shown.contains(value), "{shown}");
            }
        }
        let refusals = refusals(headers);
        assert!(refusals.iter().all(|told| !told.contains("hunter2") && told.len() < 120));
        refusals
    });
}

/// A stack of which the parked messages of the corpus are.
fn receivers() -> Receivers {
    let functions = ["alarm-updater", "notification-processor"];
    Receivers {
        functions: functions.map(|name| format!("llmwatch-{name}")).into(),
        processor: "llmwatch-notification-processor".to_owned(),
        raw_topic_arn: "arn:aws:sns:us-east-1:123456789012:llmwatch-RawTopic-1F7J3K".to_owned(),
        webhook: Some(Webhook {
            topic_arn: "arn:aws:sns:us-east-1:123456789012:llmwatch-WebhookMessages-1F".to_owned(),
            audience: Audience::Endpoint { others: 0 },
            others: Others::AreSpared,
        }),
    }
}

#[test]
fn parked_messages() {
    let stack = receivers();
    let target = "arn:aws:lambda:us-east-1:123456789012:function:llmwatch-notification-processor";
    let by_rule = BTreeMap::from([("TARGET_ARN".to_owned(), target.to_owned())]);
    check(&Corpus::of("parked"), |text| {
        let mut refused = Vec::new();
        for queue in ParkingQueue::ALL {
            for attributes in [&BTreeMap::new(), &by_rule] {
                match parked::resend(queue, text, attributes, &stack) {
                    Ok(resend) => {
                        let what = resend.what;
                        assert!(what.chars().count() <= LONGEST_ERROR, "{} bytes", what.len());
                        assert!(!what.contains(char::is_control) && !what.contains('@'), "{what}");
                    }
                    Err(why) => refused.push(why.to_string()),
                }
            }
        }
        refused
    });
}

#[test]
fn stored_documents() {
    check(&Corpus::of("stored-pool"), stored::<StoredPool>);
    check(&Corpus::of("applied"), stored::<Applied>);
    check(&Corpus::of("episode"), stored::<Episode>);
}
