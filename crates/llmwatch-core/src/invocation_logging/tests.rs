use super::*;

const OURS: &str = "llmwatch-logbucket-1f7j3k";

fn ours() -> Place {
    Place::new(OURS, "")
}

fn to(bucket: &str, prefix: &str) -> Configuration {
    Configuration {
        s3: Some(Place::new(bucket, prefix)),
        log_group: None,
        contents: Contents::default(),
    }
}

fn to_log_group() -> Configuration {
    let group = LogGroup {
        name: "/bedrock/calls".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/logs".to_owned(),
        large_bodies: None,
    };
    Configuration { s3: None, log_group: Some(group), contents: Contents::default() }
}

fn wrote(configurations: &[Configuration]) -> Memory {
    Memory { accepted: Some(ours()), written: configurations.to_vec() }
}

fn nothing() -> Memory {
    Memory::default()
}

#[track_caller]
fn check_written(current: Option<&Configuration>, memory: &Memory) {
    let Deployment::Write { configuration, before, after } = deploy(&ours(), current, memory)
    else {
        panic!("not written: {current:?} {memory:?}");
    };
    assert_eq!(configuration, Configuration::to(&ours()));
    assert!(before.wrote(&configuration), "ours before it is there");
    assert!(memory.written.iter().all(|one| before.wrote(one)), "the former stays ours till then");
    assert_eq!(after, wrote(&[configuration]));
}

#[test]
fn one_is_made_where_none_is() {
    check_written(None, &nothing());
    check_written(None, &wrote(&[Configuration::to(&ours())]));
}

#[test]
fn ours_follows_the_parameters() {
    let former = Configuration::to(&Place::new("former", ""));
    check_written(Some(&former), &wrote(std::slice::from_ref(&former)));
}

#[test]
fn ours_that_is_right_is_not_written_again() {
    let right = Configuration::to(&ours());
    let memory = wrote(std::slice::from_ref(&right));
    assert_eq!(deploy(&ours(), Some(&right), &memory), Deployment::Keep(memory.clone()));
    // A run that ended between the write and its memory left both.
    let both = wrote(&[Configuration::to(&Place::new("former", "")), right.clone()]);
    assert_eq!(deploy(&ours(), Some(&right), &both), Deployment::Keep(memory));
}

#[test]
fn what_bedrock_does_not_repeat_is_no_change_by_somebody() {
    let mut answered = Configuration::to(&ours());
    answered.contents.audio = None;
    let memory = wrote(&[Configuration::to(&ours())]);
    assert_eq!(tear_down(Some(&answered), &memory), TearDown::Remove);
    answered.contents.image = Some(true);
    assert_eq!(tear_down(Some(&answered), &memory), TearDown::Leave);
}

#[test]
fn a_customers_that_delivers_where_we_read_is_used_and_stays_the_customers() {
    for prefix in ["logs", "logs/"] {
        let theirs = to("customers", prefix);
        let wanted = Place::new("customers", "logs/");
        let expected = Memory { accepted: Some(wanted.clone()), written: Vec::new() };
        assert_eq!(deploy(&wanted, Some(&theirs), &nothing()), Deployment::Keep(expected.clone()));
        assert_eq!(tear_down(Some(&theirs), &expected), TearDown::Leave);
    }
}

#[test]
fn ours_that_somebody_added_to_is_used_and_is_no_longer_ours() {
    let mut changed = Configuration::to(&ours());
    changed.log_group = to_log_group().log_group;
    let memory = wrote(&[Configuration::to(&ours())]);
    let expected = wrote(&[]);
    assert_eq!(deploy(&ours(), Some(&changed), &memory), Deployment::Keep(expected));
    assert_eq!(tear_down(Some(&changed), &memory), TearDown::Leave);
}

#[track_caller]
fn check_refused(current: &Configuration, expected: &str) {
    let Deployment::Refuse(elsewhere) = deploy(&ours(), Some(current), &nothing()) else {
        panic!("not refused: {current:?}");
    };
    let said = elsewhere.to_string();
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("does not change it"), "{said}");
    assert!(said.ends_with("with QualityScoring=off"), "{said}");
}

#[test]
fn a_customers_that_delivers_elsewhere_is_refused_with_its_name_and_the_parameters() {
    check_refused(
        &to("customers", "logs"),
        "delivers to s3://customers/logs/; llmwatch did not make",
    );
    check_refused(
        &to("customers", "logs"),
        "Deploy with InvocationLogBucket=customers and InvocationLogPrefix=logs/ to score",
    );
    check_refused(
        &to("customers", ""),
        "InvocationLogBucket=customers and InvocationLogPrefix=\"\"",
    );
    check_refused(&to(OURS, "other"), "InvocationLogPrefix=other/");
    check_refused(&to_log_group(), "delivers to log group /bedrock/calls only; ");
    check_refused(&to_log_group(), "Add an S3 destination to it");
    let mut both = to("customers", "");
    both.log_group = to_log_group().log_group;
    check_refused(&both, "delivers to s3://customers/ and log group /bedrock/calls;");
    let mut without_text = to(OURS, "");
    without_text.contents.text = Some(false);
    check_refused(&without_text, "It leaves out text");
}

#[test]
fn what_was_accepted_before_and_changed_since_is_said_and_fails_no_update() {
    let theirs = to("customers", "");
    for memory in [wrote(&[Configuration::to(&ours())]), wrote(&[])] {
        let Deployment::Report(elsewhere) = deploy(&ours(), Some(&theirs), &memory) else {
            panic!("{memory:?}");
        };
        assert!(elsewhere.to_string().contains("s3://customers/"));
    }
}

#[test]
fn a_delete_removes_what_we_wrote_and_nothing_else() {
    let right = Configuration::to(&ours());
    let memory = wrote(std::slice::from_ref(&right));
    for (current, memory, expected) in [
        (Some(&right), &memory, TearDown::Remove),
        (Some(&right), &nothing(), TearDown::Leave),
        (Some(&to("customers", "")), &memory, TearDown::Leave),
        (None, &memory, TearDown::Leave),
    ] {
        assert_eq!(tear_down(current, memory), expected, "{current:?}");
    }
}

#[test]
fn the_memory_reads_back_and_fits_a_standard_parameter() {
    let long = Place::new(&"b".repeat(63), &"p".repeat(200));
    let memory = Memory {
        accepted: Some(long.clone()),
        written: vec![Configuration::to(&long), Configuration::to(&ours())],
    };
    assert_eq!(serde_json::from_str::<Memory>(&memory.text()).unwrap(), memory);
    assert!(memory.text().len() < 4096);
    assert_eq!(serde_json::from_str::<Memory>("{}").unwrap(), Memory::default());
}
