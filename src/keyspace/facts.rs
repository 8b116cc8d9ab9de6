//! What a machine shows of itself. The difference between what it shows before and after a change
//! is what has happened under its key.
//!
//! It is looked at only while somebody wants to know. Not here: what each kind of machine shows
//! (`primitive`). Who waits is no fact: waiting gives nobody anything.

use crate::base::events::EventClass;
use crate::base::time::Mono;
use crate::coord::ask::{Cause, Ended};
use crate::coord::grant::Owner;
use crate::keyspace::event::Event;
use std::collections::BTreeMap;

/// Something that a machine shows, for example that an owner has a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// Whose it is; no two facts of a machine are the same owner's.
    pub owner: Option<Owner>,
    /// Its token, or another number that says what it is now.
    pub number: Option<u64>,
    /// When it is over by itself.
    pub end: Option<Mono>,
    /// What else there is to it.
    pub rest: u64,
}

/// What has become of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is new.
    Begun,
    /// It has another number.
    Renumbered,
    /// It has another end, or something else about it is different.
    Changed,
    /// It is over.
    Ended(Cause),
}

const fn coordination(name: &'static str) -> Event {
    Event::new(EventClass::Coordination, name)
}

/// Somebody has got something, or something stronger in place of it.
pub const ACQUIRED: Event = coordination("acquired");
/// What somebody has got goes on, with another end, another number of holds or permits, or another
/// value.
pub const CHANGED: Event = coordination("changed");
/// Its owner has given it back, or was gone before it was told.
pub const RELEASED: Event = coordination("released");
/// Its time, or that of its lease, has run out.
pub const EXPIRED: Event = coordination("expired");
/// An operator has taken it away.
pub const BROKEN: Event = coordination("broken");
/// The key was deleted, or the database emptied.
pub const LOST: Event = coordination("lost");
/// A latch has been made.
pub const INITIALIZED: Event = coordination("initialized");
/// A latch has been counted down.
pub const COUNTED: Event = coordination("counted");
/// Nobody has to wait any more at a latch, or in a barrier's round.
pub const OPENED: Event = coordination("opened");
/// Somebody waits at a barrier.
pub const ARRIVED: Event = coordination("arrived");
/// A fence has seen a higher token.
pub const SEEN: Event = coordination("seen");
/// A part of a rate limit is used up.
pub const TAKEN: Event = coordination("taken");
/// A reply is kept for those who repeat the request.
pub const KEPT: Event = coordination("kept");

impl Turn {
    /// What it is called where owners have grants.
    pub(crate) const fn of_grant(self) -> &'static Event {
        match self {
            Self::Begun | Self::Renumbered => &ACQUIRED,
            Self::Changed => &CHANGED,
            Self::Ended(Cause::Release) => &RELEASED,
            Self::Ended(Cause::Expiry) => &EXPIRED,
            Self::Ended(Cause::Break) => &BROKEN,
            Self::Ended(Cause::Deletion) => &LOST,
        }
    }
}

impl Fact {
    /// What is told beside the event: the number and the owner, as far as there are any.
    pub(crate) fn text(&self) -> Option<Box<[u8]>> {
        let number = self.number.map(|number| number.to_string().into_bytes());
        let owner = self.owner.as_ref().map(|owner| owner.name().to_vec());
        let words: Vec<Vec<u8>> = number.into_iter().chain(owner).collect();
        (!words.is_empty()).then(|| words.join(&b' ').into())
    }

    fn is_of(&self, ended: &Ended) -> bool {
        self.owner.as_ref() == Some(&ended.owner) && self.number == Some(ended.token.get())
    }

    fn is_over(&self, now: Mono) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}

