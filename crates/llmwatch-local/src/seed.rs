//! Seeds: what a test or the demo puts into the local AWS before it starts.

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::cloudwatch::metric::MetricKey;
use serde::Deserialize;

use crate::bedrock::{Profile, ProfileType, application_id};
use crate::service_quotas::{Decision, Quota};
use crate::support::NewCase;
use crate::world::Services;

/// Everything one request may seed; every part may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// Series, in any namespace and at any time.
    pub metrics: Vec<SeriesSeed>,
    /// Quotas to change or add.
    pub quotas: Vec<QuotaSeed>,
    /// Inference profiles to add.
    pub profiles: Vec<ProfileSeed>,
    /// Support cases, oldest first.
    pub cases: Vec<CaseSeed>,
}

/// One series at equal steps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesSeed {
    namespace: String,
    name: String,
    #[serde(default)]
    dimensions: std::collections::BTreeMap<String, String>,
    start: Timestamp,
    #[serde(default = "one_minute")]
    step_seconds: i64,
    /// One sample a step; `null` is none.
    #[serde(default)]
    values: Vec<Option<f64>>,
    /// How many samples each of `values` is the mean of; one each where left out.
    #[serde(default)]
    counts: Vec<Option<f64>>,
    /// How the samples of a step lie about their mean: by which factor, and which share of them.
    /// All at it where left out.
    #[serde(default)]
    spread: Vec<(f64, f64)>,
    /// In place of `values`: all samples of each step, for percentiles and sample counts.
    #[serde(default)]
    samples: Vec<Vec<f64>>,
}

/// The values of one step, each with how often it occurred.
type Step = Vec<(f64, f64)>;

fn one_minute() -> i64 {
    60
}

/// A quota as it shall be; parts left out stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaSeed {
    code: String,
    /// Needed only for a code that is not known.
    name: Option<String>,
    default: Option<f64>,
    applied: Option<f64>,
    /// Takes the applied value away, so that only the default exists.
    #[serde(default)]
    default_only: bool,
    adjustable: Option<bool>,
}

/// An inference profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSeed {
    /// 12 characters for an application profile (made from the name when left out), or for
    /// example `eu.amazon.nova-2-lite-v1:0`.
    id: Option<String>,
    name: String,
    /// A model id or profile id whose models it has; in place of `models`.
    #[serde(default)]
    copy_from: String,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    system: bool,
}

/// A support case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseSeed {
    subject: String,
    body: String,
    service_code: String,
    category_code: String,
    #[serde(default = "low")]
    severity_code: String,
    #[serde(default = "english")]
    language: String,
    created: Timestamp,
    #[serde(default)]
    resolved: bool,
}

fn low() -> String {
    "low".to_owned()
}

fn english() -> String {
    "en".to_owned()
}

/// A decision about a quota request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionSeed {
    /// The request's id or its quota's code.
    pub request: String,
    /// What becomes of it.
    pub decision: Decision,
}

/// Delays of the services; those left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seconds from a datapoint's timestamp until it can be seen.
    pub publishing_delay_seconds: Option<u32>,
    /// Seconds from a quota request until its case id can be read.
    pub case_id_delay_seconds: Option<u32>,
    /// Seconds from a case's opening until the automatic first reply.
    pub first_reply_delay_seconds: Option<u32>,
    /// What `DelaySeconds` of messages on their way to SQS are divided by; 0 counts as 1.
    pub sqs_delay_divisor: Option<u32>,
}

/// How much sooner delayed messages come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayDivisor {
    /// What `DelaySeconds` of messages on their way to SQS are divided by; 0 counts as 1.
    pub divisor: u32,
}

impl Seed {
    /// Puts everything in.
    ///
    /// # Errors
    ///
    /// The first part that makes no sense, named; what came before it is in.
    pub fn plant(&self, services: &mut Services) -> Result<(), String> {
        for series in &self.metrics {
            series.plant(services)?;
        }
        for quota in &self.quotas {
            quota.plant(services)?;
        }
        for profile in &self.profiles {
            profile.plant(services)?;
        }
        for case in &self.cases {
            case.plant(services);
        }
        Ok(())
    }
}

