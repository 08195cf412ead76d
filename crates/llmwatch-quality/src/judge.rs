//! The judge: a second model that grades an exchange by a rubric. What it is asked, in which form
//! it must answer, and what is made of its answer; the call itself is the function's.
//!
//! A verdict is an object with one grade for each criterion: a whole number from 1 (worst) to
//! 5 (best), published as (grade − 1) / 4. Grades, not fractions: models tell five steps apart
//! better than hundredths.
//!
//! First [`Question::schema`] goes into `Converse` as `outputConfig.textFormat` (type
//! `json_schema`); a model that refuses that is asked again with [`Question::schema`] as the input
//! of a tool named [`TOOL`] that it is forced to call. Shapes: botocore 1.44.5, bedrock-runtime,
//! `OutputFormat`, `JsonSchemaDefinition`, `ToolSpecification`, `SpecificToolChoice`.

mod prompt;
mod rubric;
mod verdict;

pub use prompt::{MAX_SIDE_BYTES, Question, ask};
pub use rubric::{Criterion, Rubric, RubricError};
pub use verdict::{VerdictError, repair, verdict};

/// The name of the schema, and of the tool where a model takes no schema.
pub const TOOL: &str = "record_grades";

/// What the tool is for, in the words the model reads.
pub const TOOL_DESCRIPTION: &str = "Records one grade from 1 to 5 for each criterion.";
