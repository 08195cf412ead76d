//! Where quality metrics are published.

/// The namespace of quality metrics unless the deployment names another one.
pub const NAMESPACE: &str = "LLMWatch/Quality";

/// A namespace for metrics of our own.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>:
/// 1 to 255 characters, not beginning with a colon, and `AWS/` is AWS's.
///
/// # Errors
///
/// When the text is none; says which are.
pub fn parse_namespace(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#:".contains(c);
    let is_ours = !text.starts_with("AWS/") && !text.starts_with(':');
    if is_ours && (1..=255).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is no namespace of ours, such as {NAMESPACE}: 1 to 255 of letters, digits and \
         . - _ / # :, not AWS/…"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cloudwatch_takes_of_us_are_taken() {
        for name in [NAMESPACE, "/aws/sagemaker/inference-quality", "a#b:c_d.e-f"] {
            assert_eq!(parse_namespace(name).as_deref(), Ok(name));
        }
        let long = "a".repeat(256);
        for name in ["", "AWS/Bedrock", ":quality", "quality of models", "qualité", &long] {
            let problem = parse_namespace(name).unwrap_err();
            assert!(problem.contains("LLMWatch/Quality"), "{name}: {problem}");
        }
    }
}
