//! English.

use jiff::{SignedDuration, Timestamp};

use super::{Symptom, Words};
use crate::alarm::{AlarmKind, Severity, definition};
use crate::component::alarm::component_kind;
use crate::digest::{Change, Volume};
use crate::pool::Scope;
use crate::quality::alarm::{QualityKind, quality_definition};
use crate::quota::{QuotaKind, QuotaSource};
use crate::render::format::{count, is_below_a_tenth, percent, signed_percent, signed_points};
use crate::settings::{InForce, Mend};

#[derive(Debug)]
pub(super) struct English;

impl Words for English {
    /// For example `75.5 %`.
    fn share(&self, share: f64) -> String {
        format!("{} %", percent(share))
    }

    /// For example `0.1 %`, `below 0.1 %`, `0 %`.
    fn mean_share(&self, share: f64) -> String {
        if is_below_a_tenth(share) { "below 0.1 %".to_owned() } else { self.share(share) }
    }

    /// For example `2026-11-21 02:45 UTC`.
    fn moment(&self, at: Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// For example `2026-11-21 02:45:55`.
    fn moment_in_time_line(&self, at: Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// For example `2026-11-21 02:45`.
    fn moment_in_table(&self, at: Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `40 s`, `42 min`, `2 h 05 min`, `1 d 3 h`.
    fn span(&self, span: SignedDuration) -> String {
        let seconds = span.as_secs().max(0);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => format!("{seconds} s"),
            (0, 0, _) => format!("{minutes} min"),
            (0, _, _) => format!("{hours} h {minutes:02} min"),
            _ => format!("{days} d {hours} h"),
        }
    }

    fn period(&self, seconds: u32) -> String {
        match seconds {
            86_400 => "24 h".to_owned(),
            seconds => format!("{} min", seconds / 60),
        }
    }

    fn window(&self, minutes: u32) -> String {
        match minutes / 1440 {
            0 => format!("{minutes} minutes"),
            1 => "24 hours".to_owned(),
            days => format!("{days} days"),
        }
    }

    fn seconds(&self, seconds: f64) -> String {
        format!("{} s", count(seconds))
    }

    /// `a`, `a and b`, `a, b and c`.
    fn list(&self, words: &[&str]) -> String {
        match words {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }

    fn choice(&self, words: &[&str]) -> String {
        words.join(" or ")
    }

    fn noun(&self, kind: AlarmKind) -> &'static str {
        match kind {
            AlarmKind::ServerErrors => "server errors",
            AlarmKind::ClientErrors => "client errors",
            AlarmKind::Throttles => "throttling",
            AlarmKind::InvocationRateAtLimit => "RPM nearly used up",
            AlarmKind::TPMQuotaUsageAtLimit => "TPM nearly used up",
            AlarmKind::TPDQuotaUsageAtLimit => "TPD nearly used up",
            AlarmKind::HighInvocationRate => "high RPM use",
            AlarmKind::HighTPMQuotaUsage => "high TPM use",
            AlarmKind::HighTPDQuotaUsage => "high TPD use",
            AlarmKind::HighLatency => "slow answers",
            AlarmKind::HighTimeToFirstToken => "slow first token",
            AlarmKind::InvocationAnomaly => "unusually many requests",
            AlarmKind::InputTokenAnomaly => "unusually many input tokens",
            AlarmKind::OutputTokenAnomaly => "unusually many output tokens",
            AlarmKind::LatencyAnomaly => "unusual latency",
            AlarmKind::HighHourlyCost => "cost above budget",
        }
    }

    /// The end of "the pool …".
    fn says(&self, kind: AlarmKind) -> &'static str {
        definition(kind).says
    }

    fn symptom(&self, kind: AlarmKind) -> Option<Symptom> {
        let symptom = |present, past| Some(Symptom { present, past });
        match kind {
            AlarmKind::ServerErrors => {
                symptom("requests fail with server errors", "requests failed with server errors")
            }
            AlarmKind::ClientErrors => {
                symptom("requests fail with client errors", "requests failed with client errors")
            }
            AlarmKind::Throttles => symptom("requests are refused", "requests were refused"),
            AlarmKind::InvocationRateAtLimit => {
                symptom("the RPM quota is nearly used up", "the RPM quota was nearly used up")
            }
            AlarmKind::TPMQuotaUsageAtLimit => {
                symptom("the TPM quota is nearly used up", "the TPM quota was nearly used up")
            }
            AlarmKind::TPDQuotaUsageAtLimit => {
                symptom("the TPD quota is nearly used up", "the TPD quota was nearly used up")
            }
            AlarmKind::HighInvocationRate
            | AlarmKind::HighTPMQuotaUsage
            | AlarmKind::HighTPDQuotaUsage
            | AlarmKind::HighLatency
            | AlarmKind::HighTimeToFirstToken
            | AlarmKind::InvocationAnomaly
            | AlarmKind::InputTokenAnomaly
            | AlarmKind::OutputTokenAnomaly
            | AlarmKind::LatencyAnomaly
            | AlarmKind::HighHourlyCost => None,
        }
    }

    fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    fn scope(&self, scope: Scope) -> &'static str {
        match scope {
            Scope::OnDemand => "on-demand (foundation model id, served in the Region)",
            Scope::CrossRegion => "cross-region (geographic inference profile)",
            Scope::Global => "global (global inference profile)",
            Scope::CustomDeployment => "custom-deployment (on-demand custom model)",
            Scope::Dedicated => "dedicated (provisioned or imported model)",
        }
    }

