//! From a question to a request, and between JSON and the SDK's documents.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, JsonSchemaDefinition, Message,
    OutputConfig, OutputFormat, OutputFormatStructure, OutputFormatType, SpecificToolChoice,
    SystemContentBlock, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::{Document, Number};
use llmwatch_core::quality::{METADATA_KEY, OwnCall};
use serde_json::Value;

use super::{Form, Manner, Question, Temperature};

/// The request for a question in a manner, with our mark on it.
pub(super) fn of(
    client: &Client,
    question: &Question<'_>,
    manner: Manner,
) -> Result<ConverseFluentBuilder, BuildError> {
    let asked = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(question.user.to_owned()))
        .build()?;
    let request = client
        .converse()
        .model_id(question.model)
        .system(SystemContentBlock::Text(question.system.to_owned()))
        .messages(asked)
        .inference_config(limits(question, manner))
        .request_metadata(METADATA_KEY, OwnCall::Judge.to_string());
    Ok(match manner.form {
        Form::Schema => request.output_config(schema(question)?),
        Form::Tool => request.tool_config(forced_tool(question)?),
        Form::Words => request,
    })
}

fn limits(question: &Question<'_>, manner: Manner) -> InferenceConfiguration {
    let temperature = match manner.temperature {
        Temperature::Zero => Some(0.0),
        Temperature::ModelsOwn => None,
    };
    InferenceConfiguration::builder()
        .max_tokens(i32::try_from(question.max_tokens).unwrap_or(i32::MAX))
        .set_temperature(temperature)
        .build()
}

fn schema(question: &Question<'_>) -> Result<OutputConfig, BuildError> {
    let schema = JsonSchemaDefinition::builder()
        .name(question.answer_name)
        .schema(question.schema.to_string())
        .build()?;
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(schema))
        .build()?;
    Ok(OutputConfig::builder().text_format(format).build())
}

fn forced_tool(question: &Question<'_>) -> Result<ToolConfiguration, BuildError> {
    let tool = ToolSpecification::builder()
        .name(question.answer_name)
        .description("Takes the answer.")
        .input_schema(ToolInputSchema::Json(document(question.schema)))
        .build()?;
    let choice = SpecificToolChoice::builder().name(question.answer_name).build()?;
    ToolConfiguration::builder()
        .tools(Tool::ToolSpec(tool))
        .tool_choice(ToolChoice::Tool(choice))
        .build()
}

/// JSON as the SDK holds it.
fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(*truth),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(members) => Document::Object(
            members.iter().map(|(name, member)| (name.clone(), document(member))).collect(),
        ),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => Number::PosInt(whole),
            (None, Some(below_zero)) => Number::NegInt(below_zero),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
    }
}

/// A document of the SDK as JSON; what JSON cannot hold is null.
pub(super) fn json(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(truth) => Value::from(*truth),
        Document::String(text) => Value::from(text.as_str()),
        Document::Array(items) => items.iter().map(json).collect(),
        Document::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), json(member))).collect()
        }
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::from(*number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_comes_back_from_a_document_as_it_was() {
        let value = json!({"a": [1, -2, 0.5, null, true, "text"], "b": {"c": {}}});
        assert_eq!(super::json(&document(&value)), value);
    }
}
