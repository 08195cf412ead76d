//! The services the function calls, as far as it does, over one [`State`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_cloudwatch::operation::describe_alarm_history::{
    DescribeAlarmHistoryError, DescribeAlarmHistoryOutput,
};
use aws_sdk_cloudwatch::operation::describe_alarms::{DescribeAlarmsError, DescribeAlarmsOutput};
use aws_sdk_cloudwatch::operation::get_metric_data::{
    GetMetricDataError, GetMetricDataInput, GetMetricDataOutput,
};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, ComparisonOperator, Dimension, Metric, MetricAlarm, MetricDataQuery,
    MetricDataResult, MetricStat, StateValue, StatusCode,
};
use aws_sdk_dynamodb::operation::delete_item::{
    DeleteItemError, DeleteItemInput, DeleteItemOutput,
};
use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryError, QueryInput, QueryOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_servicequotas::operation::get_requested_service_quota_change::{
    GetRequestedServiceQuotaChangeError, GetRequestedServiceQuotaChangeInput,
    GetRequestedServiceQuotaChangeOutput,
};
use aws_sdk_servicequotas::operation::get_service_quota::{
    GetServiceQuotaError, GetServiceQuotaInput, GetServiceQuotaOutput,
};
use aws_sdk_servicequotas::operation::list_requested_service_quota_change_history::{
    ListRequestedServiceQuotaChangeHistoryError, ListRequestedServiceQuotaChangeHistoryOutput,
};
use aws_sdk_servicequotas::operation::request_service_quota_increase::{
    RequestServiceQuotaIncreaseError, RequestServiceQuotaIncreaseInput,
    RequestServiceQuotaIncreaseOutput,
};
use aws_sdk_servicequotas::types::{RequestStatus, RequestedServiceQuotaChange, ServiceQuota};
use aws_sdk_sns::operation::publish::{PublishError, PublishInput, PublishOutput};
use aws_sdk_sqs::operation::change_message_visibility::{
    ChangeMessageVisibilityError, ChangeMessageVisibilityInput, ChangeMessageVisibilityOutput,
};
use aws_sdk_sqs::operation::send_message::{SendMessageError, SendMessageInput, SendMessageOutput};
use aws_sdk_ssm::operation::get_parameters::{
    GetParametersError, GetParametersInput, GetParametersOutput,
};
use aws_sdk_ssm::operation::get_parameters_by_path::{
    GetParametersByPathError, GetParametersByPathInput, GetParametersByPathOutput,
};
use aws_sdk_ssm::types::Parameter;
use aws_sdk_support::config::http::HttpResponse;
use aws_sdk_support::operation::add_communication_to_case::{
    AddCommunicationToCaseError, AddCommunicationToCaseInput, AddCommunicationToCaseOutput,
};
use aws_sdk_support::operation::create_case::{CreateCaseError, CreateCaseInput, CreateCaseOutput};
use aws_sdk_support::operation::describe_cases::{
    DescribeCasesError, DescribeCasesInput, DescribeCasesOutput,
};
use aws_sdk_support::operation::describe_communications::{
    DescribeCommunicationsError, DescribeCommunicationsInput, DescribeCommunicationsOutput,
};
use aws_sdk_support::operation::describe_services::{
    DescribeServicesError, DescribeServicesOutput,
};
use aws_sdk_support::types::{CaseDetails, Category, Communication, Service};
use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use jiff::Timestamp;
use llmwatch_core::alarm::desired::{Breach, DesiredAlarm, Lines, QuerySource, Watch};
use llmwatch_core::alarm::tuning::Tuning;
use llmwatch_core::alarm::{AlarmKind, Severity, name};
use llmwatch_core::component::alarm::desired_component_alarms;
use llmwatch_core::episode::AlarmState;
use llmwatch_core::quality::NAMESPACE;
use llmwatch_core::quality::alarm::QualityKind;
use llmwatch_core::quality::alarm::desired::desired_quality_alarms;
use llmwatch_core::quality::alarm::tuning::QualityTuning;

use super::world::{
    Alarm, Case, Fate, Request, State, arn, component, component_name, pool, prefix, quality_name,
    quality_series,
};
use crate::Clients;

type Shared = Arc<Mutex<State>>;

fn error(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).message("by the test").build()
}

