//! A lock as a machine: who holds it, who is next, and when it opens again.
//!
//! In: `acquire`, `release`, `extend`, `break_open`, `park`, `withdraw`, `tick`. Out: outcomes.
//! What may have let somebody in is followed by `next_grantable` and `grant` until nobody is left
//! that can be granted.
//!
//! A request for several locks, all or nothing, is parked under one number in each of them and
//! holds nothing while it waits, but keeps its place in each. It is watched at one lock that cannot
//! be had yet, and rests in the others. When the lock that watches offers it, the caller asks all
//! others (`is_grantable`): it either grants all, or lets this one `rest` and one that refused
//! `watch`. Numbers rise, so all queues agree on who came first, and two such waiters never
//! hold places before each other.
//!
//! Not here: who else waits for the owner (`wait_graph.rs`), time-outs of waiters, and where a
//! lease is kept.
//! Invariant: the modes of any two holders go together, and no token is above the last one.

use crate::base::time::{Micros, Mono};
use crate::coord::ask::{Ask, Cause, Ended, Tenure};
use crate::coord::grant::{Lasting, Owner, Term, Tokens, WaiterId};
use crate::coord::holder::Holder;
use crate::coord::holders::Holders;
use crate::coord::lock_outcome::{
    Acquire, Admission, Extend, Granted, How, Offer, Release, Standing, Waiter,
};
use crate::coord::lock_queue::{LockQueue, Waiting};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;
use crate::coord::wait_graph::Move;

/// The state of one lock.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    holders: Holders,
    /// What most locks do not have.
    aside: Option<Box<Aside>>,
}

const _: () = assert!(size_of::<Lock>() <= 64, "a lock that one owner holds takes a cache line");

#[derive(Clone, Debug, Default)]
struct Aside {
    /// Nothing is granted before this instant; 0 when no delay runs.
    closed_until: Mono,
    /// A token that was handed out here, if it is above those of the holders.
    last_token: FenceToken,
    queue: LockQueue,
    /// Grants that another verb than `tick` has ended; `tick` reports them.
    ended: Vec<Ended>,
    /// What the wait-for graph has to be told.
    moves: Vec<Move>,
}

impl Lock {
    /// Decides, changes nothing. To have several locks at once, look at all of them, then acquire.
    pub fn admits(&self, owner: &[u8], mode: Mode, now: Mono) -> Admission {
        if self.next_deadline().is_none_or(|end| now < end) {
            return self.decide(owner, mode);
        }
        // Rare: only in the moment between a deadline and the tick that it is due for.
        let mut settled = self.clone();
        settled.settle(now);
        settled.decide(owner, mode)
    }

    /// Grants a request if nobody is in its way.
    pub fn acquire(&mut self, ask: Ask, now: Mono, tokens: &mut impl Tokens) -> Acquire {
        self.settle(now);
        match self.decide(ask.owner.name(), ask.mode) {
            Admission::AlreadyYours => Acquire::AlreadyYours(self.repeat(&ask, now)),
            Admission::Free => match tokens.draw() {
                Some(token) => {
                    Acquire::Granted(self.hand_over(ask, token, (now, tokens.instant(now))))
                }
                None => Acquire::NoToken,
            },
            Admission::Busy => Acquire::Busy(ask),
        }
    }

    /// Ends one hold of the owner's grant; `claimed` is the token that it has to have.
    pub fn release(&mut self, owner: &[u8], claimed: Option<u64>, now: Mono) -> Release {
        self.settle(now);
        let Some(holder) = self.claim(owner, claimed) else { return Release::NotOwner };
        if holder.holds > 1 || holder.is_relied_on() {
            let holds_left = u64::from(holder.holds - 1);
            self.holders.revise(owner, Holder::drop_hold);
            return Release::HoldsLeft(holds_left);
        }
        let released = self.end(owner, now, Cause::Release);
        released.map_or(Release::NotOwner, Release::Released)
    }

    /// Gives the owner's grant a new term; `claimed` is the token that it has to have.
    pub fn extend(
        &mut self,
        owner: &[u8],
        lasting: Lasting,
        claimed: Option<u64>,
        now: Mono,
    ) -> Extend {
        self.settle(now);
        let Some(holder) = self.claim(owner, claimed) else { return Extend::NotOwner };
        let token = holder.token;
        self.holders.revise(owner, |holder| holder.extend(lasting, now));
        Extend::Extended(token)
    }

