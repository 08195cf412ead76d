//! The demo's seven pools in one incident: what differs from pool to pool, and what is decided.

use llmwatch_core::alarm::AlarmKind::{
    self, HighInvocationRate, HighTPDQuotaUsage, HighTPMQuotaUsage,
};
use llmwatch_core::alarm::name;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::{Pool, PoolLabel, Scope};
use llmwatch_core::stored::StoredPool;
use llmwatch_tests::readers;
use llmwatch_tests::traffic::{self, quota};
use llmwatch_tests::world::Mail;
use serde_json::Value;

use crate::stage::{SEVEN_POOLS_MINUTES, Stage, Traffic, says};

#[test]
fn each_pool_in_trouble_gets_the_one_decision_its_quotas_allow() {
    let tuning = traffic::alarm_tuning();
    let parameters = [("CaseAutomation", "on"), ("AlarmTuning", tuning.as_str())];
    let stage = Stage::deploy_unevaluated(Traffic::SevenPools, &parameters);
    stage.control().advance_minutes(SEVEN_POOLS_MINUTES).unwrap();
    stage.wait_for_silence();
    // The functions' own metrics have the system's time, which the local one is to have passed.
    stage.control().advance_minutes(2).unwrap();
    let mut mails = stage.mails_after(0);
    mails.extend(stage.world.alarm_notices().unwrap());
    let played = Played { mails, requests: stage.quota_requests(), stage };

    played.no_alarm_about_waits_or_bands_fires();
    played.callers_of_one_model_and_scope_are_summed();
    played.a_model_without_a_quota_for_requests_gets_tokens();
    played.quotas_that_no_api_can_raise_get_the_console_form();
    played.tokens_a_day_are_lifted_with_tokens_a_minute();
    played.a_crowded_pool_is_summed_over_its_busiest_and_said_to_be();

    let codes: Vec<&str> =
        played.requests.iter().map(|request| request["QuotaCode"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 4, "{codes:?}");
    assert!(codes.contains(&quota::BLOCKED_TPM), "{codes:?}");
    let subjects: Vec<&str> = played.mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects.len(), 7, "five pools, the component, the truncated one: {subjects:#?}");
    assert!(
        subjects.contains(&"[Critical] server errors: 8 (line 5): llama-chat us-east-1"),
        "{subjects:#?}"
    );
}

/// The incident, played to where everything has been decided.
struct Played {
    stage: Stage,
    mails: Vec<Mail>,
    requests: Vec<Value>,
}

impl Played {
    fn callers_of_one_model_and_scope_are_summed(&self) {
        let pool = label(Scope::CrossRegion, traffic::BUSY_MODEL);
        let regional = format!("us.{}", traffic::BUSY_MODEL);
        let mut callers = traffic::BUSY_PROFILES.map(|(id, _)| id.to_owned()).to_vec();
        callers.push(regional);
        assert_eq!(self.summed(&pool, HighTPMQuotaUsage), callers);
        let mail = self.mail("claude-sonnet-4-5 cross-region");
        // 24 + 12 + 10 requests of 4,000 + 5 x 2,700 tokens, which no caller alone comes near.
        assert!(says(mail, "TPM 625,000 500,000 805,000 128 %"), "{}", mail.body);
        assert_eq!(self.requested(quota::BUSY_TPM), Some(1_100_000.0));
    }

    fn a_model_without_a_quota_for_requests_gets_tokens(&self) {
        let pool = label(Scope::CrossRegion, traffic::NO_RPM_MODEL);
        assert!(!self.exists(&pool, HighInvocationRate));
        assert!(self.exists(&pool, HighTPMQuotaUsage));
        let mail = self.mail("claude-sonnet-5 cross-region");
        assert!(mail.subject.starts_with("[Critical] Throttling +2, TPM at 98 %"), "{mail:?}");
        assert!(!mail.body.contains("RPM"), "{}", mail.body);
        assert!(
            says(mail, "TPM increase: SUBMITTED, 3,800,000 tokens per minute instead of 3,000,000"),
            "{}",
            mail.body
        );
        assert_eq!(self.requested(quota::NO_RPM_TPM), Some(3_800_000.0));
    }

    fn quotas_that_no_api_can_raise_get_the_console_form(&self) {
        let mail = self.mail("nova-pro on-demand");
        let words = "RPM increase: NOT POSSIBLE BY API, the quota is not adjustable: use the \
                     console form below, or the cross-region scope of this model, whose TPM quota \
                     is adjustable.";
        assert!(says(mail, words), "{}", mail.body);
        for code in [quota::ON_DEMAND_RPM, quota::ON_DEMAND_TPM, quota::HEALTHY_TPM] {
            assert_eq!(self.requested(code), None, "{code}");
        }
        // The same model in the other scope is well.
        assert!(!self.mails.iter().any(|mail| mail.subject.contains("nova-pro cross-region")));
    }