/// What is answered when an answer is lost: a server's error says nothing of what was done.
fn lost() -> HttpResponse {
    HttpResponse::new(500.try_into().unwrap(), SdkBody::empty())
}

/// A rule that asks the state what becomes of the call, and lets it act on the state.
macro_rules! serve {
    ($state:expr, $client:ident :: $operation:ident, $error:ident, $act:expr) => {{
        let shared: Shared = $state.clone();
        mock!($client::Client::$operation).then_compute_response(move |request| {
            let name = stringify!($operation);
            let meanwhile = shared.lock().unwrap().meanwhile(name);
            if let Some(meanwhile) = meanwhile {
                meanwhile();
            }
            let mut state = shared.lock().unwrap();
            let fate = state.fate(name);
            if let Fate::Refused(code) = fate {
                return MockResponse::Error($error::generic(error(&code)));
            }
            let answer: Result<_, Box<$error>> = $act(&mut *state, request);
            match (fate, answer) {
                (Fate::AnswerLost, _) => MockResponse::Http(lost()),
                (_, Ok(output)) => MockResponse::Output(output),
                (_, Err(refused)) => MockResponse::Error(*refused),
            }
        })
    }};
}

macro_rules! client {
    ($sdk:ident, [$($rule:expr),+ $(,)?]) => {
        mock_client!($sdk, RuleMode::MatchAny, &[$($rule),+], |config| config
            .retry_config($sdk::config::retry::RetryConfig::disabled()))
    };
}

pub(super) fn clients(state: &Shared) -> Clients {
    Clients {
        cloudwatch: cloudwatch(state),
        dynamodb: dynamodb(state),
        quotas: quotas(state),
        sns: sns(state),
        sqs: sqs(state),
        ssm: ssm(state),
        support: support(state),
    }
}

