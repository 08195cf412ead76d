//! A CloudWatch and a Parameter Store in memory, behind the real SDK clients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_cloudwatch as cloudwatch;
use aws_sdk_cloudwatch::operation::delete_alarms::{DeleteAlarmsError, DeleteAlarmsOutput};
use aws_sdk_cloudwatch::operation::delete_anomaly_detector::DeleteAnomalyDetectorOutput;
use aws_sdk_cloudwatch::operation::delete_dashboards::DeleteDashboardsOutput;
use aws_sdk_cloudwatch::operation::describe_alarms::{DescribeAlarmsError, DescribeAlarmsOutput};
use aws_sdk_cloudwatch::operation::describe_anomaly_detectors::DescribeAnomalyDetectorsOutput;
use aws_sdk_cloudwatch::operation::get_dashboard::GetDashboardOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::{GetMetricDataError, GetMetricDataOutput};
use aws_sdk_cloudwatch::operation::list_dashboards::ListDashboardsOutput;
use aws_sdk_cloudwatch::operation::list_metrics::{ListMetricsError, ListMetricsOutput};
use aws_sdk_cloudwatch::operation::put_anomaly_detector::PutAnomalyDetectorOutput;
use aws_sdk_cloudwatch::operation::put_composite_alarm::{
    PutCompositeAlarmError, PutCompositeAlarmOutput,
};
use aws_sdk_cloudwatch::operation::put_dashboard::{PutDashboardError, PutDashboardOutput};
use aws_sdk_cloudwatch::operation::put_metric_alarm::{PutMetricAlarmError, PutMetricAlarmOutput};
use aws_sdk_cloudwatch::operation::put_metric_data::PutMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AnomalyDetector, CompositeAlarm, DashboardEntry, Dimension, Metric, MetricAlarm,
    MetricDataQuery, MetricDataResult, MetricDatum, MetricMathAnomalyDetector, StatusCode,
};
use aws_sdk_ssm as ssm;
use aws_sdk_ssm::operation::delete_parameters::DeleteParametersOutput;
use aws_sdk_ssm::operation::get_parameter::{GetParameterError, GetParameterOutput};
use aws_sdk_ssm::operation::get_parameters_by_path::{
    GetParametersByPathError, GetParametersByPathOutput,
};
use aws_sdk_ssm::operation::put_parameter::PutParameterOutput;
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use llmwatch_core::cloudwatch::metric::MetricKey;
use llmwatch_core::stored::StoredPool;

use crate::{App, Clients, Config, Waits};

/// The namespace of quality metrics here.
pub(super) const QUALITY: &str = "LLMWatch/Quality";

const PAGER: &str = "arn:aws:sns:us-east-1:123456789012:pager";

/// What AWS holds and what was asked of it.
#[derive(Default)]
pub(super) struct State {
    pub(super) metric_alarms: BTreeMap<String, MetricAlarm>,
    pub(super) composites: BTreeMap<String, CompositeAlarm>,
    pub(super) detectors: Vec<MetricMathAnomalyDetector>,
    pub(super) dashboards: BTreeMap<String, String>,
    pub(super) parameters: BTreeMap<String, String>,
    /// Quality metrics that CloudWatch lists: name, `ModelId`, whether active within three hours.
    pub(super) quality: Vec<(&'static str, &'static str, bool)>,
    /// Inference components that CloudWatch lists invocations of.
    pub(super) components: Vec<&'static str>,
    /// What is used in every hour: `ModelId` or inference component, metric, sum.
    pub(super) used: Vec<(&'static str, &'static str, f64)>,
    /// The series of SageMaker's endpoints that report every five minutes.
    pub(super) reporting: Vec<MetricKey>,
    /// Every value that was published.
    pub(super) published: Vec<MetricDatum>,
    /// Operation and subject of each call, in order.
    pub(super) calls: Vec<String>,
    /// Calls that begin with one of these fail with the code.
    pub(super) faults: Vec<(&'static str, &'static str)>,
    /// Deletes the lifecycle marker once this many alarms were put.
    pub(super) stack_goes_after_puts: Option<usize>,
}

impl State {
    fn call(&mut self, call: String) -> Option<ErrorMetadata> {
        let fault = self.faults.iter().find(|(start, _)| call.starts_with(start));
        let error = fault.map(|(_, code)| ErrorMetadata::builder().code(*code).build());
        self.calls.push(call);
        error
    }

