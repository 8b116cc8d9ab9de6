//! The classes of key events that `notify-keyspace-events` switches on, and the letters that name
//! them (Redis documentation, "Redis keyspace notifications").
//!
//! Not here: the events themselves (`keyspace/event.rs`).

/// A class of events about keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// `g`: commands that keys of all types have.
    Generic,
    /// `$`: strings.
    String,
    /// `l`: lists.
    List,
    /// `s`: sets.
    Set,
    /// `h`: hashes.
    Hash,
    /// `z`: sorted sets.
    SortedSet,
    /// `x`: keys that end by time.
    Expired,
    /// `e`: keys that are removed to make room.
    Evicted,
    /// `t`: streams.
    Stream,
    /// `d`: types that are not Redis's own.
    Module,
    /// `n`: keys that are new.
    New,
    /// `m`: reads that found no key.
    Miss,
    /// `L`: coordination, which is ours.
    Coordination,
}

/// A set of event classes, and the channels that tell of them, written as letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventClasses(u16);

/// Each letter and its bit, in the order in which Redis prints them.
const LETTERS: [(u8, u16); 15] = [
    (b'g', EventClass::Generic.bit()),
    (b'$', EventClass::String.bit()),
    (b'l', EventClass::List.bit()),
    (b's', EventClass::Set.bit()),
    (b'h', EventClass::Hash.bit()),
    (b'z', EventClass::SortedSet.bit()),
    (b'x', EventClass::Expired.bit()),
    (b'e', EventClass::Evicted.bit()),
    (b't', EventClass::Stream.bit()),
    (b'd', EventClass::Module.bit()),
    (b'n', EventClass::New.bit()),
    (b'K', KEYSPACE),
    (b'E', KEYEVENT),
    (b'm', EventClass::Miss.bit()),
    (b'L', EventClass::Coordination.bit()),
];
const KEYSPACE: u16 = 1 << 14;
const KEYEVENT: u16 = 1 << 15;
/// What `A` stands for: everything up to `d`, without new keys, misses and coordination.
const ALL: u16 = (1 << 10) - 1;

const _: () = assert!(ALL + 1 == EventClass::New.bit(), "A ends where the classes beyond it begin");
const _: () = assert!(EventClass::Coordination.bit() < KEYSPACE, "classes and channels differ");

impl EventClass {
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl EventClasses {
    /// None.
    pub const NONE: Self = Self(0);

    /// The classes that the letters of `text` name; `None` if one of them names none.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bits = 0;
        for &letter in text {
            bits |= Self::bits_of(letter)?;
        }
        Some(Self(bits))
    }

    /// The letters as `CONFIG GET` shows them: `A` for all classes of Redis, then `K`, `E`, `m`,
    /// and our own. As in Redis, `n` is not shown beside `A`.
    #[must_use]
    pub fn letters(self) -> String {
        let all = self.0 & ALL == ALL;
        let hidden = if all { ALL | EventClass::New.bit() } else { 0 };
        let single = LETTERS.iter().filter(|(_, bit)| self.0 & !hidden & bit != 0);
        let all = all.then_some('A').into_iter();
        all.chain(single.map(|(letter, _)| char::from(*letter))).collect()
    }

    /// Whether the class is switched on.
    #[must_use]
    #[inline]
    pub const fn has(self, class: EventClass) -> bool {
        self.0 & class.bit() != 0
    }

    /// Whether there are channels by key (`K`).
    #[must_use]
    pub const fn by_key(self) -> bool {
        self.0 & KEYSPACE != 0
    }

    /// Whether there are channels by event (`E`).
    #[must_use]
    pub const fn by_event(self) -> bool {
        self.0 & KEYEVENT != 0
    }

    /// What is told of at all: coordination has channels of its own, everything else needs `K` or
    /// `E`.
    #[must_use]
    pub const fn told(self) -> Self {
        let bits = if self.by_key() || self.by_event() {
            self.0
        } else {
            self.0 & EventClass::Coordination.bit()
        };
        Self(bits & !(KEYSPACE | KEYEVENT))
    }

    fn bits_of(letter: u8) -> Option<u16> {
        if letter == b'A' {
            return Some(ALL);
        }
        LETTERS.iter().find(|(name, _)| *name == letter).map(|(_, bit)| *bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_printed_in_redis_order_and_ours_at_the_end() {
        for (given, shown) in [
            ("", ""),
            ("KEA", "AKE"),
            ("g$lshzxetd", "A"),
            ("g$lshzxe", "g$lshzxe"),
            ("Axg", "A"),
            ("AKEmn", "AKEm"),
            ("ndmtexzhsl$gEK", "AKEm"),
            ("n", "n"),
            ("xE", "xE"),
            ("LEA", "AEL"),
        ] {
            assert_eq!(EventClasses::parse(given.as_bytes()).unwrap().letters(), shown, "{given}");
        }
    }

    #[test]
    fn an_unknown_letter_is_refused() {
        assert_eq!(EventClasses::parse(b"foo"), None);
    }

    #[test]
    fn a_class_is_on_if_its_letter_or_a_was_given() {
        let events = EventClasses::parse(b"KA").unwrap();
        assert!(events.by_key() && !events.by_event());
        assert!(events.has(EventClass::Expired) && events.has(EventClass::Module));
        let beyond = [EventClass::New, EventClass::Miss, EventClass::Coordination];
        assert!(beyond.iter().all(|&class| !events.has(class)));
    }

    #[test]
    fn without_a_channel_nothing_but_coordination_is_told() {
        let told = |text: &[u8]| EventClasses::parse(text).unwrap().told();
        assert_eq!(told(b"Amn"), EventClasses::NONE);
        assert_eq!(told(b"AL"), told(b"L"));
        assert!(told(b"AE").has(EventClass::String) && told(b"K$").has(EventClass::String));
    }
}
