//! Every reachable text, as its reader gets it.

mod case;
mod fixtures;
mod limits;
mod mail;

/// Compares a text with its reviewed snapshot, which is named after the situation.
#[track_caller]
fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
