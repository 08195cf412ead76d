//! Whose metrics they are: a model, or a model behind a SageMaker inference component.

use llmwatch_core::model_id::ModelId;

use crate::exchange::Exchange;

/// The most subjects of one log object with metrics of their own.
///
/// Callers may pass anything as model, and each name is a set of metrics that is paid for. Further
/// ones share [`OTHER_MODELS`]. Ours; far above the models anyone calls within one object.
pub const MAX_SUBJECTS: usize = 200;

/// The `ModelId` of what exceeds [`MAX_SUBJECTS`].
pub const OTHER_MODELS: &str = "other models";

/// The longest dimension value that CloudWatch takes, in characters.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
/// (ASCII without control characters, 1 to 1024; botocore 1.44.5, cloudwatch, `DimensionValue`).
const MAX_DIMENSION_CHARS: usize = 1024;

/// A model, with the inference component for SageMaker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    model: String,
    component: Option<String>,
}

impl Subject {
    /// The subject of an exchange.
    ///
    /// A Bedrock model has the name that `AWS/Bedrock` has in `ModelId`, so that both namespaces
    /// can be put in one chart: ARNs of foundation models and inference profiles become their ids.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        Self::new(&exchange.model, exchange.inference_component.as_deref())
    }

    /// The subject of a model as called, and of an inference component.
    #[must_use]
    pub fn new(model: &str, component: Option<&str>) -> Self {
        let model = match component {
            Some(_) => printable(model),
            None => ModelId::parse(model)
                .map_or_else(|_| printable(model), |id| printable(&id.to_string())),
        };
        Self { model, component: component.map(printable) }
    }

    pub(super) fn others() -> Self {
        Self { model: OTHER_MODELS.to_owned(), component: None }
    }

    /// The value of the dimension `ModelId`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// `ModelId`, and for SageMaker `InferenceComponentName`.
    #[must_use]
    pub fn dimensions(&self) -> Vec<(&'static str, String)> {
        let mut dimensions = vec![("ModelId", self.model.clone())];
        dimensions.extend(
            self.component.iter().map(|component| ("InferenceComponentName", component.clone())),
        );
        dimensions
    }
}

/// Text as a dimension value: other characters become `?`, and nothing becomes `unknown`.
pub(super) fn printable(text: &str) -> String {
    let ascii = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    let value: String = text.trim().chars().take(MAX_DIMENSION_CHARS).map(ascii).collect();
    if value.trim().is_empty() { "unknown".to_owned() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(text: &str) -> String {
        Subject::new(text, None).model().to_owned()
    }

    #[test]
    fn a_model_has_the_name_bedrock_gives_it() {
        for (called, name) in [
            ("us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"),
            (
                "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
                "us.amazon.nova-lite-v1:0",
            ),
            (
                "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0",
                "amazon.nova-lite-v1:0",
            ),
            (
                "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abcdefghij12",
                "abcdefghij12",
            ),
            ("Modèle\n", "Mod?le"),
            (" \n", "unknown"),
        ] {
            assert_eq!(model(called), name);
        }
        assert_eq!(model(&"x".repeat(2000)).len(), MAX_DIMENSION_CHARS);
    }

    #[test]
    fn an_endpoint_keeps_its_name_and_adds_its_component() {
        let dimensions = Subject::new("chat", Some("chat-llama")).dimensions();
        let expected =
            [("ModelId", "chat".to_owned()), ("InferenceComponentName", "chat-llama".to_owned())];
        assert_eq!(dimensions, expected);
    }
}