    /// The series of a metric that report, as they are listed.
    fn reporting(&self, namespace: &str, name: Option<&str>) -> Vec<Metric> {
        let series = self.reporting.iter().filter(|series| series.namespace == namespace);
        let metric = |series: &MetricKey| {
            let dimensions = series.dimensions.iter();
            let dimensions = dimensions
                .map(|(name, value)| Dimension::builder().name(name).value(value).build());
            Metric::builder().set_dimensions(Some(dimensions.collect())).build()
        };
        series.filter(|series| Some(series.name.as_str()) == name).map(metric).collect()
    }

    fn alarm_was_put(&mut self) {
        let puts = self.calls.iter().filter(|call| call.starts_with("PutMetricAlarm")).count();
        if self.stack_goes_after_puts == Some(puts) {
            self.parameters.remove("/llmwatch/lifecycle");
        }
    }
}

/// The world and the function in it.
pub(super) struct World {
    pub(super) app: App,
    state: Arc<Mutex<State>>,
}

impl World {
    /// A world in which the stack stands and has these pools.
    pub(super) fn with_pools(pools: &[StoredPool]) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let app = App {
            config: Config::from_vars(&|name| match name {
                "LLMWATCH_PREFIX" => Some("llmwatch".to_owned()),
                "LLMWATCH_QUALITY_NAMESPACE" => Some(QUALITY.to_owned()),
                "AWS_REGION" => Some("us-east-1".to_owned()),
                "LLMWATCH_POOL_DASHBOARDS" | "LLMWATCH_GRAFANA_METRICS" => None,
                _ => Some("arn:aws:sns:us-east-1:123456789012:llmwatch-raw".to_owned()),
            })
            .unwrap(),
            clients: Clients { cloudwatch: cloudwatch_of(&state), ssm: ssm_of(&state) },
            waits: Waits::NONE,
        };
        let world = Self { app, state };
        world.state().parameters.insert("/llmwatch/lifecycle".into(), "standing".into());
        for pool in pools {
            world.store(pool);
        }
        world
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn store(&self, pool: &StoredPool) {
        let name = format!("/llmwatch/pools/{}/thresholds", pool.pool.label());
        self.state().parameters.insert(name, serde_json::to_string(pool).unwrap());
    }

    /// The writes since the last look, and forgets all calls.
    pub(super) fn writes(&self) -> Vec<String> {
        let reads = ["Describe", "Get", "List"];
        std::mem::take(&mut self.state().calls)
            .into_iter()
            .filter(|call| !reads.iter().any(|read| call.starts_with(read)))
            .collect()
    }

    /// An operator's hand on a metric alarm: pager, mute, and M of N.
    pub(super) fn edit(&self, alarm_name: &str) {
        let mut state = self.state();
        let alarm = state.metric_alarms.get_mut(alarm_name).unwrap();
        alarm.alarm_actions.get_or_insert_default().push(PAGER.to_owned());
        alarm.insufficient_data_actions = Some(vec![PAGER.to_owned()]);
        alarm.actions_enabled = Some(false);
        alarm.datapoints_to_alarm = Some(1);
        alarm.evaluation_periods = Some(2);
    }

    /// Whether everything of [`Self::edit`] is still there.
    pub(super) fn is_edited(&self, alarm_name: &str) -> bool {
        let state = self.state();
        let alarm = &state.metric_alarms[alarm_name];
        alarm.alarm_actions() == [PAGER]
            && alarm.insufficient_data_actions() == [PAGER]
            && alarm.actions_enabled == Some(false)
            && (alarm.datapoints_to_alarm, alarm.evaluation_periods) == (Some(1), Some(2))
    }
}

fn cloudwatch_of(state: &Arc<Mutex<State>>) -> cloudwatch::Client {
    let rules = [
        describe_alarms(state.clone()),
        list_metrics(state.clone()),
        put_metric_alarm(state.clone()),
        put_composite_alarm(state.clone()),
        delete_alarms(state.clone()),
        describe_detectors(state.clone()),
        put_detector(state.clone()),
        delete_detector(state.clone()),
        put_metric_data(state.clone()),
        get_metric_data(state.clone()),
        list_dashboards(state.clone()),
        get_dashboard(state.clone()),
        put_dashboard(state.clone()),
        delete_dashboards(state.clone()),
    ];
    mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &rules, |config| config
        .retry_config(cloudwatch::config::retry::RetryConfig::disabled()))
}

