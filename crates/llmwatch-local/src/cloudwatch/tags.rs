//! Tags of alarms.

use serde_json::{Value, json};

use super::CloudWatch;
use super::alarms_api::tags_of;
use crate::error::AwsError;
use crate::value::{text, texts};

/// Tags a resource may have.
const TAGS: usize = 50;

impl CloudWatch {
    pub(super) fn tag_resource(&mut self, input: &Value) -> Result<Value, AwsError> {
        let new = tags_of(input)?;
        let tags = self.tags_at(input)?;
        let mut together = tags.clone();
        together.extend(new);
        if together.len() > TAGS {
            return Err(AwsError::new(
                "InvalidParameterValueException",
                format!("at most {TAGS} tags"),
            ));
        }
        *tags = together;
        Ok(json!({}))
    }

    pub(super) fn untag_resource(&mut self, input: &Value) -> Result<Value, AwsError> {
        let keys: Vec<String> = texts(input, "TagKeys").into_iter().map(str::to_owned).collect();
        let tags = self.tags_at(input)?;
        tags.retain(|key, _| !keys.contains(key));
        Ok(json!({}))
    }

    pub(super) fn list_tags(&mut self, input: &Value) -> Result<Value, AwsError> {
        let tags: Vec<Value> = self
            .tags_at(input)?
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        Ok(json!({"Tags": tags}))
    }

    fn tags_at(
        &mut self,
        input: &Value,
    ) -> Result<&mut std::collections::BTreeMap<String, String>, AwsError> {
        let arn = text(input, "ResourceARN").unwrap_or_default();
        self.tags.get_mut(arn).ok_or_else(|| {
            AwsError::new("ResourceNotFoundException", format!("{arn} does not exist"))
        })
    }
}
