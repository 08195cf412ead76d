//! The notifications of a bucket: ours is one among the customer's.
//!
//! S3 keeps one configuration a bucket and replaces it whole, so it is read, ours is merged in or
//! taken out, and everything else is written back as it was read.

use std::fmt;

/// The events llmwatch wants: every way an object comes to be.
pub const OBJECT_CREATED: &str = "s3:ObjectCreated:*";

/// Whom a notification is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// An SQS queue.
    Queue,
    /// An SNS topic.
    Topic,
    /// A Lambda function.
    Function,
}

/// Which keys a notification is about; an empty text is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyFilter {
    /// How the key begins.
    pub prefix: String,
    /// How it ends.
    pub suffix: String,
}

/// A notification of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its name; S3 makes one up where none is given.
    pub id: String,
    /// What kind of receiver it has.
    pub receiver: Receiver,
    /// The receiver.
    pub arn: String,
    /// The events, for example `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// The keys.
    pub keys: KeyFilter,
}

/// The notification llmwatch wants: object-created events to its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name, which no other notification of the bucket has.
    pub id: String,
    /// The queue.
    pub queue_arn: String,
    /// The keys.
    pub keys: KeyFilter,
}

impl Wanted {
    fn is(&self, notification: &Notification) -> bool {
        notification.receiver == Receiver::Queue
            && notification.arn == self.queue_arn
            && notification.keys == self.keys
            && notification.events == [OBJECT_CREATED]
    }
}

/// What is done about a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing; nothing is called.
    Nothing,
    /// Ours is put in, in the place of one of the same name.
    Put,
    /// Ours is taken out.
    TakeOut,
    /// S3 would refuse ours, or another would be lost.
    Refuse(Conflict),
}

/// A notification of somebody else that ours cannot stand beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    other: Notification,
    because: Because,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Because {
    NameTaken,
    KeysOverlap,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Notification { id, arn, keys, .. } = &self.other;
        write!(f, "its notification {id:?} to {arn}")?;
        match self.because {
            Because::NameTaken => f.write_str(
                " has the name llmwatch's own would have; give that one another name and deploy \
                 again",
            ),
            Because::KeysOverlap => write!(
                f,
                " (prefix {:?}, suffix {:?}) is about the same objects, and S3 takes no two such \
                 notifications; narrow or remove that one, or have its receiver listen through \
                 EventBridge, and deploy again. Nothing was changed",
                keys.prefix, keys.suffix
            ),
        }
    }
}

/// Decides how ours comes into a bucket.
#[must_use]
pub fn keep(wanted: &Wanted, bucket: &[Notification]) -> Change {
    let (same_name, others): (Vec<_>, Vec<_>) = bucket.iter().partition(|one| one.id == wanted.id);
    let foreign = same_name.iter().find(|one| one.receiver != Receiver::Queue);
    if let Some(other) = foreign {
        let because = Because::NameTaken;
        return Change::Refuse(Conflict { other: (*other).clone(), because });
    }
    if let Some(other) = others.into_iter().find(|one| overlaps(wanted, one)) {
        let because = Because::KeysOverlap;
        return Change::Refuse(Conflict { other: other.clone(), because });
    }
    match same_name.as_slice() {
        [ours] if wanted.is(ours) => Change::Nothing,
        _ => Change::Put,
    }
}

/// Decides how ours goes out of a bucket: by its name, and only from among the queues.
#[must_use]
pub fn remove(id: &str, bucket: &[Notification]) -> Change {
    let ours = |one: &Notification| one.id == id && one.receiver == Receiver::Queue;
    if bucket.iter().any(ours) { Change::TakeOut } else { Change::Nothing }
}