    fn tokens_a_day_are_lifted_with_tokens_a_minute(&self) {
        let pool = label(Scope::Global, traffic::DAILY_MODEL);
        assert!(self.exists(&pool, HighTPDQuotaUsage));
        let mail = self.mail("nova-2-lite global");
        assert!(mail.subject.starts_with("[Warning] High TPD use, TPD at 8"), "{mail:?}");
        assert!(
            says(
                mail,
                "TPM increase: SUBMITTED, 10,000,000 tokens per minute instead of 8,000,000"
            ),
            "{}",
            mail.body
        );
        assert!(says(mail, "It is for TPD, which rises with it."), "{}", mail.body);
        assert_eq!(self.requested(quota::DAILY_TPM), Some(10_000_000.0));
        assert_eq!(self.requested(quota::DAILY_TPD), None);
    }

    fn a_crowded_pool_is_summed_over_its_busiest_and_said_to_be(&self) {
        let pool = label(Scope::CrossRegion, traffic::CROWDED_MODEL);
        let all = traffic::CROWDED_PROFILES.map(|(id, _)| id);
        let parameter = format!("pools/{pool}/thresholds");
        let stored = self.stage.world.parameter(&parameter).unwrap().unwrap();
        let stored: StoredPool = serde_json::from_str(&stored).unwrap();
        // The alarms' eight are in the order of their names, and the rest by business.
        assert_eq!(stored.series.len(), 12);
        let mut busiest = stored.series[..8].to_vec();
        busiest.sort();
        assert_eq!(busiest, all[..8]);
        assert_eq!(self.summed(&pool, HighTPMQuotaUsage), all[..8]);

        let mail = self.mail("llmwatch-Self-PoolTruncated");
        let message: Value = serde_json::from_str(&mail.body).unwrap();
        let description = message["AlarmDescription"].as_str().unwrap();
        assert!(description.contains("/aws/lambda/llmwatch-alarm-updater"), "{description}");
        let logged = self.stage.logged("alarm-updater");
        let left_out = format!("not watched: {}", stored.series[8..].join(", "));
        assert!(logged.contains(&left_out), "{left_out}: {logged}");
    }

    /// The busy pool's, which are on: the incident is too short for them, and the calls' uneven
    /// waits are within what their bands have learnt.
    fn no_alarm_about_waits_or_bands_fires(&self) {
        let pool = label(Scope::CrossRegion, traffic::BUSY_MODEL);
        for kind in [
            AlarmKind::HighLatency,
            AlarmKind::HighTimeToFirstToken,
            AlarmKind::InvocationAnomaly,
            AlarmKind::InputTokenAnomaly,
            AlarmKind::OutputTokenAnomaly,
            AlarmKind::LatencyAnomaly,
        ] {
            let name = name::child(&self.prefix(), kind, &pool);
            let alarms = readers::alarms(self.stage.world.calls(), &name).unwrap();
            assert_eq!((alarms.len(), alarms[0].state.as_str()), (1, "OK"), "{kind}");
        }
    }

    /// The one mail whose subject says this.
    fn mail(&self, subject: &str) -> &Mail {
        let mut found = self.mails.iter().filter(|mail| mail.subject.contains(subject));
        let mail = found.next();
        assert!(mail.is_some() && found.next().is_none(), "{subject}: {:#?}", self.mails);
        mail.unwrap()
    }

    /// The value that was asked for a quota, if it was.
    fn requested(&self, code: &str) -> Option<f64> {
        let request = self.requests.iter().find(|request| request["QuotaCode"] == code)?;
        request["DesiredValue"].as_f64()
    }

    fn exists(&self, pool: &PoolLabel, kind: AlarmKind) -> bool {
        let name = name::child(&self.prefix(), kind, pool);
        readers::alarms(self.stage.world.calls(), &name).unwrap().len() == 1
    }

    /// The series an alarm sums, each filled where it is idle.
    fn summed(&self, pool: &PoolLabel, kind: AlarmKind) -> Vec<String> {
        let name = name::child(&self.prefix(), kind, pool);
        let alarm = readers::alarms(self.stage.world.calls(), &name).unwrap().remove(0);
        let queries = alarm.description["Metrics"].as_array().unwrap();
        let model_id = |query: &Value| {
            let dimension = &query["MetricStat"]["Metric"]["Dimensions"][0]["Value"];
            dimension.as_str().map(str::to_owned)
        };
        let series: Vec<String> = queries.iter().filter_map(model_id).collect();
        let expression = queries.iter().find_map(|query| query["Expression"].as_str()).unwrap();
        assert_eq!(expression.matches("FILL(").count(), series.len(), "{expression}");
        series
    }

    fn prefix(&self) -> StackPrefix {
        StackPrefix::parse(self.stage.world.prefix()).unwrap()
    }
}

fn label(scope: Scope, model: &str) -> PoolLabel {
    Pool { scope, model: model.to_owned() }.label()
}
