//! Every name that a span can carry, and every word that is of a fixed set.
//!
//! An attribute can be put by a [`Name`] only, which is made nowhere but here, so that none is sent
//! that the lists do not hold. The snapshot of the lists is compared with the conventions as
//! OpenTelemetry publishes them, by `tests/conventions/check.mjs`.

/// The name of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name(&'static str);

impl Name {
    pub(super) fn as_str(self) -> &'static str {
        self.0
    }
}

/// What the names of attributes begin with that are told by the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family(&'static str);

impl Family {
    pub(super) fn member(self, key: &str) -> String {
        format!("{}{key}", self.0)
    }
}

/// A value that is a word of a fixed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// The attribute it is a value of.
    pub(super) of: Name,
    /// The word itself.
    pub(super) word: &'static str,
}

const fn word(of: Name, word: &'static str) -> Word {
    Word { of, word }
}

/// Writes constants down together with the list of them, so that the list is whole.
macro_rules! listed {
    ($(#[$doc:meta])* $list:ident: $kind:ty { $($name:ident = $value:expr;)* }) => {
        $(pub(super) const $name: $kind = $value;)*

        $(#[$doc])*
        #[cfg(test)]
        pub(super) const $list: &[$kind] = &[$($name),*];
    };
}

listed! {
    /// Attributes of the conventions.
    OF_CONVENTIONS: Name {
        OPERATION = Name("gen_ai.operation.name");
        PROVIDER = Name("gen_ai.provider.name");
        REQUEST_MODEL = Name("gen_ai.request.model");
        REQUEST_STREAM = Name("gen_ai.request.stream");
        RESPONSE_MODEL = Name("gen_ai.response.model");
        FINISH_REASONS = Name("gen_ai.response.finish_reasons");
        TIME_TO_FIRST_CHUNK = Name("gen_ai.response.time_to_first_chunk");
        INPUT_TOKENS = Name("gen_ai.usage.input_tokens");
        OUTPUT_TOKENS = Name("gen_ai.usage.output_tokens");
        CACHE_READ_TOKENS = Name("gen_ai.usage.cache_read.input_tokens");
        CACHE_WRITE_TOKENS = Name("gen_ai.usage.cache_creation.input_tokens");
        INPUT_MESSAGES = Name("gen_ai.input.messages");
        OUTPUT_MESSAGES = Name("gen_ai.output.messages");
        EVALUATION_NAME = Name("gen_ai.evaluation.name");
        EVALUATION_SCORE = Name("gen_ai.evaluation.score.value");
        AWS_REQUEST_ID = Name("aws.request_id");
        ERROR_TYPE = Name("error.type");
        CLOUD_ACCOUNT = Name("cloud.account.id");
        CLOUD_PROVIDER = Name("cloud.provider");
        CLOUD_REGION = Name("cloud.region");
        SERVICE_NAME = Name("service.name");
        SERVICE_VERSION = Name("service.version");
    }
}

listed! {
    /// Attributes that the conventions have no name for.
    OUR_OWN: Name {
        BEDROCK_OPERATION = Name("llmwatch.operation");
        GUARDRAIL = Name("llmwatch.guardrail");
        TOOLS_CALLED = Name("llmwatch.tools_called");
        INFERENCE_REGION = Name("llmwatch.inference_region");
        INFERENCE_COMPONENT = Name("llmwatch.inference_component");
        CALLER = Name("llmwatch.caller");
        JUDGE_MODEL = Name("llmwatch.judge.model");
        JUDGE_RUBRIC = Name("llmwatch.judge.rubric");
        TEXT_MODE = Name("llmwatch.text_mode");
    }
}

listed! {
    /// Families of attributes that the conventions have no name for.
    FAMILIES: Family {
        REQUEST_METADATA = Family("llmwatch.request_metadata.");
    }
}

listed! {
    /// Events of the conventions.
    EVENTS: &str {
        EVALUATION_RESULT = "gen_ai.evaluation.result";
    }
}

listed! {
    /// Words of the conventions.
    WORDS_OF_CONVENTIONS: Word {
        CHAT = word(OPERATION, "chat");
        EMBEDDINGS = word(OPERATION, "embeddings");
        GENERATE_CONTENT = word(OPERATION, "generate_content");
        BEDROCK = word(PROVIDER, "aws.bedrock");
        AWS = word(CLOUD_PROVIDER, "aws");
        OTHER_ERROR = word(ERROR_TYPE, "_OTHER");
    }
}

listed! {
    /// Words that the conventions lack and let be made.
    OUR_OWN_WORDS: Word {
        RERANK = word(OPERATION, "rerank");
        SAGEMAKER = word(PROVIDER, "aws.sagemaker");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `tests/conventions/check.mjs` reads this snapshot.
    #[test]
    fn every_name_stands_in_a_list() {
        let names = |list: &[Name]| list.iter().map(|name| name.as_str()).collect::<Vec<_>>();
        let words =
            |list: &[Word]| list.iter().map(|one| [one.of.as_str(), one.word]).collect::<Vec<_>>();
        let all = json!({
            "schema_url": crate::spans::SCHEMA_URL,
            "conventions": {
                "attributes": names(OF_CONVENTIONS),
                "events": EVENTS,
                "words": words(WORDS_OF_CONVENTIONS),
            },
            "own": {
                "attributes": names(OUR_OWN),
                "families": FAMILIES.iter().map(|family| family.0).collect::<Vec<_>>(),
                "words": words(OUR_OWN_WORDS),
            },
        });
        insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!("all", all) });
    }
}