impl SeriesSeed {
    fn plant(&self, services: &mut Services) -> Result<(), String> {
        if self.step_seconds <= 0 {
            return Err(format!("{}: step_seconds must be above 0", self.name));
        }
        let key = MetricKey {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            dimensions: self.dimensions.clone(),
        };
        let step = SignedDuration::from_secs(self.step_seconds);
        if self.counts.is_empty() {
            services.cloudwatch.seed(&key, self.start, step, &self.values);
        } else {
            let steps = self.spread_out()?;
            services.cloudwatch.seed_counted(&key, self.start, step, &steps);
        }
        let once = |values: &Vec<f64>| values.iter().map(|value| (*value, 1.0)).collect();
        let steps: Vec<Step> = self.samples.iter().map(once).collect();
        services.cloudwatch.seed_counted(&key, self.start, step, &steps);
        Ok(())
    }

    /// The samples of each step, and how often each occurred, by their mean and their number.
    fn spread_out(&self) -> Result<Vec<Step>, String> {
        let spread = if self.spread.is_empty() { &[(1.0, 1.0)][..] } else { &self.spread };
        let shares: f64 = spread.iter().map(|(_, share)| share).sum();
        let mean: f64 = spread.iter().map(|(factor, share)| factor * share).sum();
        if (shares - 1.0).abs() > 1e-9 || (mean - 1.0).abs() > 1e-9 {
            return Err(format!(
                "{}: a spread of {shares} samples with the mean {mean}",
                self.name
            ));
        }
        if self.counts.len() != self.values.len() {
            return Err(format!("{}: as many counts as values are needed", self.name));
        }
        let step = |(value, count): (&Option<f64>, &Option<f64>)| -> Step {
            let (Some(value), Some(count)) = (value, count) else { return Step::new() };
            spread.iter().map(|(factor, share)| (value * factor, count * share)).collect()
        };
        Ok(self.values.iter().zip(&self.counts).map(step).collect())
    }
}

impl QuotaSeed {
    fn plant(&self, services: &mut Services) -> Result<(), String> {
        if services.quotas.quota_mut(&self.code).is_none() {
            let name =
                self.name.clone().ok_or_else(|| format!("quota {} needs a name", self.code))?;
            let default =
                self.default.ok_or_else(|| format!("quota {} needs a default", self.code))?;
            services.quotas.put_quota(Quota {
                code: self.code.clone(),
                name,
                default,
                applied: None,
                adjustable: false,
            });
        }
        if let Some(quota) = services.quotas.quota_mut(&self.code) {
            quota.default = self.default.unwrap_or(quota.default);
            quota.applied = self.applied.or(quota.applied).filter(|_| !self.default_only);
            quota.adjustable = self.adjustable.unwrap_or(quota.adjustable);
            if let Some(name) = &self.name {
                quota.name.clone_from(name);
            }
        }
        Ok(())
    }
}

impl ProfileSeed {
    fn plant(&self, services: &mut Services) -> Result<(), String> {
        let model_arns = if self.models.is_empty() {
            services.bedrock.model_arns(&self.copy_from)
        } else {
            self.models.clone()
        };
        if model_arns.is_empty() {
            return Err(format!(
                "profile {}: copy_from {:?} is not known",
                self.name, self.copy_from
            ));
        }
        services.bedrock.put_profile(Profile {
            id: self.id.clone().unwrap_or_else(|| application_id(&self.name)),
            name: self.name.clone(),
            made_by: if self.system { ProfileType::System } else { ProfileType::Application },
            model_arns,
            created: Timestamp::UNIX_EPOCH,
        });
        Ok(())
    }
}

impl CaseSeed {
    fn plant(&self, services: &mut Services) {
        let facts = NewCase {
            subject: self.subject.clone(),
            body: self.body.clone(),
            service_code: self.service_code.clone(),
            category_code: self.category_code.clone(),
            severity_code: self.severity_code.clone(),
            language: self.language.clone(),
            copies_to: Vec::new(),
        };
        let opened = services.support.open(facts, self.created);
        if self.resolved {
            services.support.resolve_by_display_id(&opened);
        }
    }
}