    /// A grant below that relied on the owner's grant is over; so long it was to last, as far as
    /// this lock has been told.
    pub fn end_below(
        &mut self,
        owner: &[u8],
        (relied_on, was): (Tenure, Term),
        now: Mono,
    ) -> Option<Ended> {
        self.settle(now);
        // On a grant that was made after a break, others rely.
        let relies = |holder: &&Holder| holder.tenure() == relied_on && holder.is_relied_on();
        self.holders.get(owner).filter(relies)?;
        self.holders.revise(owner, |holder| holder.drop_below(was, now));
        let holder = self.holders.get(owner)?;
        if holder.is_relied_on() || holder.holds > 0 {
            return None;
        }
        self.end(owner, now, Cause::Release)
    }

    /// A grant below that relies on the owner's grant lasts for `term` now, and no more for what
    /// this lock was told before.
    pub fn change_below(&mut self, owner: &[u8], (relied_on, was): (Tenure, Term), term: Term) {
        self.holders.revise(owner, |holder| {
            if holder.tenure() == relied_on && holder.is_relied_on() {
                holder.change_below(was, term);
            }
        });
    }

    /// Ends the grant with this token, as if its time had run out, because its lease is over.
    /// `None` if there is no such grant, it does not hang on a lease any more, or grants below rely
    /// on it, for which it goes on.
    pub fn lease_ended(&mut self, owner: &[u8], token: FenceToken, now: Mono) -> Option<Ended> {
        self.settle(now);
        let holder = self.claim(owner, Some(token.get())).filter(|holder| holder.hangs())?;
        if holder.is_relied_on() {
            self.holders.revise(owner, Holder::drop_holds);
            return None;
        }
        let holder = self.remove(owner)?;
        Some(self.run_out(holder, now))
    }

    /// Takes the lock from all who hold it and keeps it closed for `delay_ms`, which replaces any
    /// delay that runs: the operator has the last word.
    pub fn break_open(&mut self, delay_ms: u64, now: Mono) -> Vec<Ended> {
        self.settle(now);
        if delay_ms > 0 {
            self.aside.get_or_insert_default().closed_until = now.plus(delay_ms);
        } else if let Some(aside) = &mut self.aside {
            aside.closed_until = Mono::default();
            self.tidy();
        }
        let mut broken = Vec::with_capacity(self.holders.len());
        while let Some(holder) = self.holders.pop_first() {
            self.gone(&holder);
            broken.push(holder.end(now, Cause::Break));
        }
        broken
    }

    /// Lets a busy request wait. `waiter` is above all numbers that were parked here before.
    pub fn park(&mut self, waiter: WaiterId, ask: Ask, now: Mono, tokens: &impl Tokens) {
        self.settle(now);
        let since = tokens.instant(now);
        let held = self.holders.get(ask.owner.name()).map(|holder| holder.mode);
        self.aside.get_or_insert_default().queue.park(waiter, ask, held, since);
    }

    /// Takes a waiter out, if it waits here: timed out, disconnected, or granted nothing.
    pub fn withdraw(&mut self, waiter: WaiterId) -> Option<Ask> {
        let aside = self.aside.as_mut()?;
        let gone = aside.queue.remove(waiter)?;
        aside.moves.push(Move::Left(waiter));
        self.tidy();
        Some(gone.ask)
    }

    /// Who can be granted now and is watched here: askers ahead of the line first, then the oldest.
    pub fn next_grantable(&mut self, now: Mono) -> Option<WaiterId> {
        self.aside.as_ref()?;
        self.settle(now);
        self.aside.as_ref()?.queue.next(|wants, held| self.fits(wants, held))
    }

    /// Whether a waiter can be granted now, wherever it is watched.
    pub fn is_grantable(&mut self, waiter: WaiterId, now: Mono) -> bool {
        self.settle(now);
        self.standing(waiter) == Standing::Next
    }

