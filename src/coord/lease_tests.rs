//! The rules of the lease, one by one, and random histories against a model.

#![cfg(test)]

use super::*;
use crate::coord::test_tokens::{TestTokens, token};
use proptest::prelude::*;

const PLAIN: Ask<'static> = Ask { ttl_ms: 5000, meta: None, conn: None };
const TIED: Ask<'static> = Ask { ttl_ms: 5000, meta: None, conn: Some(ConnId(1)) };

/// A lease that was granted at 0.
fn granted(ask: Ask<'_>) -> (Lease<&'static str>, TestTokens) {
    let (mut lease, mut tokens) = (Lease::default(), TestTokens::default());
    assert_eq!(lease.grant(ask, Mono(0), &mut tokens), Grant::Granted(token(1)));
    (lease, tokens)
}

/// What ended with the lease, if it has ended.
fn attached(mut ended: Vec<Ended<&'static str>>) -> Option<Vec<&'static str>> {
    assert!(ended.len() < 2);
    ended.pop().map(|ended| ended.attached.into_iter().collect())
}

#[test]
fn a_lease_ends_at_its_deadline_with_all_that_hangs_on_it() {
    let (mut lease, _) = granted(PLAIN);
    for item in ["b", "a", "b"] {
        assert_eq!(lease.attach(item, Mono(4999)), Attach::Attached);
    }
    assert_eq!((lease.next_deadline(), lease.tick(Mono(4999))), (Some(Mono(5000)), vec![]));
    assert_eq!(attached(lease.tick(Mono(5000))), Some(vec!["a", "b"]));
    assert!(lease.is_idle() && lease.memory() == 0);
    assert_eq!(lease.attach("c", Mono(5000)), Attach::Gone);
}

#[test]
fn keeping_alive_puts_the_end_off() {
    let (mut lease, _) = granted(PLAIN);
    assert_eq!(lease.keep_alive(None, Mono(4999)), KeepAlive::Remaining(5000));
    assert_eq!(lease.live(Mono(9998)).unwrap().remaining_ms(Mono(9998)), 1);
    assert_eq!(lease.live(Mono(9999)), None);
    assert_eq!(lease.keep_alive(None, Mono(9999)), KeepAlive::Gone);
    assert_eq!(lease.next_deadline(), Some(Mono(0)), "the end has to be told");
    assert_eq!(attached(lease.tick(Mono(9999))), Some(vec![]));
}

#[test]
fn another_token_is_another_lease() {
    let (mut lease, mut tokens) = granted(PLAIN);
    assert_eq!(lease.tick(Mono(5000)).len(), 1);
    assert_eq!(lease.grant(PLAIN, Mono(5000), &mut tokens), Grant::Granted(token(2)));
    let old = Some(token(1));
    assert_eq!(lease.keep_alive(old, Mono(5001)), KeepAlive::Gone);
    assert_eq!(lease.revoke(old, Mono(5001)), Revoke::Gone);
    assert_eq!(lease.keep_alive(Some(token(2)), Mono(5001)), KeepAlive::Remaining(5000));
}

#[test]
fn revoking_ends_it_once() {
    let (mut lease, _) = granted(PLAIN);
    assert_eq!(lease.attach("a", Mono(1)), Attach::Attached);
    assert_eq!(lease.attach("b", Mono(1)), Attach::Attached);
    lease.detach(&"a");
    let ended = Ended { token: token(1), attached: BTreeSet::from(["b"]) };
    assert_eq!(lease.revoke(Some(token(1)), Mono(2)), Revoke::Ended(ended));
    assert_eq!(lease.revoke(None, Mono(2)), Revoke::Gone);
    assert_eq!(lease.tick(Mono(9999)), []);
}

#[test]
fn a_repeated_grant_is_the_same_lease_with_a_new_end() {
    let (mut lease, mut tokens) = granted(Ask { meta: Some(b"host 1"), ..PLAIN });
    assert_eq!(lease.attach("a", Mono(1)), Attach::Attached);
    let again = Ask { ttl_ms: 100, ..PLAIN };
    assert_eq!(lease.grant(again, Mono(4950), &mut tokens), Grant::Renewed(token(1)));
    assert_eq!(&*lease.live(Mono(4950)).unwrap().meta, b"host 1");
    let noted = Ask { meta: Some(b"host 2"), ..again };
    assert_eq!(lease.grant(noted, Mono(4950), &mut tokens), Grant::Renewed(token(1)));
    assert_eq!(&*lease.live(Mono(5049)).unwrap().meta, b"host 2");
    assert_eq!(attached(lease.tick(Mono(5050))), Some(vec!["a"]));
}

#[test]
fn a_grant_after_an_end_that_nobody_saw_is_a_new_lease_and_the_old_one_is_still_told() {
    let (mut lease, mut tokens) = granted(PLAIN);
    assert_eq!(lease.attach("a", Mono(1)), Attach::Attached);
    assert_eq!(lease.grant(PLAIN, Mono(5000), &mut tokens), Grant::Granted(token(2)));
    let ended = lease.tick(Mono(5000)).pop().unwrap();
    assert_eq!((ended.token, ended.attached.len()), (token(1), 1));
    assert!(lease.live(Mono(5000)).unwrap().attached.is_empty());
}

#[test]
fn an_open_connection_keeps_the_lease_alive_and_its_end_starts_the_time() {
    let (mut lease, _) = granted(TIED);
    assert_eq!((lease.next_deadline(), lease.tick(Mono(1 << 40))), (None, vec![]));
    assert_eq!(lease.keep_alive(None, Mono(1 << 40)), KeepAlive::Remaining(5000));
    assert_eq!(lease.next_deadline(), None);
    lease.connection_closed(ConnId(2), Mono(1 << 41));
    assert_eq!(lease.next_deadline(), None);
    lease.connection_closed(ConnId(1), Mono(1 << 41));
    assert_eq!(lease.tick(Mono((1 << 41) + 4999)), []);
    assert_eq!(lease.tick(Mono((1 << 41) + 5000)).len(), 1);
}

#[test]
fn a_client_that_comes_back_in_time_keeps_the_lease() {
    let (mut lease, mut tokens) = granted(TIED);
    lease.connection_closed(ConnId(1), Mono(0));
    assert_eq!(lease.keep_alive(Some(token(1)), Mono(4999)), KeepAlive::Remaining(5000));
    assert_eq!(lease.next_deadline(), Some(Mono(9999)));
    let back = Ask { conn: Some(ConnId(2)), ..TIED };
    assert_eq!(lease.grant(back, Mono(9998), &mut tokens), Grant::Renewed(token(1)));
    lease.connection_closed(ConnId(1), Mono(9999));
    assert_eq!(lease.next_deadline(), None, "the old connection does not count any more");
    assert_eq!(lease.grant(PLAIN, Mono(9999), &mut tokens), Grant::Renewed(token(1)));
    assert_eq!(lease.next_deadline(), Some(Mono(14_999)));
}

#[test]
fn without_a_token_there_is_no_lease() {
    let mut lease = Lease::<u8>::default();
    let mut tokens = TestTokens::dry();
    assert_eq!(lease.grant(PLAIN, Mono(0), &mut tokens), Grant::NoToken);
    assert!(lease.is_idle());
}

#[derive(Clone, Debug)]
enum Step {
    /// Time to live and connection.
    Grant(u64, Option<u64>),
    KeepAlive(Option<u64>),
    Revoke(Option<u64>),
    Close(u64),
    Attach(u8),
    Detach(u8),
    Pass(u64),
}

/// The lease as its rules are told: when it ends, and by whom it is kept alive.
#[derive(Clone, Debug)]
struct Held {
    token: u64,
    ttl_ms: u64,
    conn: Option<u64>,
    end: u64,
    items: Vec<u8>,
}

#[derive(Default)]
struct Model {
    held: Option<Held>,
    tokens: u64,
    now: u64,
}

impl Model {
    fn end(&self) -> Option<u64> {
        self.held.as_ref().filter(|held| held.conn.is_none()).map(|held| held.end)
    }

    fn grant(&mut self, ttl_ms: u64, conn: Option<u64>) -> Grant {
        let now = self.now;
        match &mut self.held {
            Some(held) => {
                let is_repeat = held.conn.is_none() && conn.is_none();
                // A repeat does not bring the end forward.
                let end = if is_repeat { held.end.max(now + ttl_ms) } else { now + ttl_ms };
                (held.ttl_ms, held.conn, held.end) = (ttl_ms, conn, end);
                Grant::Renewed(token(held.token))
            }
            None => {
                self.tokens += 1;
                let items = Vec::new();
                let end = now + ttl_ms;
                self.held = Some(Held { token: self.tokens, ttl_ms, conn, end, items });
                Grant::Granted(token(self.tokens))
            }
        }
    }

    /// The lease, if the token is its or none.
    fn named(&mut self, token: Option<u64>) -> Option<&mut Held> {
        self.held.as_mut().filter(|held| token.is_none_or(|token| token == held.token))
    }

    fn take(&mut self) -> Option<Ended<u8>> {
        let held = self.held.take()?;
        Some(Ended { token: token(held.token), attached: held.items.into_iter().collect() })
    }
}

fn run(steps: &[Step]) {
    let (mut lease, mut tokens, mut model) =
        (Lease::default(), TestTokens::default(), Model::default());
    for step in steps {
        let now = Mono(model.now);
        match *step {
            Step::Grant(ttl_ms, conn) => {
                let ask = Ask { ttl_ms, meta: None, conn: conn.map(ConnId) };
                assert_eq!(lease.grant(ask, now, &mut tokens), model.grant(ttl_ms, conn));
            }
            Step::KeepAlive(named) => {
                let answer = lease.keep_alive(named.map(token), now);
                let held = model.named(named);
                let expected = held.map_or(KeepAlive::Gone, |held| {
                    held.end = now.0 + held.ttl_ms;
                    KeepAlive::Remaining(held.ttl_ms)
                });
                assert_eq!(answer, expected);
            }
            Step::Revoke(named) => {
                let here = model.named(named).is_some();
                let ended = if here { model.take() } else { None };
                let expected = ended.map_or(Revoke::Gone, Revoke::Ended);
                assert_eq!(lease.revoke(named.map(token), now), expected);
            }
            Step::Close(conn) => {
                lease.connection_closed(ConnId(conn), now);
                if let Some(held) = model.held.as_mut().filter(|held| held.conn == Some(conn)) {
                    (held.conn, held.end) = (None, now.0 + held.ttl_ms);
                }
            }
            Step::Attach(item) => {
                let answer = lease.attach(item, now);
                assert_eq!(answer == Attach::Attached, model.held.is_some());
                model.held.iter_mut().for_each(|held| held.items.push(item));
            }
            Step::Detach(item) => {
                lease.detach(&item);
                model.held.iter_mut().for_each(|held| held.items.retain(|other| *other != item));
            }
            Step::Pass(ms) => {
                model.now += ms;
                let due = model.end().is_some_and(|end| end <= model.now);
                let expected = if due { model.take() } else { None };
                assert_eq!(lease.tick(Mono(model.now)), Vec::from_iter(expected));
            }
        }
        assert_eq!(lease.next_deadline(), model.end().map(Mono));
        assert_eq!(lease.is_idle(), model.held.is_none());
    }
}

fn step() -> impl Strategy<Value = Step> {
    let token = || prop::option::of(1..4u64);
    prop_oneof![
        3 => (1..20u64, prop::option::of(0..3u64)).prop_map(|(ttl, conn)| Step::Grant(ttl, conn)),
        2 => token().prop_map(Step::KeepAlive),
        1 => token().prop_map(Step::Revoke),
        2 => (0..3u64).prop_map(Step::Close),
        3 => (0..5u8).prop_map(Step::Attach),
        1 => (0..5u8).prop_map(Step::Detach),
        4 => (1..15u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_goes_as_in_the_model(steps in prop::collection::vec(step(), 1..60)) {
        run(&steps);
    }
}
