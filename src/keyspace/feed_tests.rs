//! The feed of one slot, against a list of everything that was ever recorded.

#![cfg(test)]

use super::*;
use proptest::prelude::*;

fn change(key: &str, value_bytes: usize) -> Change {
    let value = Some(vec![b'v'; value_bytes].into());
    Change { name: "set", db: Db(0), key: Some(key.as_bytes().into()), value }
}

fn want(prefix: &str) -> Want {
    Want { db: Db(0), prefix: prefix.as_bytes().into() }
}

fn numbers(feed: &Feed, since: u64, want: &Want, count: usize) -> Result<Vec<u64>, Compacted> {
    let page = feed.read(since, want, count)?;
    Ok(page.changes.iter().map(|(seq, _)| *seq).collect())
}

#[test]
fn a_revision_is_read_as_it_is_written() {
    let revision = Revision { epoch: Epoch::new(7).unwrap(), seq: 12 };
    assert_eq!(revision.to_string(), "7-12");
    assert_eq!(Revision::parse(b"7-12"), Some(revision));
    for text in ["", "-", "7", "7-", "-12", "7-012", "+7-12", "7-12 ", "7--12", "7-1-2", "a-b"] {
        assert_eq!(Revision::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn what_is_forgotten_cannot_be_read_and_the_rest_can() {
    let limit = 2 * change("a", 10).bytes();
    let mut feed = Feed::starting_behind(5, Mono(0));
    (0..2).for_each(|_| drop(feed.record(change("a", 10), limit)));
    assert_eq!((feed.oldest(), feed.last()), (5, 7));
    assert_eq!(numbers(&feed, 4, &want(""), 9), Err(Compacted));
    assert_eq!(numbers(&feed, 5, &want(""), 9), Ok(vec![6, 7]));
    drop(feed.record(change("a", 10), limit));
    assert_eq!(numbers(&feed, 5, &want(""), 9), Err(Compacted));
    assert_eq!(numbers(&feed, 6, &want(""), 9), Ok(vec![7, 8]));
    assert_eq!(numbers(&feed, 8, &want(""), 9), Ok(vec![]));
    assert_eq!(numbers(&feed, 9, &want(""), 9), Err(Compacted));
    drop(feed.record(change("a", limit), limit));
    assert_eq!((feed.oldest(), feed.last(), feed.bytes), (9, 9, 0));
}

#[test]
fn who_waits_is_woken_once_by_a_change_that_it_wants() {
    let mut feed = Feed::starting_behind(0, Mono(0));
    assert_eq!(feed.unread_since(), Some(Mono(0)));
    feed.park(WaiterId(1), want("a"));
    feed.park(WaiterId(2), want("b"));
    feed.park(WaiterId(3), want(""));
    feed.leave(WaiterId(3));
    assert_eq!(feed.unread_since(), None);
    assert_eq!(feed.record(change("abc", 0), 1 << 20), [WaiterId(1)]);
    assert_eq!(feed.record(change("abc", 0), 1 << 20), []);
    let all = Change { key: None, ..change("", 0) };
    assert_eq!(feed.record(Change { db: Db(1), ..all.clone() }, 1 << 20), []);
    assert_eq!(feed.record(all, 1 << 20), [WaiterId(2)]);
    feed.touch(Mono(9));
    assert_eq!(feed.unread_since(), Some(Mono(9)));
}

#[derive(Clone, Debug)]
enum Step {
    Record(u8, usize),
    /// By reader number so, at most so many.
    Read(usize, usize),
}

const READERS: [&str; 3] = ["", "k1", "k2"];

fn step() -> impl Strategy<Value = Step> {
    let record = (0u8..3, 0usize..200).prop_map(|(key, bytes)| Step::Record(key, bytes));
    let count = prop_oneof![1usize..4, Just(usize::MAX)];
    prop_oneof![2 => record, 1 => (0..READERS.len(), count).prop_map(|(it, n)| Step::Read(it, n))]
}

proptest! {
    #[test]
    fn a_reader_sees_every_change_once_and_in_order_or_learns_that_it_does_not(
        steps in prop::collection::vec(step(), 0..200),
        limit in 100usize..2_000,
    ) {
        let mut feed = Feed::starting_behind(3, Mono(0));
        let mut log: Vec<(u64, Change)> = Vec::new();
        let mut at = [3u64; READERS.len()];
        for step in steps {
            match step {
                Step::Record(key, bytes) => {
                    let change = change(&format!("k{key}"), bytes);
                    log.push((4 + log.len() as u64, change.clone()));
                    drop(feed.record(change, limit));
                    prop_assert!(feed.bytes <= limit);
                }
                Step::Read(reader, count) => {
                    let (want, since) = (want(READERS[reader]), at[reader]);
                    let behind =
                        |(seq, change): &&(u64, Change)| *seq > since && want.takes(change);
                    let expected: Vec<(u64, Change)> =
                        log.iter().filter(behind).take(count).cloned().collect();
                    match feed.read(since, &want, count) {
                        Err(Compacted) => {
                            prop_assert!(feed.oldest() > since, "it is not there any more");
                            at[reader] = feed.last();
                        }
                        Ok(page) => {
                            let own = |(seq, it): &(u64, &Change)| (*seq, (*it).clone());
                            let seen: Vec<_> = page.changes.iter().map(own).collect();
                            prop_assert_eq!(&seen, &expected);
                            let last = seen.last().map_or(feed.last(), |(seq, _)| *seq);
                            let all = seen.len() < count;
                            prop_assert_eq!(page.upto, if all { feed.last() } else { last });
                            at[reader] = page.upto;
                        }
                    }
                }
            }
            let kept: usize = feed.changes.iter().map(Change::bytes).sum();
            prop_assert_eq!(feed.bytes, kept);
            prop_assert_eq!(feed.last(), 3 + log.len() as u64);
        }
    }
}
