use std::fs;
use std::path::{Path, PathBuf};

use super::read;
use crate::test_rendering::render;

/// The records of `test_data`, by format and name.
fn fixtures() -> impl Iterator<Item = (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data/invocation-logs");
    sorted(&root).into_iter().filter(|path| path.is_dir()).flat_map(|format| {
        let named = move |path: PathBuf| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let format = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
            (format!("{format}__{name}"), fs::read_to_string(&path).unwrap())
        };
        sorted(&format).into_iter().map(named)
    })
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn records_extract_as_reviewed() {
    let mut count = 0;
    for (name, record) in fixtures() {
        count += 1;
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, render(&read(&record)));
        });
    }
    assert!(count >= 20, "{count} records");
}