    /// How a request stands, wherever it is watched; what is due has ended before.
    pub fn standing(&self, waiter: WaiterId) -> Standing {
        let Some(queue) = self.aside.as_ref().map(|aside| &aside.queue) else {
            return Standing::Absent;
        };
        if queue.get(waiter).is_none() {
            Standing::Absent
        } else if queue.is_next(waiter, |wants, held| self.fits(wants, held)) {
            Standing::Next
        } else {
            Standing::Waits
        }
    }

    /// Grants a waiter what it asked for. Its term begins now.
    pub fn grant(&mut self, waiter: WaiterId, now: Mono, tokens: &mut impl Tokens) -> Offer {
        if !self.is_grantable(waiter, now) {
            return Offer::NotNext;
        }
        let Some(aside) = self.aside.as_mut() else { return Offer::NotNext };
        let Some(Waiting { ask: asked, .. }) = aside.queue.get(waiter) else {
            return Offer::NotNext;
        };
        let how = match self.holders.get(asked.owner.name()) {
            None => How::New,
            Some(own) if own.mode.covers(asked.mode) => How::Again { counted: asked.reentrant },
            Some(_) => How::Stronger { counted: asked.reentrant },
        };
        let needs_token = !matches!(how, How::Again { .. });
        let drawn = if needs_token { tokens.draw() } else { None };
        if needs_token && drawn.is_none() {
            return Offer::NoToken;
        }
        let Some(Waiting { ask, since, .. }) = aside.queue.remove(waiter) else {
            return Offer::NotNext;
        };
        aside.moves.push(Move::Left(waiter));
        // Whoever makes room may have read the clock before this request came: its core was taken
        // away in between. The term begins when the request was there at the earliest.
        let now = now.max(since.ms());
        let token = match drawn {
            Some(token) => self.hand_over(ask, token, (now, tokens.instant(now))),
            None => self.repeat(&ask, now),
        };
        self.tidy();
        Offer::Granted(Granted { waiter, token, how, since })
    }

    /// Takes back a grant whose asker turned out to be gone before it was told. What other requests
    /// of its owner rely on stays. A stronger mode stays too: what was held before has no token any
    /// more, and the owner gets the new one when it asks again.
    pub fn take_back(&mut self, owner: &[u8], granted: &Granted, now: Mono) -> Option<Ended> {
        self.settle(now);
        let holder = self.claim(owner, Some(granted.token.get()))?;
        let (is_hold, is_new) = match granted.how {
            How::New => (true, true),
            How::Stronger { counted } | How::Again { counted } => (counted, false),
        };
        if is_hold && holder.holds > 1 {
            self.holders.revise(owner, Holder::drop_hold);
            return None;
        }
        if !is_new || holder.repeated {
            return None;
        }
        self.end(owner, now, Cause::Release)
    }

    /// Lets the lock offer a waiter when it can be granted here.
    pub fn watch(&mut self, waiter: WaiterId) {
        if let Some(aside) = &mut self.aside {
            aside.queue.set_watched(waiter, true);
        }
    }

    /// Lets a waiter keep its place without being offered: another lock watches for it.
    pub fn rest(&mut self, waiter: WaiterId) {
        if let Some(aside) = &mut self.aside {
            aside.queue.set_watched(waiter, false);
        }
    }

    /// What has happened since the last call while somebody waited, in order, for the wait-for
    /// graph. A lock that nobody waits for has nothing to tell: it is not in the graph.
    pub fn take_moves(&mut self) -> Vec<Move> {
        self.aside.as_mut().map_or_else(Vec::new, |aside| std::mem::take(&mut aside.moves))
    }

    /// Ends what is due and reports all grants that ended by themselves since the last tick.
    pub fn tick(&mut self, now: Mono, ended: &mut Vec<Ended>) {
        self.settle(now);
        if let Some(aside) = &mut self.aside {
            ended.append(&mut aside.ended);
            self.tidy();
        }
    }

    /// Has the next tick report these ends, too.
    pub fn report(&mut self, mut ended: Vec<Ended>) {
        if !ended.is_empty() {
            self.aside.get_or_insert_default().ended.append(&mut ended);
        }
    }

