//! What is left of a deleted stack, and why.

use llmwatch_aws::stacks::StackResource;

/// The kinds of the resources the template has CloudFormation keep: the ledger, and where quality
/// is scored the buckets of logs and of call records, with their policies.
const LEDGER_KIND: &str = "AWS::DynamoDB::Table";
const BUCKET_KIND: &str = "AWS::S3::Bucket";
const BUCKET_POLICY_KIND: &str = "AWS::S3::BucketPolicy";
const KEPT_KINDS: [&str; 3] = [LEDGER_KIND, BUCKET_KIND, BUCKET_POLICY_KIND];

/// What is said when CloudFormation has deleted the stack; `before` and `after` are its resources
/// then and now.
pub(crate) fn report(before: &[StackResource], after: &[StackResource]) -> String {
    let is_kept = |resource: &&StackResource| {
        let now = after.iter().find(|one| one.logical_id == resource.logical_id);
        match now.map(|now| now.status.as_str()) {
            Some("DELETE_SKIPPED") => true,
            Some("DELETE_COMPLETE") => false,
            // Not every answer lists what was skipped.
            Some(_) | None => KEPT_KINDS.contains(&resource.kind.as_str()),
        }
    };
    let mut lines = vec!["Kept:".to_owned()];
    for resource in before.iter().filter(is_kept) {
        let Some(name) = &resource.physical_id else { continue };
        lines.push(match resource.kind.as_str() {
            // It goes with its bucket.
            BUCKET_POLICY_KIND => continue,
            BUCKET_KIND => bucket(&resource.logical_id, name),
            LEDGER_KIND => format!(
                "  DynamoDB table {name}: the episodes, and what was asked of AWS in your name. A \
                 new deployment\n    begins a table of its own and does not read this one. To \
                 delete it:\n    aws dynamodb delete-table --table-name {name}"
            ),
            kind => format!("  {kind} {name}: the template says to keep it"),
        });
    }
    lines.push(
        "  Quota increases and support cases, open and done: they are your account's".to_owned(),
    );
    lines.push(
        "  What SAM uploaded to its bucket for the deployments, if you deployed with SAM; other \
         stacks\n    share that bucket"
            .to_owned(),
    );
    lines.push("Goes by itself:".to_owned());
    for key in before.iter().filter(|resource| resource.kind == "AWS::KMS::Key") {
        let Some(id) = &key.physical_id else { continue };
        lines.push(format!(
            "  KMS key {id}: AWS waits 7 days before it deletes a key, and charges nothing for it \
             meanwhile"
        ));
    }
    lines.push(
        "  Metrics in LLMWatch/Quota and of quality: CloudWatch cannot delete a metric; each value \
         expires after 15 months"
            .to_owned(),
    );
    lines.join("\n")
}

fn bucket(logical_id: &str, name: &str) -> String {
    let what = match logical_id {
        "LogBucket" => {
            "what Bedrock logged, prompts and answers included. It logs no\n    more, unless you \
             changed its logging yourself; objects expire after InvocationLogDays"
        }
        "ResultsBucket" => {
            "the records of calls with their scores, which cannot be made\n    again once the logs \
             have expired; objects expire after CallRecordDays"
        }
        _ => "the template says to keep it",
    };
    format!("  S3 bucket {name}: {what}.\n    To delete it: aws s3 rb --force s3://{name}")
}

/// What is said when CloudFormation could not delete everything.
pub(crate) fn failures(after: &[StackResource], stack: &str) -> String {
    let failed = after.iter().filter(|resource| resource.status == "DELETE_FAILED");
    let mut lines = vec![format!("The stack {stack} could not be deleted whole:")];
    lines.extend(failed.map(|resource| {
        let name = resource.physical_id.as_deref().unwrap_or("never made");
        let reason = resource.reason.as_deref().unwrap_or("CloudFormation does not say why");
        format!("  {} ({name}): {reason}", resource.logical_id)
    }));
    lines.push(
        "Mend that and delete the stack again: what is gone already is no error, and nothing is \
         rebuilt meanwhile."
            .to_owned(),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: &str, name: &str, status: &str, reason: Option<&str>) -> StackResource {
        StackResource {
            logical_id: name.to_owned(),
            physical_id: Some(format!("llmwatch-{name}-1F7J3K")),
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn what_cloudformation_skipped_is_named_with_its_reason_and_its_end() {
        let before = [
            resource("AWS::KMS::Key", "Key", "CREATE_COMPLETE", None),
            resource("AWS::DynamoDB::Table", "Ledger", "CREATE_COMPLETE", None),
            resource("AWS::S3::Bucket", "LogBucket", "CREATE_COMPLETE", None),
            resource("AWS::S3::BucketPolicy", "LogBucketPolicy", "CREATE_COMPLETE", None),
            resource("AWS::S3::Bucket", "ResultsBucket", "CREATE_COMPLETE", None),
        ];
        let after = [
            resource("AWS::KMS::Key", "Key", "DELETE_COMPLETE", None),
            resource("AWS::DynamoDB::Table", "Ledger", "DELETE_SKIPPED", None),
            resource("AWS::S3::Bucket", "LogBucket", "DELETE_SKIPPED", None),
            resource("AWS::S3::BucketPolicy", "LogBucketPolicy", "DELETE_SKIPPED", None),
            resource("AWS::S3::Bucket", "ResultsBucket", "DELETE_SKIPPED", None),
        ];
        insta::assert_snapshot!(report(&before, &after));
        assert_eq!(report(&before, &[]), report(&before, &after), "also when nothing is listed");
    }

    #[test]
    fn what_could_not_be_deleted_is_named_with_cloudformations_reason() {
        let after = [
            resource("AWS::SQS::Queue", "FollowUpQueue", "DELETE_COMPLETE", None),
            resource("Custom::PoolAlarms", "PoolAlarms", "DELETE_FAILED", Some("Throttling")),
        ];
        insta::assert_snapshot!(failures(&after, "llmwatch"));
    }
}
