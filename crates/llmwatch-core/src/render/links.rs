//! Links into the management console, for the right Region and partition.

use std::fmt::Write as _;

use crate::ids::{QuotaCode, Region};

/// The page of one alarm, in the form AWS's own alarm mails use.
pub(super) fn alarm(region: &Region, name: &str) -> String {
    let name = percent_encoded(name);
    cloudwatch(region, "deeplink.js", &format!("alarmsV2:alarm/{name}"))
}

/// CloudWatch's metrics of Bedrock.
pub(super) fn metrics(region: &Region) -> String {
    cloudwatch(region, "home", "metricsV2?graph=~()&namespace=~'AWS*2fBedrock")
}

/// CloudWatch's metrics of one namespace; of all where it is empty.
pub(super) fn metrics_of(region: &Region, namespace: &str) -> String {
    // The console's own encoding is `*` and two hexadecimal digits, where URLs have `%`.
    let namespace = percent_encoded(namespace).replace('%', "*");
    let chosen = if namespace.is_empty() { "" } else { "&namespace=~'" };
    cloudwatch(region, "home", &format!("metricsV2?graph=~(){chosen}{namespace}"))
}

fn cloudwatch(region: &Region, page: &str, view: &str) -> String {
    format!("https://{}/cloudwatch/{page}?region={region}#{view}", region.console_host())
}

/// CloudWatch Logs Insights, for the model invocation log.
pub(super) fn logs_insights(region: &Region) -> String {
    cloudwatch(region, "home", "logsV2:logs-insights")
}

/// CloudTrail's event history of Bedrock calls.
pub(super) fn cloudtrail(region: &Region) -> String {
    format!(
        "https://{}/cloudtrailv2/home?region={region}#/events?EventSource=bedrock.amazonaws.com",
        region.console_host()
    )
}

/// The page of one Bedrock quota, where an increase is requested.
pub(super) fn quota(region: &Region, code: &QuotaCode) -> String {
    format!(
        "https://{}/servicequotas/home/services/bedrock/quotas/{code}?region={region}",
        region.console_host()
    )
}

/// The quota increase requests made so far.
pub(super) fn quota_requests(region: &Region) -> String {
    format!("https://{}/servicequotas/home/requests?region={region}", region.console_host())
}

/// A Support case by the number Support shows, not by the id of its API.
pub(super) fn case(region: &Region, display_id: &str) -> String {
    support(region, &format!("?displayId={}", percent_encoded(display_id)))
}

/// All Support cases.
pub(super) fn cases(region: &Region) -> String {
    support(region, "history")
}

/// The form for a technical case.
pub(super) fn technical_case(region: &Region) -> String {
    support(region, "create?issueType=technical")
}

/// The form for a quota that Service Quotas does not raise.
///
/// Source, read on 21 Nov 2026:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-increase.html>.
pub(super) fn limit_increase_form(region: &Region) -> String {
    support(region, "create?issueType=service-limit-increase")
}

/// The public page of AWS's incidents; China has its own.
pub(super) fn health(region: &Region) -> &'static str {
    match region.partition() {
        "aws-cn" => "https://status.amazonaws.cn/",
        _ => "https://health.aws.amazon.com/health/status",
    }
}

/// Support has one console a partition; `region` stands in the link for the reader's own.
fn support(region: &Region, page: &str) -> String {
    format!("https://{}/support/home?region={region}#/case/{page}", region.console_host())
}

/// Every byte but letters, digits and `-._~` as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_of_the_region_and_its_partition() {
        for (region, host) in [
            ("ap-northeast-1", "ap-northeast-1.console.aws.amazon.com"),
            ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
            ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ] {
            let parsed = Region::parse(region).unwrap();
            let code = QuotaCode::parse("L-58BE175A").unwrap();
            for link in [
                alarm(&parsed, "a"),
                metrics(&parsed),
                metrics_of(&parsed, "LLMWatch/Quality"),
                logs_insights(&parsed),
                cloudtrail(&parsed),
                quota(&parsed, &code),
                quota_requests(&parsed),
                case(&parsed, "1"),
                cases(&parsed),
                technical_case(&parsed),
                limit_increase_form(&parsed),
            ] {
                assert!(link.starts_with(&format!("https://{host}/")), "{link}");
                assert!(link.contains(&format!("region={region}")), "{link}");
            }
        }
    }

    #[test]
    fn alarm_names_are_encoded() {
        let region = Region::parse("us-east-1").unwrap();
        assert_eq!(
            alarm(&region, "a b/c+d_e.f"),
            "https://us-east-1.console.aws.amazon.com/cloudwatch/deeplink.js?region=us-east-1\
             #alarmsV2:alarm/a%20b%2Fc%2Bd_e.f"
        );
    }
}