fn cloudwatch(state: &Shared) -> aws_sdk_cloudwatch::Client {
    use aws_sdk_cloudwatch as sdk;
    let alarms =
        serve!(state, sdk::describe_alarms, DescribeAlarmsError, |state: &mut State, _| {
            let alarms = state.alarms.iter().map(|(kind, alarm)| {
                MetricAlarm::builder()
                    .alarm_name(name::child(&prefix(), *kind, &pool()))
                    .alarm_arn(arn(*kind))
                    .state_value(match alarm.state {
                        AlarmState::Alarm => StateValue::Alarm,
                        AlarmState::Ok => StateValue::Ok,
                        AlarmState::InsufficientData => StateValue::InsufficientData,
                    })
                    .state_reason("Threshold Crossed")
                    .state_transitioned_timestamp(DateTime::from_secs(alarm.changed_at.as_second()))
                    .actions_enabled(alarm.is_audible)
                    .build()
            });
            let quality = state.quality_alarms.iter().map(quality_alarm);
            let component = state.component_alarms.iter().map(component_alarm);
            let alarms = Some(alarms.chain(quality).chain(component).collect());
            Ok(DescribeAlarmsOutput::builder().set_metric_alarms(alarms).build())
        });
    let data = serve!(
        state,
        sdk::get_metric_data,
        GetMetricDataError,
        |state: &mut State, request: &GetMetricDataInput| {
            let end = request.end_time().unwrap().secs();
            let an_hour_ago = DateTime::from_secs(end - 3600);
            let is_quality = |query: &MetricDataQuery| {
                let stat = query.metric_stat().and_then(|stat| stat.metric());
                stat.and_then(|metric| metric.namespace()) == Some(NAMESPACE)
            };
            let results = request.metric_data_queries().iter().map(|query| {
                if query.metric_stat().and_then(|stat| stat.period()) == Some(DAY_SECONDS) {
                    return daily_data(state, query, request);
                }
                if is_quality(query) {
                    return quality_data(state, query);
                }
                let metric = query.metric_stat().and_then(|stat| stat.metric());
                let name = metric.and_then(|metric| metric.metric_name()).unwrap_or_default();
                let value = state.usage.get(name).copied();
                MetricDataResult::builder()
                    .set_id(query.id.clone())
                    .status_code(StatusCode::Complete)
                    .set_timestamps(Some(value.iter().map(|_| an_hour_ago).collect()))
                    .set_values(Some(value.into_iter().collect()))
                    .build()
            });
            let results = Some(results.collect());
            Ok(GetMetricDataOutput::builder().set_metric_data_results(results).build())
        }
    );
    let history = serve!(
        state,
        sdk::describe_alarm_history,
        DescribeAlarmHistoryError,
        |state: &mut State, _| {
            let items = state.composite_history.iter().map(|(at, new_state)| {
                let data = format!(r#"{{"newState": {{"stateValue": "{new_state}"}}}}"#);
                let at = DateTime::from_secs(at.as_second());
                AlarmHistoryItem::builder().timestamp(at).history_data(data).build()
            });
            let items = Some(items.collect());
            Ok(DescribeAlarmHistoryOutput::builder().set_alarm_history_items(items).build())
        }
    );
    client!(aws_sdk_cloudwatch, [&alarms, &data, &history])
}

const DAY_SECONDS: i32 = 86_400;

/// A metric by the day: its value of [`State::usage`] on the first day asked for, and twice that on
/// the last. A quality metric has so many samples of mean 0.5.
fn daily_data(
    state: &State,
    query: &MetricDataQuery,
    request: &GetMetricDataInput,
) -> MetricDataResult {
    let stat = query.metric_stat().unwrap();
    let metric = stat.metric().unwrap();
    let value = match (metric.namespace(), stat.stat()) {
        (Some(NAMESPACE), Some("SampleCount")) => Some(100.0),
        (Some(NAMESPACE), _) => Some(50.0),
        _ => state.usage.get(metric.metric_name().unwrap()).copied(),
    };
    let (first, last) = (
        request.start_time().unwrap().secs(),
        request.end_time().unwrap().secs() - i64::from(DAY_SECONDS),
    );
    let values = value.map(|value| [(first, value), (last, 2.0 * value)]);
    let values = values.into_iter().flatten();
    MetricDataResult::builder()
        .set_id(query.id.clone())
        .status_code(StatusCode::Complete)
        .set_timestamps(Some(values.clone().map(|(at, _)| DateTime::from_secs(at)).collect()))
        .set_values(Some(values.map(|(_, value)| value).collect()))
        .build()
}

/// The alarm as alarm-updater puts it.
fn quality_alarm((which, alarm): (&(QualityKind, Severity), &Alarm)) -> MetricAlarm {
    let desired =
        desired_quality_alarms(&quality_series(), &QualityTuning::default(), NAMESPACE, &prefix());
    let desired = desired.iter().find(|desired| desired.name == quality_name(*which)).unwrap();
    as_put(desired, alarm)
}

/// The alarm as alarm-updater puts it.
fn component_alarm((kind, alarm): (&AlarmKind, &Alarm)) -> MetricAlarm {
    let lines = Lines { tuning: &Tuning::default(), budget: Some(4.0) };
    let desired = desired_component_alarms(&component(), lines, &prefix());
    let desired = desired.iter().find(|desired| desired.name == component_name(*kind)).unwrap();
    as_put(desired, alarm)
}

fn as_put(desired: &DesiredAlarm, alarm: &Alarm) -> MetricAlarm {
    let Watch::Metrics(watch) = &desired.watch else { panic!("{}", desired.name) };
    let (operator, threshold) = match watch.breach {
        Breach::Below(line) => (ComparisonOperator::LessThanThreshold, line),
        Breach::AtLeast(line) => (ComparisonOperator::GreaterThanOrEqualToThreshold, line),
        _ => panic!("{}", desired.name),
    };
    let queries = watch.queries.iter().map(|query| {
        let sdk = MetricDataQuery::builder().id(&query.id).return_data(query.watched);
        match &query.source {
            QuerySource::Expression(text) => sdk.expression(text).build(),
            QuerySource::Metric { namespace, metric, dimensions, statistic, period_seconds } => {
                let dimensions = dimensions
                    .iter()
                    .map(|(name, value)| Dimension::builder().name(name).value(value).build());
                let metric = Metric::builder()
                    .namespace(namespace)
                    .metric_name(metric)
                    .set_dimensions(Some(dimensions.collect()));
                let period = i32::try_from(*period_seconds).unwrap();
                let stat = MetricStat::builder().metric(metric.build()).period(period);
                sdk.metric_stat(stat.stat(statistic).build()).build()
            }
        }
    });
    MetricAlarm::builder()
        .alarm_name(&desired.name)
        .set_metrics(Some(queries.collect()))
        .comparison_operator(operator)
        .threshold(threshold)
        .evaluation_periods(i32::try_from(watch.evaluation.evaluation_periods).unwrap())
        .treat_missing_data("notBreaching")
        .state_value(match alarm.state {
            AlarmState::Alarm => StateValue::Alarm,
            AlarmState::Ok => StateValue::Ok,
            AlarmState::InsufficientData => StateValue::InsufficientData,
        })
        .state_transitioned_timestamp(DateTime::from_secs(alarm.changed_at.as_second()))
        .actions_enabled(alarm.is_audible)
        .build()
}

fn quality_data(state: &State, query: &MetricDataQuery) -> MetricDataResult {
    let is_mean = query.metric_stat().and_then(|stat| stat.stat()) == Some("Average");
    let data = state.quality_data.iter();
    let at = |minutes: &i64| DateTime::from_secs(state.now.as_second() - 60 * minutes);
    MetricDataResult::builder()
        .set_id(query.id.clone())
        .status_code(StatusCode::Complete)
        .set_timestamps(Some(data.clone().map(|(minutes, ..)| at(minutes)).collect()))
        .set_values(Some(
            data.map(|(_, mean, samples)| if is_mean { *mean } else { *samples }).collect(),
        ))
        .build()
}

fn key(item: &HashMap<String, AttributeValue>) -> (String, String) {
    let text = |name: &str| item[name].as_s().unwrap().clone();
    (text("pk"), text("sk"))
}

fn dynamodb(state: &Shared) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb as sdk;
    let get =
        serve!(state, sdk::get_item, GetItemError, |state: &mut State, request: &GetItemInput| {
            let row = state.rows.get(&key(request.key().unwrap())).cloned();
            Ok(GetItemOutput::builder().set_item(row).build())
        });
    let put =
        serve!(state, sdk::put_item, PutItemError, |state: &mut State, request: &PutItemInput| {
            let item = request.item().unwrap().clone();
            let old = state.rows.get(&key(&item)).cloned();
            if !may_put(request, old.as_ref()) {
                let failed = ConditionalCheckFailedException::builder()
                    .set_item(old)
                    .meta(error("ConditionalCheckFailedException"))
                    .build();
                return Err(Box::new(PutItemError::ConditionalCheckFailedException(failed)));
            }
            state.rows.insert(key(&item), item);
            let old = old.filter(|_| request.return_values().is_some());
            Ok(PutItemOutput::builder().set_attributes(old).build())
        });
    let delete = serve!(
        state,
        sdk::delete_item,
        DeleteItemError,
        |state: &mut State, request: &DeleteItemInput| {
            state.rows.remove(&key(request.key().unwrap()));
            Ok(DeleteItemOutput::builder().build())
        }
    );
    // One row a page, so that every look at several has to follow the pages.
    let query = serve!(state, sdk::query, QueryError, |state: &mut State, request: &QueryInput| {
        let pk = request.expression_attribute_values().unwrap()[":pk"].as_s().unwrap();
        let after = request.exclusive_start_key().map(key);
        let mut rows = state.rows.iter().filter(|(found, _)| {
            found.0 == *pk && after.as_ref().is_none_or(|after| *found > after)
        });
        let row = rows.next().map(|(_, row)| row.clone());
        let last = rows.next().and(row.clone());
        Ok(QueryOutput::builder()
            .set_items(Some(row.into_iter().collect()))
            .set_last_evaluated_key(last)
            .build())
    });
    client!(aws_sdk_dynamodb, [&get, &put, &delete, &query])
}

