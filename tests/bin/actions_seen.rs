//! Run after all tests: compares what the functions were seen calling with the list in the
//! repository; `actions-seen accept` writes the list anew.
#![expect(clippy::print_stderr, reason = "its output is what it is run for")]

use std::process::ExitCode;

use llmwatch_tests::Broken;
use llmwatch_tests::process::Places;
use llmwatch_tests::seen;

fn main() -> Result<ExitCode, Broken> {
    let places = Places::of_this_build()?;
    let seen = seen::of_run(&places)?;
    let path = seen::list(&places);
    if std::env::args().nth(1).as_deref() == Some("accept") {
        seen::write(&path, &seen)?;
        return Ok(ExitCode::SUCCESS);
    }
    let listed = seen::read(&path)?;
    for (function, action) in seen.difference(&listed) {
        eprintln!("{function} called {action}, which {} lacks", path.display());
    }
    for (function, action) in listed.difference(&seen) {
        eprintln!("{function} did not call {action}, which {} has", path.display());
    }
    if seen == listed {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "Take what no test calls out of the role, or write the list anew: make accept-actions"
    );
    Ok(ExitCode::FAILURE)
}