/// What has happened between two looks at a machine: what has ended first, then the rest in the
/// order of its numbers. `ended` says why grants are over as far as the machine itself knows;
/// `cause`, why others are whose time has not run out.
pub(crate) fn compare(
    before: Vec<Fact>,
    after: Vec<Fact>,
    ended: &[Ended],
    (cause, now): (Cause, Mono),
) -> Vec<(Turn, Fact)> {
    let mut after: BTreeMap<_, _> =
        after.into_iter().map(|fact| (fact.owner.clone(), fact)).collect();
    let (mut turns, mut ongoing) = (Vec::new(), Vec::new());
    for fact in before {
        let next = after.remove(&fact.owner);
        let why = ended.iter().find(|ended| fact.is_of(ended)).map(|ended| ended.cause);
        let why = why.or_else(|| fact.is_over(now).then_some(Cause::Expiry));
        match next {
            Some(next) if next == fact => {}
            Some(next) if next.number == fact.number => ongoing.push((Turn::Changed, next)),
            Some(next) if why.is_none() => ongoing.push((Turn::Renumbered, next)),
            next => {
                turns.push((Turn::Ended(why.unwrap_or(cause)), fact));
                ongoing.extend(next.map(|next| (Turn::Begun, next)));
            }
        }
    }
    ongoing.extend(after.into_values().map(|fact| (Turn::Begun, fact)));
    ongoing.sort_by_key(|(_, fact)| fact.number);
    turns.append(&mut ongoing);
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Micros;
    use crate::coord::mode::Mode;
    use crate::coord::token::FenceToken;

    const NOW: Mono = Mono(10);

    fn fact(name: &str, number: u64, end: u64) -> Fact {
        let owner = Some(Owner::new(name.as_bytes()));
        Fact { owner, number: Some(number), end: Some(Mono(end)), rest: 0 }
    }

    fn ended(name: &str, number: u64, cause: Cause) -> Ended {
        let (owner, token) = (Owner::new(name.as_bytes()), FenceToken::new(number).unwrap());
        Ended { owner, mode: Mode::Exclusive, token, since: Micros::default(), at: NOW, cause }
    }

    fn told(before: &[Fact], after: &[Fact], ended: &[Ended]) -> Vec<(Turn, String)> {
        let turns = compare(before.to_vec(), after.to_vec(), ended, (Cause::Release, NOW));
        let text = |fact: Fact| String::from_utf8(fact.text().unwrap().into()).unwrap();
        turns.into_iter().map(|(turn, fact)| (turn, text(fact))).collect()
    }

    fn turns<const N: usize>(turns: [(Turn, &str); N]) -> Vec<(Turn, String)> {
        turns.into_iter().map(|(turn, text)| (turn, text.into())).collect()
    }

    #[test]
    fn what_is_new_comes_behind_what_has_ended_and_in_order() {
        let before = [fact("a", 1, 20), fact("b", 2, 20)];
        let after = [fact("d", 4, 20), fact("c", 3, 20), fact("b", 2, 20)];
        let expected =
            [(Turn::Ended(Cause::Release), "1 a"), (Turn::Begun, "3 c"), (Turn::Begun, "4 d")];
        assert_eq!(told(&before, &after, &[]), turns(expected));
    }

    #[test]
    fn an_end_has_the_cause_that_is_known_for_it() {
        let before = [fact("a", 1, 20), fact("b", 2, 10), fact("c", 3, 20)];
        let known = [ended("a", 1, Cause::Break), ended("c", 2, Cause::Break)];
        let expected = [
            (Turn::Ended(Cause::Break), "1 a"),
            (Turn::Ended(Cause::Expiry), "2 b"),
            (Turn::Ended(Cause::Release), "3 c"),
        ];
        assert_eq!(told(&before, &[], &known), turns(expected));
    }

    #[test]
    fn another_number_is_a_new_grant_if_the_one_before_was_over() {
        let expected = turns([(Turn::Ended(Cause::Expiry), "1 a"), (Turn::Begun, "2 a")]);
        assert_eq!(told(&[fact("a", 1, 10)], &[fact("a", 2, 20)], &[]), expected);
        let known = [ended("a", 1, Cause::Expiry)];
        assert_eq!(told(&[fact("a", 1, 11)], &[fact("a", 2, 20)], &known), expected);
        let stronger = turns([(Turn::Renumbered, "2 a")]);
        assert_eq!(told(&[fact("a", 1, 11)], &[fact("a", 2, 20)], &[]), stronger);
    }

    #[test]
    fn another_end_is_a_change_and_the_same_is_none() {
        let changed = turns([(Turn::Changed, "1 a")]);
        assert_eq!(told(&[fact("a", 1, 10)], &[fact("a", 1, 11)], &[]), changed);
        assert_eq!(told(&[fact("a", 1, 11)], &[fact("a", 1, 11)], &[]), []);
    }

    #[test]
    fn what_has_no_number_or_owner_is_told_without() {
        let text = |fact: Fact| fact.text().map(|text| String::from_utf8(text.into()).unwrap());
        assert_eq!(text(Fact { owner: None, ..fact("", 7, 0) }).as_deref(), Some("7"));
        assert_eq!(text(Fact { number: None, ..fact("a b", 0, 0) }).as_deref(), Some("a b"));
        assert_eq!(text(Fact::default()), None);
    }
}