/// The three conditions the ledger writes under.
fn may_put(request: &PutItemInput, old: Option<&HashMap<String, AttributeValue>>) -> bool {
    let given = |name: &str| &request.expression_attribute_values().unwrap()[name];
    match (request.condition_expression(), old) {
        (None, _) | (Some(_), None) => true,
        (Some("attribute_not_exists(pk)"), Some(_)) => false,
        (Some("#version = :version"), Some(old)) => &old["version"] == given(":version"),
        (
            Some("attribute_not_exists(pk) OR (#state = :intent AND lease_until < :now)"),
            Some(old),
        ) => {
            let seconds = |value: &AttributeValue| value.as_n().unwrap().parse::<i64>().unwrap();
            &old["state"] == given(":intent")
                && seconds(&old["lease_until"]) < seconds(given(":now"))
        }
        (Some(other), _) => panic!("an unknown condition: {other}"),
    }
}

fn quotas(state: &Shared) -> aws_sdk_servicequotas::Client {
    use aws_sdk_servicequotas as sdk;
    let get = serve!(
        state,
        sdk::get_service_quota,
        GetServiceQuotaError,
        |state: &mut State, request: &GetServiceQuotaInput| {
            let value = state.quotas.get(request.quota_code().unwrap()).copied();
            let unknown = || GetServiceQuotaError::generic(error("NoSuchResourceException"));
            let value = value.ok_or_else(|| Box::new(unknown()))?;
            let quota = ServiceQuota::builder().value(value).adjustable(true).build();
            Ok(GetServiceQuotaOutput::builder().quota(quota).build())
        }
    );
    let history = serve!(
        state,
        sdk::list_requested_service_quota_change_history,
        ListRequestedServiceQuotaChangeHistoryError,
        |state: &mut State, _| {
            let all = state.requests().iter().map(change).collect();
            Ok(ListRequestedServiceQuotaChangeHistoryOutput::builder()
                .set_requested_quotas(Some(all))
                .build())
        }
    );
    let one = serve!(
        state,
        sdk::get_requested_service_quota_change,
        GetRequestedServiceQuotaChangeError,
        |state: &mut State, asked: &GetRequestedServiceQuotaChangeInput| {
            let requests = state.requests();
            let request =
                requests.iter().find(|request| Some(request.id.as_str()) == asked.request_id());
            let unknown =
                || GetRequestedServiceQuotaChangeError::generic(error("NoSuchResourceException"));
            let request = request.ok_or_else(|| Box::new(unknown()))?;
            Ok(GetRequestedServiceQuotaChangeOutput::builder()
                .requested_quota(change(request))
                .build())
        }
    );
    let increase = serve!(
        state,
        sdk::request_service_quota_increase,
        RequestServiceQuotaIncreaseError,
        |state: &mut State, asked: &RequestServiceQuotaIncreaseInput| {
            let code = asked.quota_code().unwrap();
            let is_open = error("ResourceAlreadyExistsException");
            let request = state.request(code, asked.desired_value().unwrap());
            let request = request
                .ok_or_else(|| Box::new(RequestServiceQuotaIncreaseError::generic(is_open)))?;
            Ok(RequestServiceQuotaIncreaseOutput::builder()
                .requested_quota(change(&request))
                .build())
        }
    );
    client!(aws_sdk_servicequotas, [&get, &history, &one, &increase])
}