    /// When to call `tick` next; `None` means when something has changed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let first_end = self.holders.first_end();
        let Some(aside) = &self.aside else { return first_end };
        let opens = Some(aside.closed_until).filter(|until| *until > Mono::default());
        let unreported = aside.ended.first().map(|ended| ended.at);
        [first_end, opens, unreported].into_iter().flatten().min()
    }

    /// Whether nothing has to be remembered: nobody holds or waits, and no delay runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.holders.len() == 0 && self.aside.is_none()
    }

    /// Whether somebody holds it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.holders.len() > 0
    }

    /// Whether somebody waits.
    #[must_use]
    pub fn is_contended(&self) -> bool {
        self.waiting() > 0
    }

    /// How many requests wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.aside.as_ref().map_or(0, |aside| aside.queue.len())
    }

    /// The owner's grant, if it is not over at `now`.
    #[must_use]
    pub fn holder(&self, owner: &[u8], now: Mono) -> Option<&Holder> {
        self.holders.get(owner).filter(|holder| !holder.term().is_over(now))
    }

    /// All grants that are not over at `now`, in the order of their tokens.
    pub fn holders(&self, now: Mono) -> impl Iterator<Item = &Holder> {
        self.holders.iter().filter(move |holder| !holder.term().is_over(now))
    }

    /// All parked requests: those ahead of the line, then those in it, oldest first.
    pub fn waiters(&self) -> impl Iterator<Item = Waiter<'_>> {
        let queue = self.aside.iter().flat_map(|aside| aside.queue.iter());
        queue.map(|(id, waiting)| Waiter {
            id,
            owner: &waiting.ask.owner,
            mode: waiting.ask.mode,
            since: waiting.since,
            is_ahead: waiting.place.is_ahead(),
        })
    }

    /// The highest token that was handed out here.
    #[must_use]
    pub fn last_token(&self) -> FenceToken {
        let aside = self.aside.as_ref().map_or(FenceToken::default(), |aside| aside.last_token);
        self.holders.last_token().unwrap_or_default().max(aside)
    }

    /// For how many milliseconds nothing will be granted.
    #[must_use]
    pub fn delayed_ms(&self, now: Mono) -> u64 {
        self.closed_until().since(now)
    }

    /// Heap bytes, as near as the standard collections let one tell.
    #[must_use]
    pub fn memory(&self) -> usize {
        let aside = self.aside.as_ref().map_or(0, |aside| {
            size_of::<Aside>() + aside.queue.memory() + aside.ended.capacity() * size_of::<Ended>()
        });
        self.holders.memory() + aside
    }

    /// Stops the process if the lock contradicts itself.
    ///
    /// # Panics
    ///
    /// When it does.
    pub fn assert_invariants(&self) {
        self.holders.assert_invariants();
        for holder in self.holders.iter() {
            let room = self.holders.leave_room_for(holder.mode, Some(holder.mode));
            assert!(room, "the modes of all holders go together");
            let is_needed = holder.holds > 0 || holder.is_relied_on();
            assert!(is_needed, "a grant that is released is gone");
        }
        if let Some(aside) = &self.aside {
            let held = |owner: &[u8]| self.holders.get(owner).map(|holder| holder.mode);
            aside.queue.assert_invariants(held);
            assert!(self.needs(aside), "an empty box is dropped");
        }
    }

    /// What is due has ended before.
    fn decide(&self, owner: &[u8], mode: Mode) -> Admission {
        let held = self.holders.get(owner).map(|holder| holder.mode);
        let wants = held.map_or(mode, |held| held.join(mode));
        if held == Some(wants) {
            return Admission::AlreadyYours;
        }
        let passes = |aside: &Aside| held.is_some() || aside.queue.lets_in(owner, mode);
        if self.fits(wants, held) && self.aside.as_deref().is_none_or(passes) {
            Admission::Free
        } else {
            Admission::Busy
        }
    }

    /// Whether holders and delay leave room for a mode. What an owner has, it has in any case.
    fn fits(&self, wants: Mode, held: Option<Mode>) -> bool {
        let is_open = self.closed_until() == Mono::default();
        held == Some(wants) || (is_open && self.holders.leave_room_for(wants, held))
    }

    /// Makes a grant: the only place where a token of this lock is born.
    fn hand_over(
        &mut self,
        ask: Ask,
        token: FenceToken,
        (now, since): (Mono, Micros),
    ) -> FenceToken {
        assert!(token > self.last_token(), "a fencing token never goes back");
        let mut holder = match self.holders.remove(ask.owner.name()) {
            Some(mut own) => {
                own.convert(own.mode.join(ask.mode), token);
                own
            }
            None => Holder::new(ask.owner.clone(), ask.mode, token, since),
        };
        holder.count_in(&ask, now);
        let room = self.holders.leave_room_for(holder.mode, None);
        assert!(room, "a grant goes with those of all other holders");
        self.owner_holds(ask.owner.name(), Some(holder.mode));
        self.holders.insert(holder);
        self.tidy();
        token
    }

    /// Goes on with the owner's grant, for its latest request as well.
    fn repeat(&mut self, ask: &Ask, now: Mono) -> FenceToken {
        let token = self.holders.revise(ask.owner.name(), |holder| {
            holder.count_in(ask, now);
            holder.repeated = true;
        });
        token.expect("only a holder's request is a repeat")
    }

    /// The grant that the owner holds for its own sake, if it has the token that the owner says it
    /// has.
    fn claim(&self, owner: &[u8], claimed: Option<u64>) -> Option<&Holder> {
        let is_it = |holder: &&Holder| {
            holder.holds > 0 && claimed.is_none_or(|token| token == holder.token.get())
        };
        self.holders.get(owner).filter(is_it)
    }

    fn closed_until(&self) -> Mono {
        self.aside.as_ref().map_or(Mono::default(), |aside| aside.closed_until)
    }

    /// Ends what is due at `now`. Every verb that is told the time begins with it.
    fn settle(&mut self, now: Mono) {
        while let Some(holder) = self.holders.pop_over(now) {
            let at = holder.term().deadline().unwrap_or(now);
            self.gone(&holder);
            let ended = self.run_out(holder, at);
            self.aside.get_or_insert_default().ended.push(ended);
        }
        if let Some(aside) = &mut self.aside
            && aside.closed_until <= now
        {
            aside.closed_until = Mono::default();
            self.tidy();
        }
    }

    /// Ends the owner's grant.
    fn end(&mut self, owner: &[u8], now: Mono, cause: Cause) -> Option<Ended> {
        Some(self.remove(owner)?.end(now, cause))
    }

    fn remove(&mut self, owner: &[u8]) -> Option<Holder> {
        let holder = self.holders.remove(owner)?;
        self.gone(&holder);
        Some(holder)
    }

    /// What has to be remembered of a holder that holds no more.
    fn gone(&mut self, holder: &Holder) {
        // Nobody asks an idle lock for its last token.
        let is_idle = self.holders.len() == 0 && self.aside.is_none();
        if !is_idle && self.holders.last_token() < Some(holder.token) {
            let aside = self.aside.get_or_insert_default();
            aside.last_token = aside.last_token.max(holder.token);
        }
        self.owner_holds(holder.owner.name(), None);
        self.tidy();
    }

    /// A grant has ended at `at` by itself, so that its delay begins.
    fn run_out(&mut self, holder: Holder, at: Mono) -> Ended {
        if holder.delay_ms() > 0 {
            let aside = self.aside.get_or_insert_default();
            aside.closed_until = aside.closed_until.max(at.plus(holder.delay_ms()));
            aside.last_token = aside.last_token.max(holder.token);
        }
        holder.end(at, Cause::Expiry)
    }

    /// The owner's requests stand elsewhere when it gets or loses a grant.
    fn owner_holds(&mut self, owner: &[u8], held: Option<Mode>) {
        let Some(aside) = &mut self.aside else { return };
        if !aside.queue.is_empty() {
            aside.queue.owner_holds(owner, held);
            let owner = Owner::new(owner);
            aside.moves.push(match held {
                Some(mode) => Move::Holds(owner, mode),
                None => Move::Ended(owner),
            });
        }
    }

    fn needs(&self, aside: &Aside) -> bool {
        let is_last = self.holders.last_token().is_some_and(|token| token < aside.last_token);
        let is_closed = aside.closed_until > Mono::default();
        !aside.queue.is_empty() || !aside.ended.is_empty() || is_closed || is_last
    }

    fn tidy(&mut self) {
        if self.aside.as_ref().is_some_and(|aside| !self.needs(aside)) {
            self.aside = None;
        }
    }
}

#[path = "lock_tests.rs"]
mod tests;
