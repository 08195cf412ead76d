//! Writes the dashboards that are checked in, and the overview in the template, anew.

use llmwatch_tests::process::Places;
use llmwatch_tests::{Broken, dashboards};

fn main() -> Result<(), Broken> {
    dashboards::write(&Places::of_this_build()?.repository)
}
