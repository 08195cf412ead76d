//! People named in the secret are asked, subscribed and unsubscribed; nobody else is touched.

use llmwatch_tests::aws_call::{Invoked, JsonService, QueryService};
use llmwatch_tests::control::{Fault, FaultKind};
use llmwatch_tests::xml;
use serde_json::{Value, json};

use crate::stage::{Stage, Traffic};

const FUNCTION: &str = "account-setup";

/// A stage with the words contacts need.
struct People {
    stage: Stage,
    topic: String,
    secret: String,
}

impl People {
    fn deploy(parameters: &[(&str, &str)]) -> Self {
        let stage = Stage::deploy_unevaluated(Traffic::None, parameters);
        let topic = stage.world.stack().resource("AlertsTopic").unwrap();
        let outputs = stage.world.stack().outputs().unwrap();
        let secret = outputs.into_iter().find(|(name, _)| name == "ContactsSecretArn").unwrap().1;
        Self { stage, topic, secret }
    }

    /// As an operator does it: `aws secretsmanager put-secret-value`.
    fn write(&self, text: &str) {
        let input = json!({
            "SecretId": self.secret,
            "SecretString": text,
            "ClientRequestToken": format!("{:032}", self.stage.last_call()),
        });
        let calls = self.stage.world.calls();
        calls.json(JsonService::SecretsManager, "PutSecretValue", &input).unwrap();
    }

    fn name(&self, addresses: &[&str]) {
        self.write(&json!({ "email": addresses }).to_string());
    }

    fn run(&self) -> Value {
        match self.stage.world.invoke(FUNCTION, &json!({})).unwrap() {
            Invoked::Returned(report) => report,
            Invoked::Failed(error) => panic!("{error}"),
        }
    }

    fn run_fails(&self) -> String {
        match self.stage.world.invoke(FUNCTION, &json!({})).unwrap() {
            Invoked::Returned(report) => panic!("the run succeeded: {report}"),
            Invoked::Failed(error) => error["errorMessage"].as_str().unwrap().to_owned(),
        }
    }

    fn sns(&self, operation: &str, input: &[(&str, &str)]) -> String {
        let input: Vec<(String, String)> =
            input.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.stage.world.calls().query(QueryService::Sns, operation, &input).unwrap()
    }

    /// As the person does it by the link in the mail, whose token is the address here.
    fn confirm(&self, address: &str) {
        self.sns("ConfirmSubscription", &[("TopicArn", &self.topic), ("Token", address)]);
    }

    /// `protocol address state`, in the order of the addresses; the harness's mailbox is left out.
    fn subscribed(&self) -> Vec<String> {
        let body = self.sns("ListSubscriptionsByTopic", &[("TopicArn", &self.topic)]);
        let mut rows: Vec<String> = xml::elements(&body, "member")
            .into_iter()
            .map(|row| {
                let text = |name| xml::text(row, name).unwrap();
                let arn = text("SubscriptionArn");
                let state = if arn.starts_with("arn:") { "confirmed" } else { "pending" };
                format!("{} {} {state}", text("Protocol"), text("Endpoint"))
            })
            .filter(|row| !row.contains(":mailbox"))
            .collect();
        rows.sort();
        rows
    }

    /// Changes the function made to subscriptions above a call's number.
    fn writes(&self, since: u64) -> Vec<String> {
        let calls = self.stage.control().calls_since(since).unwrap();
        let by_function = calls.into_iter().filter(|call| call.caller == FUNCTION);
        by_function
            .filter(|call| call.service == "sns" && !call.operation.starts_with("List"))
            .map(|call| call.operation)
            .collect()
    }
}