fn describe_alarms(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::describe_alarms).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        if let Some(error) = state.call("DescribeAlarms".to_owned()) {
            return MockResponse::Error(DescribeAlarmsError::generic(error));
        }
        let stem = request.alarm_name_prefix().unwrap();
        let alarms = state.metric_alarms.iter().filter(|(name, _)| name.starts_with(stem));
        let composites = state.composites.iter().filter(|(name, _)| name.starts_with(stem));
        MockResponse::Output(
            DescribeAlarmsOutput::builder()
                .set_metric_alarms(Some(alarms.map(|(_, alarm)| alarm.clone()).collect()))
                .set_composite_alarms(Some(composites.map(|(_, alarm)| alarm.clone()).collect()))
                .build(),
        )
    })
}

fn list_metrics(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::list_metrics).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        let namespace = request.namespace().unwrap();
        if let Some(error) = state.call(format!("ListMetrics {namespace}")) {
            return MockResponse::Error(ListMetricsError::generic(error));
        }
        let is_recent = request.recently_active().is_some();
        let metrics = state.quality.iter().filter(|(_, _, recent)| *recent || !is_recent);
        let metrics = metrics.map(|(name, model_id, _)| {
            let dimension = Dimension::builder().name("ModelId").value(*model_id).build();
            Metric::builder().metric_name(*name).dimensions(dimension).build()
        });
        let components = state.components.iter().map(|name| {
            let dimension = Dimension::builder().name("InferenceComponentName").value(*name);
            Metric::builder().metric_name("Invocations").dimensions(dimension.build()).build()
        });
        let found = match namespace {
            QUALITY => metrics.collect(),
            "AWS/SageMaker" => components.collect(),
            _ => state.reporting(namespace, request.metric_name()),
        };
        MockResponse::Output(ListMetricsOutput::builder().set_metrics(Some(found)).build())
    })
}

fn put_metric_alarm(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::put_metric_alarm).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        let name = request.alarm_name().unwrap().to_owned();
        if let Some(error) = state.call(format!("PutMetricAlarm {name}")) {
            return MockResponse::Error(PutMetricAlarmError::generic(error));
        }
        let alarm = MetricAlarm::builder()
            .alarm_name(&name)
            .set_alarm_description(request.alarm_description.clone())
            .set_actions_enabled(request.actions_enabled)
            .set_ok_actions(request.ok_actions.clone())
            .set_alarm_actions(request.alarm_actions.clone())
            .set_insufficient_data_actions(request.insufficient_data_actions.clone())
            .set_metrics(request.metrics.clone())
            .set_threshold(request.threshold)
            .set_threshold_metric_id(request.threshold_metric_id.clone())
            .set_comparison_operator(request.comparison_operator.clone())
            .set_treat_missing_data(request.treat_missing_data.clone())
            .set_evaluation_periods(request.evaluation_periods)
            .set_datapoints_to_alarm(request.datapoints_to_alarm)
            .build();
        state.metric_alarms.insert(name, alarm);
        state.alarm_was_put();
        MockResponse::Output(PutMetricAlarmOutput::builder().build())
    })
}

/// Refuses a rule over an alarm that does not exist.
fn put_composite_alarm(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::put_composite_alarm).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        let name = request.alarm_name().unwrap().to_owned();
        let fault = state.call(format!("PutCompositeAlarm {name}"));
        let rule = request.alarm_rule().unwrap();
        let child_is_missing = rule
            .split('"')
            .skip(1)
            .step_by(2)
            .any(|child| !state.metric_alarms.contains_key(child));
        let missing = child_is_missing
            .then(|| ErrorMetadata::builder().code("ValidationError").message("no child").build());
        if let Some(error) = fault.or(missing) {
            return MockResponse::Error(PutCompositeAlarmError::generic(error));
        }
        let alarm = CompositeAlarm::builder()
            .alarm_name(&name)
            .set_alarm_description(request.alarm_description.clone())
            .set_actions_enabled(request.actions_enabled)
            .set_ok_actions(request.ok_actions.clone())
            .set_alarm_actions(request.alarm_actions.clone())
            .alarm_rule(rule)
            .build();
        state.composites.insert(name, alarm);
        MockResponse::Output(PutCompositeAlarmOutput::builder().build())
    })
}

