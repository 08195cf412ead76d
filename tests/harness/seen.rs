//! What the functions were seen calling: the measure of what their roles should allow.
//!
//! Every world of a test run leaves a file; `actions-seen` compares their union, once all tests
//! have run, with the list in the repository, and the offline tests compare that list with the
//! template's roles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::broken::Broken;
use crate::control::RecordedCall;
use crate::permissions;
use crate::process::Places;

/// A function, by its binary's name, and an action of IAM: `alarm-updater ssm:GetParameter`.
pub type Action = (String, String);

/// The list in the repository.
#[must_use]
pub fn list(places: &Places) -> PathBuf {
    places.repository.join("tests/data/actions-seen.txt")
}

/// Where the worlds of a run leave what they saw.
#[must_use]
pub fn directory(places: &Places) -> PathBuf {
    places.binaries.parent().unwrap_or(&places.binaries).join("actions-seen")
}

/// Reads a list: an action a line.
///
/// # Errors
///
/// When the file cannot be read, or a line is something else.
pub fn read(path: &Path) -> Result<BTreeSet<Action>, Broken> {
    let text =
        std::fs::read_to_string(path).map_err(Broken::io(format!("reading {}", path.display())))?;
    text.lines()
        .map(|line| {
            let action = line.split_once(' ').map(|(who, what)| (who.to_owned(), what.to_owned()));
            action.ok_or_else(|| Broken::Unexpected {
                call: path.display().to_string(),
                expected: "function and action",
                body: line.to_owned(),
            })
        })
        .collect()
}

/// Writes a list.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write(path: &Path, actions: &BTreeSet<Action>) -> Result<(), Broken> {
    let text: String =
        actions.iter().map(|(function, action)| format!("{function} {action}\n")).collect();
    std::fs::write(path, text).map_err(Broken::io(format!("writing {}", path.display())))
}

/// What all worlds of a run saw.
///
/// # Errors
///
/// When a file cannot be read; an error too, when there is none.
pub fn of_run(places: &Places) -> Result<BTreeSet<Action>, Broken> {
    let directory = directory(places);
    let reading = || Broken::io(format!("reading {}; run the tests first", directory.display()));
    let mut seen = BTreeSet::new();
    for file in std::fs::read_dir(&directory).map_err(reading())? {
        seen.extend(read(&file.map_err(reading())?.path())?);
    }
    Ok(seen)
}

/// Leaves what a world saw for the end of the run.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn leave(
    places: &Places,
    functions: &[String],
    calls: &[RecordedCall],
) -> Result<(), Broken> {
    static WORLDS: AtomicU32 = AtomicU32::new(0);
    let actions: BTreeSet<Action> = calls
        .iter()
        .filter(|call| functions.contains(&call.caller))
        .map(|call| (call.caller.clone(), permissions::action(call)))
        .collect();
    let directory = directory(places);
    let world = WORLDS.fetch_add(1, Ordering::Relaxed);
    let file = directory.join(format!("{}-{world}.txt", std::process::id()));
    std::fs::create_dir_all(&directory)
        .map_err(Broken::io(format!("creating {}", directory.display())))?;
    write(&file, &actions)
}
