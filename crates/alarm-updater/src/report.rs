//! What became of a run, for logs, CloudFormation and whoever invoked it.

use std::fmt;

use llmwatch_aws::CallFailed;
use llmwatch_core::alarm::name::AlarmName;

use crate::handler::RunFailed;

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// Alarms the stack should have.
    pub alarms: usize,
    /// Changes the plan had.
    pub planned: usize,
    /// Everything that could not be done or read.
    pub failures: Vec<Failure>,
}

/// One thing that could not be done.
#[derive(Debug)]
pub struct Failure {
    /// What was to be done, for example `Throttles of global.x: delete`.
    pub what: String,
    /// The alarms it leaves unchanged.
    pub alarms: Vec<AlarmName>,
    /// Why, with the mend where there is one.
    pub why: String,
}

impl Report {
    /// All failures in one line, each with its reason.
    #[must_use]
    pub fn problems(&self) -> String {
        let failures: Vec<String> = self.failures.iter().map(ToString::to_string).collect();
        format!("{} problem(s), the rest is done: {}", failures.len(), failures.join("; "))
    }

    /// The report, if nothing failed.
    ///
    /// # Errors
    ///
    /// The report itself when something did.
    pub fn into_result(self) -> Result<Self, RunFailed> {
        if self.failures.is_empty() { Ok(self) } else { Err(RunFailed::Incomplete(self)) }
    }
}

impl Failure {
    /// A call that failed and changed no alarm of its own.
    #[must_use]
    pub fn of_call(what: impl Into<String>, error: &CallFailed) -> Self {
        Self { what: what.into(), alarms: Vec::new(), why: error.explain() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.why)
    }
}
