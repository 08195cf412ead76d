//! AWS's list prices in us-east-1, and what one hour and one incident take.
//!
//! Read in November 2026 from stored copies of the pages named, whose own dates differ. A price
//! that only third parties could be read for says so.

use std::fmt;

/// Something AWS bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A metric that a standard alarm reads, a month.
    AlarmMetric,
    /// A composite alarm, a month.
    CompositeAlarm,
    /// A metric of ours (name and dimensions), a month.
    CustomMetric,
    /// A dashboard, a month.
    Dashboard,
    /// A metric that `GetMetricData` is asked for.
    MetricRead,
    /// Any other call of CloudWatch.
    CloudWatchRequest,
    /// An invocation.
    FunctionRequest,
    /// A second of a function with 1 GB, on arm64.
    FunctionGigabyteSecond,
    /// A call of SQS, Lambda's polls included.
    QueueRequest,
    /// An e-mail that SNS delivers.
    Email,
    /// A write to the ledger of at most 1 KB.
    LedgerWrite,
    /// A consistent read of the ledger of at most 4 KB.
    LedgerRead,
    /// A customer-managed key, a month.
    Key,
    /// A call of KMS.
    KeyRequest,
    /// A secret, a month.
    Secret,
    /// A gigabyte of logs taken in.
    LogGigabyte,
    /// A trace that X-Ray records.
    Trace,
    /// An object written to S3.
    ObjectWrite,
    /// An object read from S3.
    ObjectRead,
    /// A gigabyte kept in S3, a month.
    StoredGigabyte,
}

impl Item {
    /// All items, in the order of a bill.
    pub const ALL: [Self; 20] = [
        Self::AlarmMetric,
        Self::CompositeAlarm,
        Self::CustomMetric,
        Self::Dashboard,
        Self::MetricRead,
        Self::CloudWatchRequest,
        Self::FunctionRequest,
        Self::FunctionGigabyteSecond,
        Self::QueueRequest,
        Self::Email,
        Self::LedgerWrite,
        Self::LedgerRead,
        Self::Key,
        Self::KeyRequest,
        Self::Secret,
        Self::LogGigabyte,
        Self::Trace,
        Self::ObjectWrite,
        Self::ObjectRead,
        Self::StoredGigabyte,
    ];
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlarmMetric => "CloudWatch: metrics read by alarms",
            Self::CompositeAlarm => "CloudWatch: composite alarms",
            Self::CustomMetric => "CloudWatch: metrics of our own",
            Self::Dashboard => "CloudWatch: dashboards",
            Self::MetricRead => "CloudWatch: metrics read by GetMetricData",
            Self::CloudWatchRequest => "CloudWatch: other calls",
            Self::FunctionRequest => "Lambda: invocations",
            Self::FunctionGigabyteSecond => "Lambda: GB-seconds (arm64)",
            Self::QueueRequest => "SQS: calls, mostly Lambda's polls",
            Self::Email => "SNS: e-mails",
            Self::LedgerWrite => "DynamoDB: writes",
            Self::LedgerRead => "DynamoDB: reads",
            Self::Key => "KMS: key",
            Self::KeyRequest => "KMS: calls",
            Self::Secret => "Secrets Manager: secret",
            Self::LogGigabyte => "CloudWatch Logs: GB taken in",
            Self::Trace => "X-Ray: traces",
            Self::ObjectWrite => "S3: objects written",
            Self::ObjectRead => "S3: objects read",
            Self::StoredGigabyte => "S3: GB kept",
        })
    }
}

/// A list price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// For what.
    pub item: Item,
    /// Dollars for `per` units.
    pub dollars: f64,
    /// The units `dollars` are for.
    pub per: f64,
    /// Units a month that are always free, for the whole account.
    pub free_units: f64,
    /// Where AWS states it.
    pub source: &'static str,
    /// Who could be read.
    pub checked: Checked,
}

/// How far a price could be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// A copy of AWS's own page says so.
    AtAws,
    /// Other pages agree on it; AWS's own, stored without its price table, could not be read.
    AtThirdParties,
    /// Nothing could be read; it is from memory.
    NotChecked,
}

const CLOUDWATCH: &str = "https://aws.amazon.com/cloudwatch/pricing/";
const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const DYNAMODB: &str = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
const KMS: &str = "https://aws.amazon.com/kms/pricing/";
const S3: &str = "https://aws.amazon.com/s3/pricing/";
const MILLION: f64 = 1_000_000.0;