/// Refuses a composite among others, and an alarm some composite's rule still names.
fn delete_alarms(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::delete_alarms).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        let names = request.alarm_names().to_vec();
        let fault = state.call(format!("DeleteAlarms {}", names.join(" ")));
        let mixed = names.len() > 1 && names.iter().any(|name| state.composites.contains_key(name));
        let in_use = state.composites.values().any(|composite| {
            let rule = composite.alarm_rule().unwrap();
            names.iter().any(|name| rule.contains(&format!("\"{name}\"")))
        });
        let refused =
            (mixed || in_use).then(|| ErrorMetadata::builder().code("ValidationError").build());
        if let Some(error) = fault.or(refused) {
            return MockResponse::Error(DeleteAlarmsError::generic(error));
        }
        for name in names {
            state.metric_alarms.remove(&name);
            state.composites.remove(&name);
        }
        MockResponse::Output(DeleteAlarmsOutput::builder().build())
    })
}

fn describe_detectors(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::describe_anomaly_detectors).then_compute_output(move |_| {
        let mut state = state.lock().unwrap();
        state.call("DescribeAnomalyDetectors".to_owned());
        let detector = |math: &MetricMathAnomalyDetector| {
            AnomalyDetector::builder().metric_math_anomaly_detector(math.clone()).build()
        };
        DescribeAnomalyDetectorsOutput::builder()
            .set_anomaly_detectors(Some(state.detectors.iter().map(detector).collect()))
            .build()
    })
}

fn put_detector(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::put_anomaly_detector).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        state.call("PutAnomalyDetector".to_owned());
        state.detectors.extend(request.metric_math_anomaly_detector.clone());
        PutAnomalyDetectorOutput::builder().build()
    })
}

fn delete_detector(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::delete_anomaly_detector).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        state.call("DeleteAnomalyDetector".to_owned());
        let math = request.metric_math_anomaly_detector().unwrap();
        state.detectors.retain(|detector| detector != math);
        DeleteAnomalyDetectorOutput::builder().build()
    })
}

fn put_metric_data(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::put_metric_data).then_compute_output(move |request| {
        let namespace = request.namespace().unwrap_or_default();
        let mut state = state.lock().unwrap();
        state.call(format!("PutMetricData {namespace}"));
        state.published.extend(request.metric_data().iter().cloned());
        PutMetricDataOutput::builder().build()
    })
}

fn get_metric_data(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::get_metric_data).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        if let Some(error) = state.call("GetMetricData".to_owned()) {
            return MockResponse::Error(GetMetricDataError::generic(error));
        }
        let (from, to) = (request.start_time().unwrap().secs(), request.end_time().unwrap().secs());
        let result = |query: &MetricDataQuery| {
            let metric = query.metric_stat().unwrap().metric().unwrap();
            let asked = (metric.dimensions()[0].value().unwrap(), metric.metric_name().unwrap());
            let sums = state.used.iter().filter(|(caller, name, _)| (*caller, *name) == asked);
            let mut result = MetricDataResult::builder().id(query.id().unwrap());
            if state.reporting.iter().any(|series| is_of(metric, series)) {
                for start in (from..to).step_by(300) {
                    result = result.timestamps(DateTime::from_secs(start)).values(0.0);
                }
            }
            for ((_, _, sum), hour) in
                sums.flat_map(|sum| (from..to).step_by(3_600).map(move |hour| (sum, hour)))
            {
                result = result.timestamps(DateTime::from_secs(hour)).values(*sum);
            }
            result.status_code(StatusCode::Complete).build()
        };
        let results = request.metric_data_queries().iter().map(result).collect();
        MockResponse::Output(
            GetMetricDataOutput::builder().set_metric_data_results(Some(results)).build(),
        )
    })
}

fn is_of(metric: &Metric, series: &MetricKey) -> bool {
    let dimensions = metric.dimensions().iter();
    let dimensions: BTreeMap<&str, &str> =
        dimensions.map(|one| (one.name().unwrap(), one.value().unwrap())).collect();
    let expected = series.dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    (metric.namespace(), metric.metric_name()) == (Some(&series.namespace), Some(&series.name))
        && dimensions == expected.collect()
}