fn change(request: &Request) -> RequestedServiceQuotaChange {
    let (status, updated_at) = match (&request.decided, &request.case_number) {
        (Some((status, decided_at)), _) => (status.clone(), *decided_at),
        (None, None) => (RequestStatus::Pending, request.made_at),
        (None, Some(_)) => (RequestStatus::CaseOpened, request.made_at),
    };
    RequestedServiceQuotaChange::builder()
        .id(&request.id)
        .quota_code(&request.code)
        .desired_value(request.desired)
        .status(status)
        .set_case_id(request.case_number.clone())
        .created(DateTime::from_secs(request.made_at.as_second()))
        .last_updated(DateTime::from_secs(updated_at.as_second()))
        .build()
}

fn sns(state: &Shared) -> aws_sdk_sns::Client {
    use aws_sdk_sns as sdk;
    let publish =
        serve!(state, sdk::publish, PublishError, |state: &mut State, request: &PublishInput| {
            let topic = request.topic_arn().unwrap_or_default();
            if state.denied_topic == Some(topic) {
                let denied = error("AuthorizationErrorException");
                return Err(Box::new(PublishError::generic(denied)));
            }
            let message = request.message().unwrap_or_default().to_owned();
            if topic.ends_with(":alerts") {
                state.mails.push((request.subject().unwrap_or_default().to_owned(), message));
            } else {
                state.published.push((topic.to_owned(), message));
            }
            Ok(PublishOutput::builder().message_id(format!("mail-{}", state.mails.len())).build())
        });
    client!(aws_sdk_sns, [&publish])
}