#[test]
fn contacts_come_and_go_with_the_secret_and_nobody_else_does() {
    let people = People::deploy(&[("AlertEmail", "boss@example.com")]);
    assert_eq!(people.subscribed(), ["email boss@example.com pending"]);
    people.confirm("boss@example.com");
    people.sns(
        "Subscribe",
        &[("TopicArn", &people.topic), ("Protocol", "email"), ("Endpoint", "friend@example.com")],
    );
    people.confirm("friend@example.com");
    let report = people.run();
    assert_eq!((&report["wanted"], &report["others"]), (&json!(0), &json!(3)), "and the mailbox");

    // Named twice, and one whom somebody else subscribed: one mail each to those who lack one.
    people.name(&["ann@example.com", "ann@EXAMPLE.com", "bob@example.com", "friend@example.com"]);
    let before = people.stage.last_call();
    let report = people.run();
    assert_eq!((&report["asked"], &report["subscribed"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(people.writes(before), ["Subscribe", "Subscribe"]);
    people.confirm("ann@example.com");

    let before = people.stage.last_call();
    let report = people.run();
    assert_eq!(report["pending"], json!(["b***@example.com"]));
    assert_eq!(people.writes(before), Vec::<String>::new(), "a second run asks nobody again");
    let memory = people.stage.world.parameter("contacts/applied").unwrap().unwrap();
    assert!(!memory.contains('@'), "{memory}");

    // A changed address is another one; a pending one cannot be removed, and is told.
    people.name(&["ann.new@example.com"]);
    let report = people.run();
    assert_eq!((&report["asked"], &report["removed"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(report["withdrawn"], json!(["b***@example.com"]));
    assert_eq!(
        people.subscribed(),
        [
            "email ann.new@example.com pending",
            "email bob@example.com pending",
            "email boss@example.com confirmed",
            "email friend@example.com confirmed",
        ]
    );
    people.confirm("bob@example.com");
    people.name(&["boss@example.com", "friend@example.com"]);
    people.run();
    people.name(&[]);
    people.run();
    people.confirm("ann.new@example.com");
    assert_eq!(people.run()["removed"], 1, "who confirmed too late");
    let others = ["email boss@example.com confirmed", "email friend@example.com confirmed"];
    assert_eq!(people.subscribed(), others);
    let logged = people.stage.logged(FUNCTION);
    assert!(logged.contains("a***@example.com"), "{logged}");
    assert!(!logged.contains("ann@") && !logged.contains("bob@"), "{logged}");
}

#[test]
fn a_bad_secret_or_a_missing_permission_changes_nothing_and_says_what_to_mend() {
    let people = People::deploy(&[]);
    people.name(&["ann@example.com"]);
    people.run();
    people.confirm("ann@example.com");
    let as_it_is = people.subscribed();
    let before = people.stage.last_call();
    for (text, expected) in [
        ("ann@example.com", "the text is not JSON"),
        (r#"{"emails": []}"#, "field \"emails\" is unknown"),
        (r#"{"email": ["ann at example.com"]}"#, "field email[0] is not an e-mail address"),
    ] {
        people.write(text);
        let error = people.run_fails();
        assert!(error.contains(expected) && error.contains(&people.secret), "{error}");
        assert!(!error.contains("ann"), "{error}");
    }
    // A deployment goes on all the same.
    people.stage.world.update(&[("AlertEmail", "boss@example.com")]).unwrap();
    people.name(&[]);
    for (service, operation) in
        [("secretsmanager", "GetSecretValue"), ("sns", "ListSubscriptionsByTopic")]
    {
        let caller = Some(FUNCTION);
        let fault = Fault { caller, ..Fault::always(service, operation, FaultKind::Deny) };
        people.stage.control().order_fault(&fault).unwrap();
        let error = people.run_fails();
        assert!(error.contains(&format!("lacks the permission for {operation}")), "{error}");
        people.stage.control().clear_faults().unwrap();
    }
    assert_eq!(people.writes(before), Vec::<String>::new());
    assert!(people.subscribed().contains(&as_it_is[0]), "{:?}", people.subscribed());

    people.stage.world.stack().delete().unwrap();
    let left = people.stage.world.parameter("contacts/applied").unwrap();
    assert_eq!(left, None);
}