fn list_dashboards(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::list_dashboards).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        state.call("ListDashboards".to_owned());
        let stem = request.dashboard_name_prefix().unwrap();
        let entries = state.dashboards.keys().filter(|name| name.starts_with(stem));
        let entries = entries.map(|name| DashboardEntry::builder().dashboard_name(name).build());
        ListDashboardsOutput::builder().set_dashboard_entries(Some(entries.collect())).build()
    })
}

fn get_dashboard(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::get_dashboard).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        let name = request.dashboard_name().unwrap();
        state.call(format!("GetDashboard {name}"));
        let body = state.dashboards[name].clone();
        GetDashboardOutput::builder().dashboard_name(name).dashboard_body(body).build()
    })
}

fn put_dashboard(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::put_dashboard).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        let (name, body) = (request.dashboard_name().unwrap(), request.dashboard_body().unwrap());
        if let Some(error) = state.call(format!("PutDashboard {name}")) {
            return MockResponse::Error(PutDashboardError::generic(error));
        }
        state.dashboards.insert(name.to_owned(), body.to_owned());
        MockResponse::Output(PutDashboardOutput::builder().build())
    })
}

fn delete_dashboards(state: Arc<Mutex<State>>) -> Rule {
    mock!(cloudwatch::Client::delete_dashboards).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        state.call(format!("DeleteDashboards {}", request.dashboard_names().join(" ")));
        for name in request.dashboard_names() {
            state.dashboards.remove(name);
        }
        DeleteDashboardsOutput::builder().build()
    })
}

fn ssm_of(state: &Arc<Mutex<State>>) -> ssm::Client {
    let rules = [
        get_parameters_by_path(state.clone()),
        get_parameter(state.clone()),
        put_parameter(state.clone()),
        delete_parameters(state.clone()),
    ];
    mock_client!(aws_sdk_ssm, RuleMode::MatchAny, &rules, |config| config
        .retry_config(ssm::config::retry::RetryConfig::disabled()))
}

fn stored((name, value): (&String, &String)) -> ssm::types::Parameter {
    ssm::types::Parameter::builder().name(name).value(value).build()
}

fn get_parameters_by_path(state: Arc<Mutex<State>>) -> Rule {
    mock!(ssm::Client::get_parameters_by_path).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        if let Some(error) = state.call("GetParametersByPath".to_owned()) {
            return MockResponse::Error(GetParametersByPathError::generic(error));
        }
        let path = format!("{}/", request.path().unwrap());
        let below = state.parameters.iter().filter(|(name, _)| name.starts_with(&path));
        MockResponse::Output(
            GetParametersByPathOutput::builder()
                .set_parameters(Some(below.map(stored).collect()))
                .build(),
        )
    })
}

fn get_parameter(state: Arc<Mutex<State>>) -> Rule {
    mock!(ssm::Client::get_parameter).then_compute_response(move |request| {
        let mut state = state.lock().unwrap();
        let name = request.name().unwrap().to_owned();
        let fault = state.call(format!("GetParameter {name}"));
        let found = state.parameters.get_key_value(&name).map(stored);
        match (fault, found) {
            (Some(error), _) => MockResponse::Error(GetParameterError::generic(error)),
            (None, Some(parameter)) => {
                MockResponse::Output(GetParameterOutput::builder().parameter(parameter).build())
            }
            (None, None) => {
                let missing = ErrorMetadata::builder().code("ParameterNotFound").build();
                MockResponse::Error(GetParameterError::generic(missing))
            }
        }
    })
}

fn put_parameter(state: Arc<Mutex<State>>) -> Rule {
    mock!(ssm::Client::put_parameter).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        let (name, value) = (request.name().unwrap(), request.value().unwrap());
        state.call(format!("PutParameter {name}"));
        state.parameters.insert(name.to_owned(), value.to_owned());
        PutParameterOutput::builder().version(1).build()
    })
}

fn delete_parameters(state: Arc<Mutex<State>>) -> Rule {
    mock!(ssm::Client::delete_parameters).then_compute_output(move |request| {
        let mut state = state.lock().unwrap();
        state.call(format!("DeleteParameters {}", request.names().join(" ")));
        for name in request.names() {
            state.parameters.remove(name);
        }
        DeleteParametersOutput::builder().build()
    })
}
