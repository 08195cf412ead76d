//! Which pool an inference profile draws on, told from the ARNs of its models.

use std::collections::BTreeSet;

use crate::model_id::ModelId;
use crate::pool::{Pool, Scope};

/// An inference profile as Bedrock describes it.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetInferenceProfile.html>.
/// Its `status` has one value, `ACTIVE`, and is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferenceProfile {
    /// `us.amazon.nova-lite-v1:0` for a system profile, 12 characters for an application profile.
    pub id: String,
    /// The profile's ARN; its Region is where the profile is called.
    pub arn: String,
    /// Who made it.
    pub kind: ProfileKind,
    /// ARNs of the foundation model in each Region the profile may use, in any order.
    pub model_arns: Vec<String>,
}

/// Who made an inference profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileKind {
    /// AWS, one for each geography and model.
    SystemDefined,
    /// The account, over a model or a system profile.
    Application,
}

/// Why a profile's model ARNs tell no pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnclearProfile {
    /// The profile has no model.
    #[error("the inference profile lists no model")]
    NoModel,
    /// One of its ARNs is no foundation model's.
    #[error("the inference profile lists {0:?}, which is no foundation model")]
    NotAFoundationModel(String),
    /// It lists different models, which draw on different quotas.
    #[error("the inference profile lists more than one model: {0}")]
    SeveralModels(String),
}

/// The pool of a profile.
///
/// The set of model ARNs tells the scope: one ARN in the profile's own Region is on demand; the
/// set of a system profile has that profile's scope; else an ARN without Region, which only global
/// profiles have, is global, and anything else crosses Regions.
///
/// # Errors
///
/// When the ARNs do not name exactly one foundation model.
pub fn pool_of(
    profile: &InferenceProfile,
    profiles: &[InferenceProfile],
) -> Result<Pool, UnclearProfile> {
    let model = only_model(profile)?;
    let arns = arn_set(profile);
    let regions: BTreeSet<&str> = arns.iter().map(|arn| region(arn)).collect();
    let is_own_region_alone = arns.len() == 1 && regions.contains(region(&profile.arn));
    let scope = if is_own_region_alone {
        Scope::OnDemand
    } else if let Some(scope) = scope_of_same_set(&arns, profiles) {
        scope
    } else if regions.contains("") {
        Scope::Global
    } else {
        Scope::CrossRegion
    };
    Ok(Pool { scope, model })
}

fn only_model(profile: &InferenceProfile) -> Result<String, UnclearProfile> {
    let mut models = BTreeSet::new();
    for arn in &profile.model_arns {
        match ModelId::parse(arn) {
            Ok(ModelId::Foundation(model)) => models.insert(model.to_string()),
            _ => return Err(UnclearProfile::NotAFoundationModel(arn.clone())),
        };
    }
    let models: Vec<String> = models.into_iter().collect();
    match models.as_slice() {
        [] => Err(UnclearProfile::NoModel),
        [only] => Ok(only.clone()),
        several => Err(UnclearProfile::SeveralModels(several.join(", "))),
    }
}

fn scope_of_same_set(arns: &BTreeSet<&str>, profiles: &[InferenceProfile]) -> Option<Scope> {
    profiles
        .iter()
        .filter(|profile| profile.kind == ProfileKind::SystemDefined)
        .filter(|profile| arn_set(profile) == *arns)
        .find_map(|profile| ModelId::parse(&profile.id).ok()?.pool())
        .map(|pool| pool.scope)
}

fn arn_set(profile: &InferenceProfile) -> BTreeSet<&str> {
    profile.model_arns.iter().map(String::as_str).collect()
}

/// The Region of an ARN; empty for one without.
fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "amazon.nova-lite-v1:0";

    fn profile(id: &str, kind: ProfileKind, regions: &[&str]) -> InferenceProfile {
        let resource = match kind {
            ProfileKind::SystemDefined => "inference-profile",
            ProfileKind::Application => "application-inference-profile",
        };
        InferenceProfile {
            id: id.to_owned(),
            arn: format!("arn:aws:bedrock:us-east-1:123456789012:{resource}/{id}"),
            kind,
            model_arns: regions
                .iter()
                .map(|region| format!("arn:aws:bedrock:{region}::foundation-model/{MODEL}"))
                .collect(),
        }
    }

    #[track_caller]
    fn check(regions: &[&str], expected: Scope) {
        let system = [
            profile(
                "us.amazon.nova-lite-v1:0",
                ProfileKind::SystemDefined,
                &["us-east-1", "us-east-2", "us-west-2"],
            ),
            profile("eu.amazon.nova-lite-v1:0", ProfileKind::SystemDefined, &["eu-west-1"]),
            profile("global.amazon.nova-lite-v1:0", ProfileKind::SystemDefined, &["us-east-1", ""]),
        ];
        let application = profile("a1b2c3d4e5f6", ProfileKind::Application, regions);
        let pool = pool_of(&application, &system).unwrap();
        assert_eq!(pool, Pool { scope: expected, model: MODEL.to_owned() }, "{regions:?}");
    }

    #[test]
    fn the_own_region_alone_is_on_demand() {
        check(&["us-east-1"], Scope::OnDemand);
    }

    #[test]
    fn the_set_of_a_system_profile_has_its_scope_in_any_order() {
        check(&["us-west-2", "us-east-1", "us-east-2"], Scope::CrossRegion);
        check(&["eu-west-1"], Scope::CrossRegion);
        check(&["", "us-east-1"], Scope::Global);
    }

    #[test]
    fn an_unknown_set_is_told_by_its_regions() {
        check(&["us-east-1", "us-west-1"], Scope::CrossRegion);
        check(&["", "us-east-1", "us-west-1"], Scope::Global);
        check(&[""], Scope::Global);
    }

    #[test]
    fn a_profile_without_one_model_is_unclear() {
        let mut application = profile("a1b2c3d4e5f6", ProfileKind::Application, &[]);
        assert_eq!(pool_of(&application, &[]), Err(UnclearProfile::NoModel));
        application.model_arns = vec![
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0".to_owned(),
        ];
        assert!(matches!(pool_of(&application, &[]), Err(UnclearProfile::SeveralModels(_))));
        application.model_arns = vec!["arn:aws:s3:::bucket/key".to_owned()];
        assert!(matches!(pool_of(&application, &[]), Err(UnclearProfile::NotAFoundationModel(_))));
    }
}
