//! What a guardrail did.
//!
//! Bedrock says that a guardrail intervened for masking as well as for withholding; only the actions
//! in the trace tell them apart. `modelOutput` of the trace keeps the answer that was withheld and
//! is never read. Sources: `GuardrailTraceAssessment` and `GuardrailAssessment` of
//! the Bedrock Runtime API (botocore's model), and for native bodies
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-invoke.html>.

use crate::body::Answer;
use crate::exchange::{GuardrailAction, StopReason};
use crate::json::Json;

/// Reads what Bedrock adds to native bodies.
pub(super) fn note_native(chunk: &Json<'_>, answer: &mut Answer) {
    if let Some(action) = chunk.str("amazon-bedrock-guardrailAction") {
        let intervened =
            action.ends_with("INTERVENED") || answer.guardrail_intervened == Some(true);
        answer.guardrail_intervened = Some(intervened);
    }
    note_trace(chunk.get("amazon-bedrock-trace"), answer);
}

/// Reads the trace of a Converse body, of a stream's metadata, or of a native body.
pub(super) fn note_trace(trace: Option<&Json<'_>>, answer: &mut Answer) {
    if let Some(guardrail) = trace.and_then(|trace| trace.get("guardrail")) {
        let traced = greatest(guardrail).unwrap_or(GuardrailAction::None);
        answer.guardrail_traced = answer.guardrail_traced.max(Some(traced));
    }
}

/// The greatest action anywhere below; assessments differ in shape between the APIs.
fn greatest(json: &Json<'_>) -> Option<GuardrailAction> {
    let below = |(key, value): &(_, Json<'_>)| match (AsRef::<str>::as_ref(key), value) {
        ("modelOutput", _) => None,
        ("action", Json::String(action)) => match action.as_ref() {
            "BLOCKED" => Some(GuardrailAction::Blocked),
            "ANONYMIZED" => Some(GuardrailAction::Masked),
            _ => Some(GuardrailAction::None),
        },
        (_, value) => greatest(value),
    };
    let of_members = json.members().iter().filter_map(below).max();
    of_members.max(json.items().iter().filter_map(greatest).max())
}

/// What was done in the end; none where nothing tells of a guardrail.
///
/// A trace with an action says more than the word that there was one.
pub(crate) fn settled(answer: &Answer, is_guarded: bool) -> Option<GuardrailAction> {
    let stopped = answer.stop_reason == Some(StopReason::GuardrailIntervened);
    match answer.guardrail_traced {
        Some(action @ (GuardrailAction::Masked | GuardrailAction::Blocked)) => Some(action),
        _ if stopped || answer.guardrail_intervened == Some(true) => {
            Some(GuardrailAction::Intervened)
        }
        Some(action) => Some(action),
        None if is_guarded || answer.guardrail_intervened.is_some() => Some(GuardrailAction::None),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::exchange::GuardrailAction;
    use crate::json;

    #[track_caller]
    fn check(body: &str, expected: Option<GuardrailAction>) {
        let (_, answer) = json::read(body, body::answer).unwrap();
        assert_eq!(body::settled_guardrail(&answer, false), expected);
    }

    #[test]
    fn a_trace_tells_masking_from_blocking() {
        check(
            r#"{"stopReason":"guardrail_intervened","trace":{"guardrail":{"outputAssessments":{"g":[{"sensitiveInformationPolicy":{"piiEntities":[{"type":"EMAIL","action":"ANONYMIZED"}]},"contentPolicy":{"filters":[{"type":"HATE","action":"NONE"}]}}]}}}}"#,
            Some(GuardrailAction::Masked),
        );
        check(
            r#"{"stopReason":"guardrail_intervened","trace":{"guardrail":{"inputAssessment":{"g":{"topicPolicy":{"topics":[{"name":"x","type":"DENY","action":"BLOCKED"}]},"sensitiveInformationPolicy":{"regexes":[{"action":"ANONYMIZED"}]}}}}}}"#,
            Some(GuardrailAction::Blocked),
        );
    }

    #[test]
    fn without_a_trace_an_intervention_stays_unclear() {
        check(
            r#"{"stopReason":"guardrail_intervened","usage":{}}"#,
            Some(GuardrailAction::Intervened),
        );
        check(
            r#"{"completion":"x","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
            Some(GuardrailAction::Intervened),
        );
    }

    #[test]
    fn a_guardrail_that_found_nothing_says_none() {
        check(
            r#"{"completion":"x","amazon-bedrock-guardrailAction":"NONE"}"#,
            Some(GuardrailAction::None),
        );
        check(
            r#"{"stopReason":"end_turn","trace":{"guardrail":{"inputAssessment":{"g":{}}}}}"#,
            Some(GuardrailAction::None),
        );
        check(r#"{"completion":"x"}"#, None);
    }

    #[test]
    fn the_withheld_answer_is_not_taken_for_an_action() {
        check(
            r#"{"stopReason":"end_turn","trace":{"guardrail":{"modelOutput":["{\"action\":\"BLOCKED\"}"],"actionReason":"No action."}}}"#,
            Some(GuardrailAction::None),
        );
    }
}