fn sqs(state: &Shared) -> aws_sdk_sqs::Client {
    use aws_sdk_sqs as sdk;
    let send = serve!(
        state,
        sdk::send_message,
        SendMessageError,
        |state: &mut State, request: &SendMessageInput| {
            let delay = i64::from(request.delay_seconds().unwrap_or(0));
            state.enqueue(request.message_body().unwrap(), delay);
            Ok(SendMessageOutput::builder().build())
        }
    );
    let retry = serve!(
        state,
        sdk::change_message_visibility,
        ChangeMessageVisibilityError,
        |state: &mut State, request: &ChangeMessageVisibilityInput| {
            state.retry_after = request.visibility_timeout().map(i64::from);
            Ok(ChangeMessageVisibilityOutput::builder().build())
        }
    );
    client!(aws_sdk_sqs, [&send, &retry])
}

fn ssm(state: &Shared) -> aws_sdk_ssm::Client {
    use aws_sdk_ssm as sdk;
    let get = serve!(
        state,
        sdk::get_parameters,
        GetParametersError,
        |state: &mut State, request: &GetParametersInput| {
            assert!(request.names().len() <= 10, "GetParameters takes ten names");
            let found = request.names().iter().filter_map(|name| {
                let value = state.parameters.get(name)?;
                Some(Parameter::builder().name(name).value(value).build())
            });
            Ok(GetParametersOutput::builder().set_parameters(Some(found.collect())).build())
        }
    );
    let by_path = serve!(
        state,
        sdk::get_parameters_by_path,
        GetParametersByPathError,
        |state: &mut State, request: &GetParametersByPathInput| {
            let path = format!("{}/", request.path().unwrap());
            let found = state.parameters.iter().filter(|(name, _)| name.starts_with(&path));
            let found =
                found.map(|(name, value)| Parameter::builder().name(name).value(value).build());
            Ok(GetParametersByPathOutput::builder().set_parameters(Some(found.collect())).build())
        }
    );
    client!(aws_sdk_ssm, [&get, &by_path])
}

fn support(state: &Shared) -> aws_sdk_support::Client {
    use aws_sdk_support as sdk;
    let cases = serve!(
        state,
        sdk::describe_cases,
        DescribeCasesError,
        |state: &mut State, request: &DescribeCasesInput| {
            let (number, resolved) = (request.display_id(), request.include_resolved_cases());
            let is_listed = state.unlisted_until.is_none_or(|until| state.now >= until);
            let found = state.cases().iter().filter(|case| {
                is_listed
                    && number.is_none_or(|number| case.number == number)
                    && (resolved == Some(true) || !case.is_resolved)
            });
            let found = found.map(details).collect();
            Ok(DescribeCasesOutput::builder().set_cases(Some(found)).build())
        }
    );
    let services =
        serve!(state, sdk::describe_services, DescribeServicesError, |_: &mut State, _| {
            let category = Category::builder().code("general-guidance").name("General").build();
            let bedrock =
                Service::builder().code("bedrock").name("Bedrock").categories(category).build();
            Ok(DescribeServicesOutput::builder().services(bedrock).build())
        });
    let create = serve!(
        state,
        sdk::create_case,
        CreateCaseError,
        |state: &mut State, request: &CreateCaseInput| {
            let case =
                state.open_case(request.subject().unwrap(), request.communication_body().unwrap());
            state.set_severity(&case, request.severity_code().unwrap());
            Ok(CreateCaseOutput::builder().case_id(case).build())
        }
    );
    let append = serve!(
        state,
        sdk::add_communication_to_case,
        AddCommunicationToCaseError,
        |state: &mut State, request: &AddCommunicationToCaseInput| {
            state.append(request.case_id().unwrap(), request.communication_body().unwrap());
            Ok(AddCommunicationToCaseOutput::builder().result(true).build())
        }
    );
    let read = serve!(
        state,
        sdk::describe_communications,
        DescribeCommunicationsError,
        |state: &mut State, request: &DescribeCommunicationsInput| {
            let case =
                state.cases().iter().find(|case| Some(case.id.as_str()) == request.case_id());
            let messages = case
                .into_iter()
                .flat_map(|case| &case.messages)
                .map(|(by, body)| Communication::builder().submitted_by(by).body(body).build());
            Ok(DescribeCommunicationsOutput::builder()
                .set_communications(Some(messages.collect()))
                .build())
        }
    );
    client!(aws_sdk_support, [&cases, &services, &create, &append, &read])
}

fn details(case: &Case) -> CaseDetails {
    CaseDetails::builder()
        .case_id(&case.id)
        .display_id(&case.number)
        .subject(&case.subject)
        .status("opened")
        .time_created(Timestamp::to_string(&case.opened_at))
        .build()
}