    fn unit(&self, kind: QuotaKind) -> &'static str {
        kind.unit()
    }

    fn counted(&self, kind: QuotaKind) -> &'static str {
        match kind {
            QuotaKind::Rpm => "requests",
            QuotaKind::Tpm | QuotaKind::Tpd => "tokens",
        }
    }

    fn source(&self, source: QuotaSource) -> &'static str {
        match source {
            QuotaSource::Applied => "applied to this account",
            QuotaSource::Default => "AWS default",
        }
    }

    fn mend(&self, mend: Mend) -> String {
        mend.to_string()
    }

    fn in_force(&self, in_force: InForce) -> &'static str {
        in_force.words()
    }

    fn quota_table(&self) -> [&'static str; 5] {
        ["Quota", "Alarm at", "Peak", "of quota", "Minute of the peak"]
    }

    fn reservation_table(&self) -> [&'static str; 2] {
        ["max_tokens", "requests a minute"]
    }

    fn quality_noun(&self, kind: QualityKind) -> &'static str {
        match kind {
            QualityKind::LowComposite => "Low judged quality",
            QualityKind::LowSafety => "Low judged safety",
            QualityKind::LowRelevance => "Low judged relevance",
            QualityKind::LowProfessionalTone => "Low judged tone",
            QualityKind::HighRefusal => "Many refusals",
            QualityKind::LowRefusal => "Fewer refusals than usual",
            QualityKind::HighPartialRefusal => "Many partial refusals",
            QualityKind::HighToxicity => "Toxic answers",
            QualityKind::HighPromptToxicity => "Toxic prompts",
            QualityKind::LowSimilarity => "Answers unlike questions",
            QualityKind::LowSentiment => "Gloomy answers",
            QualityKind::LowPromptSentiment => "Frustrated users",
            QualityKind::HighErrorRatio => "Many failed calls",
            QualityKind::HighTruncation => "Answers cut off",
            QualityKind::HighEmptyAnswer => "Empty answers",
            QualityKind::HighGuardrail => "Many guardrail interventions",
            QualityKind::LowOutputSpeed => "Slow output",
            QualityKind::HighPromptInjection => "Signs of prompt injection",
        }
    }

    /// The end of "the model …".
    fn quality_says(&self, kind: QualityKind) -> &'static str {
        quality_definition(kind).says
    }

    /// The end of "the inference component …".
    fn component_says(&self, kind: AlarmKind) -> &'static str {
        component_kind(kind).map_or("is unwell", |of| of.says)
    }

    fn component_table(&self) -> [&'static str; 6] {
        ["5 min from (UTC)", "Requests", "4xx", "5xx", "p90 latency", "GPU memory"]
    }

    fn component_cost_table(&self) -> [&'static str; 5] {
        ["Hour from (UTC)", "Cost", "Requests", "For 1,000", "GPU"]
    }

    fn hour_table(&self) -> [&'static str; 4] {
        ["Hour from (UTC)", "Samples", "Mean", "Beyond the line"]
    }

    fn yes_or_no(&self, yes: bool) -> &'static str {
        if yes { "yes" } else { "no" }
    }

    /// `+12.5 %`, `-3.2 %`, `same`, `new`, `not known`.
    fn change(&self, change: Change) -> String {
        match change {
            Change::Unknown => "not known".to_owned(),
            Change::Same => "same".to_owned(),
            Change::FromNothing => "new".to_owned(),
            Change::By(share) => format!("{} %", signed_percent(share)),
        }
    }

    fn points(&self, difference: f64) -> String {
        format!("{} pt", signed_points(difference))
    }

    fn volume(&self, volume: Volume) -> &'static str {
        match volume {
            Volume::Requests => "requests",
            Volume::Throttles => "refused (throttled)",
            Volume::ClientErrors => "client errors",
            Volume::ServerErrors => "server errors",
            Volume::InputTokens => "input tokens",
            Volume::OutputTokens => "output tokens",
            Volume::CacheReadTokens => "cache read tokens",
            Volume::CacheWriteTokens => "cache write tokens",
            Volume::QuotaTokens => "tokens as quotas count",
        }
    }

    fn token_cost(&self) -> &'static str {
        "cost of tokens"
    }

    fn week_table(&self) -> [&'static str; 3] {
        ["this week", "week before", "change"]
    }

    fn samples(&self) -> &'static str {
        "samples"
    }

    fn next_heading(&self) -> &'static str {
        "WHAT TO DO NEXT"
    }

    fn shortened(&self) -> &'static str {
        "[Shortened: the rest does not fit in one message.]"
    }
}