/// Every item's price, in the order of [`Item::ALL`].
pub const PRICES: [Price; 20] = [
    price(Item::AlarmMetric, 0.10, 1.0, 10.0, CLOUDWATCH, Checked::AtThirdParties),
    price(Item::CompositeAlarm, 0.50, 1.0, 0.0, CLOUDWATCH, Checked::AtThirdParties),
    // 0.30 up to 10,000 metrics.
    price(Item::CustomMetric, 0.30, 1.0, 10.0, CLOUDWATCH, Checked::AtThirdParties),
    // Three dashboards of at most 50 metrics each are free; ours have more.
    price(Item::Dashboard, 3.0, 1.0, 0.0, CLOUDWATCH, Checked::NotChecked),
    price(Item::MetricRead, 0.01, 1_000.0, 0.0, CLOUDWATCH, Checked::NotChecked),
    price(Item::CloudWatchRequest, 0.01, 1_000.0, MILLION, CLOUDWATCH, Checked::NotChecked),
    price(Item::FunctionRequest, 0.20, MILLION, MILLION, LAMBDA, Checked::AtThirdParties),
    price(
        Item::FunctionGigabyteSecond,
        0.000_013_333_4,
        1.0,
        400_000.0,
        LAMBDA,
        Checked::AtThirdParties,
    ),
    price(
        Item::QueueRequest,
        0.40,
        MILLION,
        MILLION,
        "https://aws.amazon.com/sqs/pricing/",
        Checked::AtThirdParties,
    ),
    price(
        Item::Email,
        2.0,
        100_000.0,
        1_000.0,
        "https://aws.amazon.com/sns/pricing/",
        Checked::AtThirdParties,
    ),
    // The requests on demand have no free tier; storage below 25 GB is free.
    price(Item::LedgerWrite, 0.625, MILLION, 0.0, DYNAMODB, Checked::NotChecked),
    price(Item::LedgerRead, 0.125, MILLION, 0.0, DYNAMODB, Checked::NotChecked),
    // Rotation adds 1 USD in the second and 1 USD in the third year, no more.
    price(Item::Key, 1.0, 1.0, 0.0, KMS, Checked::AtAws),
    price(Item::KeyRequest, 0.03, 10_000.0, 20_000.0, KMS, Checked::AtThirdParties),
    price(
        Item::Secret,
        0.40,
        1.0,
        0.0,
        "https://aws.amazon.com/secrets-manager/pricing/",
        Checked::NotChecked,
    ),
    price(Item::LogGigabyte, 0.50, 1.0, 5.0, CLOUDWATCH, Checked::AtThirdParties),
    price(
        Item::Trace,
        5.0,
        MILLION,
        100_000.0,
        "https://aws.amazon.com/xray/pricing/",
        Checked::AtAws,
    ),
    price(Item::ObjectWrite, 0.005, 1_000.0, 0.0, S3, Checked::NotChecked),
    price(Item::ObjectRead, 0.000_4, 1_000.0, 0.0, S3, Checked::NotChecked),
    price(Item::StoredGigabyte, 0.023, 1.0, 0.0, S3, Checked::NotChecked),
];

const fn price(
    item: Item,
    dollars: f64,
    per: f64,
    free_units: f64,
    source: &'static str,
    checked: Checked,
) -> Price {
    Price { item, dollars, per, free_units, source, checked }
}

/// Lambda's polls of one empty queue an hour: five pollers that wait 20 s each.
///
/// How many pollers there are is not documented for an idle queue; five is what its documentation
/// starts with: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
pub(super) const POLLS_AN_HOUR: f64 = 5.0 * 3_600.0 / 20.0;

/// The functions' memory in GB.
const MEMORY_GIGABYTES: f64 = 0.25;

/// What the two hourly runs take, of so many alarms and series, when nothing changes.
pub(super) fn hourly(alarms: f64, series: f64) -> Vec<(Item, f64)> {
    // ListMetrics by 500, about ten metrics a series; DescribeAlarms by 100; the anomaly models;
    // PutMetricData.
    let requests =
        (series * 10.0 / 500.0).ceil().max(1.0) + (alarms / 100.0).ceil().max(1.0) * 2.0 + 1.0;
    // Measured at 20 ms a call, and twice that for a slow hour.
    let seconds = 3.0 + alarms / 100.0;
    vec![
        (Item::CloudWatchRequest, requests),
        (Item::FunctionRequest, 2.0),
        (Item::FunctionGigabyteSecond, seconds * MEMORY_GIGABYTES),
        // Two log lines a pool, a kilobyte each with their fields.
        (Item::LogGigabyte, (4.0 + series * 2.0) / MILLION),
        (Item::Trace, 2.0),
    ]
}

/// What one incident takes, from its first alarm to its recovery, in a pool of so many series.
pub(super) fn incident(series: f64, recipients: f64) -> Vec<(Item, f64)> {
    vec![
        // Nine metrics a series, in two pages for the decision and one for the recovery.
        (Item::MetricRead, 9.0 * series * 3.0),
        (Item::CloudWatchRequest, 5.0),
        (Item::FunctionRequest, 15.0),
        (Item::FunctionGigabyteSecond, 15.0 * 1.0 * MEMORY_GIGABYTES),
        (Item::QueueRequest, 30.0),
        (Item::Email, 2.0 * recipients),
        (Item::LedgerWrite, 60.0),
        (Item::LedgerRead, 120.0),
        (Item::KeyRequest, 60.0),
        (Item::LogGigabyte, 50.0 / MILLION),
        (Item::Trace, 15.0),
    ]
}
