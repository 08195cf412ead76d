//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

const FUNCTIONS: [&str; 5] = [
    "quota-calculator",
    "alarm-updater",
    "notification-processor",
    "account-setup",
    "quality-scorer",
];

/// Each workspace crate's dependencies for what is shipped; those of tests are left out.
static SHIPPED: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let arguments = ["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let shipped = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|one| one["kind"].is_null()).map(|one| text(&one["name"])).collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(&package["name"]), shipped(package))).collect()
});

fn forbid(package: &str, forbidden: impl Fn(&str) -> bool) {
    let found: Vec<&String> = SHIPPED[package].iter().filter(|name| forbidden(name)).collect();
    assert!(found.is_empty(), "{package} depends on {found:?}");
}

#[test]
fn the_core_is_pure() {
    let impure = ["tokio", "lambda_runtime", "reqwest", "ureq", "hyper", "axum", "rand"];
    forbid("llmwatch-core", |name| {
        name.starts_with("aws") || name.starts_with("llmwatch-") || impure.contains(&name)
    });
}

#[test]
fn no_function_depends_on_another() {
    for function in FUNCTIONS {
        forbid(function, |name| FUNCTIONS.contains(&name));
    }
}

/// Functions and command line may hold clients; what they answer is turned into our own types by
/// the shell.
#[test]
fn aws_sdks_are_known_to_the_shell_and_to_what_is_run_only() {
    let knowing =
        |name: &str| ["llmwatch-aws", "llmwatch"].contains(&name) || FUNCTIONS.contains(&name);
    for package in SHIPPED.keys().filter(|name| !knowing(name)) {
        forbid(package, |name| name.starts_with("aws-sdk-"));
    }
}

#[test]
fn the_local_aws_is_never_shipped() {
    for package in SHIPPED.keys().filter(|name| *name != "llmwatch-tests") {
        forbid(package, |name| name == "llmwatch-local" || name == "llmwatch-tests");
    }
}

/// Where shipped code waits within an invocation, each for seconds at most, with the reason. What
/// takes longer comes back as a message of a queue.
const WAITS: [(&str, &str); 8] = [
    ("account-setup/src/patience.rs", "a policy made a moment ago may not be known yet"),
    ("alarm-updater/src/tear_down.rs", "the last write of a run in flight may still arrive"),
    ("llmwatch-aws/src/call.rs", "a write was not taken up, or its answer was lost"),
    ("llmwatch-aws/src/http.rs", "a backend that is busy says when to try again"),
    ("llmwatch-aws/src/pace.rs", "APIs that take few calls a second"),
    ("llmwatch/src/delete.rs", "a person waits for the stack's deletion"),
    ("notification-processor/src/gather/digest.rs", "a time after which reading is given up"),
    ("quality-scorer/src/carry_out/publish.rs", "CloudWatch was too busy to take the data"),
];

fn sources(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn nothing_that_is_shipped_sleeps_without_a_reason() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut files = Vec::new();
    sources(&crates, &mut files);
    let sleeps = |path: &&PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        ["sleep(", "sleep_until(", "interval("].iter().any(|call| {
            text.match_indices(call).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
        })
    };
    let found: BTreeSet<String> = files
        .iter()
        .filter(sleeps)
        .map(|path| path.strip_prefix(&crates).unwrap().to_str().unwrap().to_owned())
        .filter(|path| !path.starts_with("llmwatch-local/"))
        .collect();
    assert_eq!(found, WAITS.iter().map(|(path, _)| (*path).to_owned()).collect());
}

/// A build of the workspace has every feature on and would not notice.
#[test]
fn each_module_of_the_shell_is_behind_the_feature_of_its_service() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/llmwatch-aws/src");
    let lib = std::fs::read_to_string(root.join("lib.rs")).unwrap();
    let lines: Vec<&str> = lib.lines().collect();
    let mut behind_a_service = 0;
    for (index, line) in lines.iter().enumerate() {
        let Some(module) = line.trim_start_matches("pub ").strip_prefix("mod ") else { continue };
        let module = module.trim_end_matches(';');
        let mut files = vec![root.join(format!("{module}.rs"))];
        if root.join(module).is_dir() {
            sources(&root.join(module), &mut files);
        }
        let text: String =
            files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let used: BTreeSet<&str> = text
            .split("aws_sdk_")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next())
            .collect();
        for service in used {
            let gate = format!("#[cfg(feature = \"{service}\")]");
            assert_eq!(lines[index - 1], gate, "module {module} uses aws-sdk-{service}");
            behind_a_service += 1;
        }
    }
    assert!(behind_a_service > 20, "{behind_a_service}: the list of modules was not found");
}
