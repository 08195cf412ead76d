//! What the operator chose about scoring, read at the start of each event.

use llmwatch_aws::{CallFailed, parameters};
use llmwatch_core::stored::setting_parameter;
use llmwatch_quality::settings::QualitySettings;

use crate::App;

/// The settings in force.
pub(crate) type Policy = QualitySettings;

/// The name of the setting; its parameter need not exist.
const SETTING: &str = "quality";

/// Reads the settings; what cannot be taken is logged, and what holds without it is in force.
///
/// # Errors
///
/// When the parameter cannot be read: scoring with other settings than the operator's might send
/// text where it must not go.
pub(crate) async fn read(app: &App) -> Result<Policy, CallFailed> {
    let mut policy = Policy::default();
    let name = setting_parameter(&app.config.prefix, SETTING);
    let names = [name.clone()];
    for document in parameters::get_several(&app.clients.parameters, &names).await? {
        for problem in policy.take(&document.value) {
            tracing::warn!(parameter.name = %name, "a setting is not taken: {problem}");
        }
    }
    Ok(policy)
}