/// Whether one object could raise both, which S3 refuses when it is configured.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
/// ("overlapping prefixes, overlapping suffixes, or prefix and suffix overlapping"), read
/// 2026-11-22.
fn overlaps(wanted: &Wanted, other: &Notification) -> bool {
    let (ours, theirs) = (&wanted.keys, &other.keys);
    other.events.iter().any(|event| event.starts_with("s3:ObjectCreated:"))
        && (ours.prefix.starts_with(&theirs.prefix) || theirs.prefix.starts_with(&ours.prefix))
        && (ours.suffix.ends_with(&theirs.suffix) || theirs.suffix.ends_with(&ours.suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:llmwatch-LogObjects-1F7J3K";
    const ID: &str = "llmwatch-quality-scorer";

    fn keys(prefix: &str, suffix: &str) -> KeyFilter {
        KeyFilter { prefix: prefix.to_owned(), suffix: suffix.to_owned() }
    }

    fn wanted() -> Wanted {
        Wanted {
            id: ID.to_owned(),
            queue_arn: QUEUE.to_owned(),
            keys: keys("logs/AWSLogs/", ".json.gz"),
        }
    }

    fn ours() -> Notification {
        Notification {
            id: ID.to_owned(),
            receiver: Receiver::Queue,
            arn: QUEUE.to_owned(),
            events: vec![OBJECT_CREATED.to_owned()],
            keys: wanted().keys,
        }
    }

    fn theirs(event: &str, prefix: &str, suffix: &str) -> Notification {
        Notification {
            id: "thumbnails".to_owned(),
            receiver: Receiver::Function,
            arn: "arn:aws:lambda:us-east-1:123456789012:function:thumbnails".to_owned(),
            events: vec![event.to_owned()],
            keys: keys(prefix, suffix),
        }
    }

    #[test]
    fn ours_comes_once_beside_what_is_there() {
        let beside = theirs(OBJECT_CREATED, "pictures/", "");
        assert_eq!(keep(&wanted(), &[]), Change::Put);
        assert_eq!(keep(&wanted(), std::slice::from_ref(&beside)), Change::Put);
        assert_eq!(keep(&wanted(), &[beside, ours()]), Change::Nothing);
    }

    #[test]
    fn an_older_one_of_ours_is_replaced() {
        let mut older = [ours(), ours(), ours()];
        older[0].arn = "arn:aws:sqs:us-east-1:123456789012:former".to_owned();
        older[1].keys = keys("logs/", ".json.gz");
        older[2].events = vec!["s3:ObjectCreated:Put".to_owned()];
        for older in older {
            assert_eq!(keep(&wanted(), &[older]), Change::Put);
        }
        assert_eq!(keep(&wanted(), &[ours(), ours()]), Change::Put, "doubled");
    }

    #[test]
    fn s3_would_refuse_what_overlaps_and_only_that() {
        for (event, prefix, suffix, refused) in [
            (OBJECT_CREATED, "", "", true),
            ("s3:ObjectCreated:Put", "logs/", "", true),
            (OBJECT_CREATED, "logs/AWSLogs/123456789012/", "", true),
            (OBJECT_CREATED, "", ".gz", true),
            (OBJECT_CREATED, "", "x.json.gz", true),
            (OBJECT_CREATED, "", ".png", false),
            (OBJECT_CREATED, "other/", ".gz", false),
            ("s3:ObjectRemoved:*", "", "", false),
            ("s3:ReducedRedundancyLostObject", "", "", false),
        ] {
            let change = keep(&wanted(), &[theirs(event, prefix, suffix)]);
            let is_refused = matches!(change, Change::Refuse(_));
            assert_eq!(is_refused, refused, "{event} {prefix} {suffix}: {change:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_other_and_the_mend() {
        let Change::Refuse(conflict) = keep(&wanted(), &[theirs(OBJECT_CREATED, "", "")]) else {
            panic!();
        };
        let said = conflict.to_string();
        assert!(said.starts_with("its notification \"thumbnails\" to arn:aws:lambda:"), "{said}");
        assert!(said.contains("narrow or remove that one"), "{said}");
    }

    #[test]
    fn a_name_somebody_else_has_is_not_taken_from_them() {
        let mut other = theirs("s3:ObjectRemoved:*", "", "");
        other.id = ID.to_owned();
        assert!(matches!(keep(&wanted(), std::slice::from_ref(&other)), Change::Refuse(_)));
        assert_eq!(remove(ID, &[other]), Change::Nothing);
    }

    #[test]
    fn a_delete_takes_out_ours_alone() {
        let other = theirs(OBJECT_CREATED, "pictures/", "");
        assert_eq!(remove(ID, &[other.clone(), ours()]), Change::TakeOut);
        assert_eq!(remove(ID, &[other]), Change::Nothing);
        assert_eq!(remove(ID, &[]), Change::Nothing);
    }
}
