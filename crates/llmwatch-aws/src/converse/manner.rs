//! In what manner a model is asked, and in which one next when it refuses.

/// How a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Manner {
    /// How it is brought to answer in a form a program can read.
    pub form: Form,
    /// Whether it is asked to be as steady as it can.
    pub temperature: Temperature,
}

/// How a model is brought to answer in a form a program can read, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// By a JSON schema of its output.
    Schema,
    /// By a tool it must call, whose input has the schema.
    Tool,
    /// By the words of the question alone.
    Words,
}

/// Whether a model is asked to be as steady as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Temperature {
    /// Temperature 0.
    Zero,
    /// Nothing is said, for models that refuse to be told.
    ModelsOwn,
}

/// What a `ValidationException` says when the reason is not the manner of asking, in lower case:
/// another manner would be refused for the same reason.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>
/// and public reports of the messages (read 2026-11-22).
const OTHER_REASONS: [&str; 6] = [
    "model identifier",
    "on-demand throughput",
    "too long",
    "too many",
    "text or chat model",
    "operation not allowed",
];

impl Manner {
    /// The manner to begin with for a model nothing is known of.
    pub const BEST: Self = Self { form: Form::Schema, temperature: Temperature::Zero };

    /// In which manner to ask next after the model refused this one with these words; `None` when
    /// another manner cannot help.
    ///
    /// Claude from Opus 4.7 on refuses a temperature ("`temperature` is deprecated for this
    /// model"); a schema is refused in many words ("output_config.format: Extra inputs are not
    /// permitted"), so whatever does not have another reason is taken to be about the form.
    pub(super) fn after_refusal(self, message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        if message.contains("temperature") && self.temperature == Temperature::Zero {
            return Some(Self { temperature: Temperature::ModelsOwn, ..self });
        }
        if OTHER_REASONS.iter().any(|reason| message.contains(reason)) {
            return None;
        }
        let form = match self.form {
            Form::Schema => Form::Tool,
            Form::Tool => Form::Words,
            Form::Words => return None,
        };
        Some(Self { form, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_leads_to_the_next_manner_that_may_help() {
        use Form::{Schema, Tool, Words};
        use Temperature::{ModelsOwn, Zero};
        let check = |form, temperature, message: &str, expected: Option<(Form, Temperature)>| {
            let next = Manner { form, temperature }.after_refusal(message);
            let expected = expected.map(|(form, temperature)| Manner { form, temperature });
            assert_eq!(next, expected, "{form:?} {temperature:?}: {message}");
        };
        let schema = "The model returned the following errors: output_config.format: Extra inputs are not permitted";
        check(Schema, Zero, schema, Some((Tool, Zero)));
        check(Schema, ModelsOwn, schema, Some((Tool, ModelsOwn)));
        check(Schema, Zero, "", Some((Tool, Zero)));
        let warm =
            "The model returned the following errors: `temperature` is deprecated for this model.";
        check(Schema, Zero, warm, Some((Schema, ModelsOwn)));
        check(Tool, Zero, warm, Some((Tool, ModelsOwn)));
        check(Tool, Zero, "This model doesn't support tool use.", Some((Words, Zero)));
        check(Words, Zero, "malformed input request", None);
        for other in [
            "The provided model identifier is invalid.",
            "Invocation of model ID m with on-demand throughput isn't supported.",
            "Input is too long for requested model.",
        ] {
            check(Schema, Zero, other, None);
        }
    }
}
