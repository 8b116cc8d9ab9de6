//! The classes of keyspace events that `notify-keyspace-events` switches on.

/// A set of event classes, written as Redis's letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventClasses(u16);

/// Each letter and its bit, in the order in which Redis prints them.
const LETTERS: [(u8, u16); 14] = [
    (b'g', 1),
    (b'$', 1 << 1),
    (b'l', 1 << 2),
    (b's', 1 << 3),
    (b'h', 1 << 4),
    (b'z', 1 << 5),
    (b'x', 1 << 6),
    (b'e', 1 << 7),
    (b't', 1 << 8),
    (b'd', 1 << 9),
    (b'n', NEW),
    (b'K', 1 << 11),
    (b'E', 1 << 12),
    (b'm', 1 << 13),
];
const NEW: u16 = 1 << 10;
/// What `A` stands for: everything up to `d`, without new keys and misses.
const ALL: u16 = (1 << 10) - 1;

impl EventClasses {
    /// The classes that the letters of `text` name; `None` if one of them names none.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bits = 0;
        for &letter in text {
            bits |= Self::bits_of(letter)?;
        }
        Some(Self(bits))
    }

    /// The letters as `CONFIG GET` shows them: `A` for all classes, then `K`, `E`, `m`.
    /// As in Redis, `n` is not shown beside `A`.
    #[must_use]
    pub fn letters(self) -> String {
        let all = self.0 & ALL == ALL;
        let shown = if all { self.0 & !(ALL | NEW) } else { self.0 };
        let single = LETTERS.iter().filter(|(_, bit)| shown & bit != 0);
        let all = all.then_some('A').into_iter();
        all.chain(single.map(|(letter, _)| char::from(*letter))).collect()
    }

    /// Whether the class of `letter` is switched on (all of them for `A`).
    #[must_use]
    pub fn has(self, letter: u8) -> bool {
        Self::bits_of(letter).is_some_and(|bits| self.0 & bits == bits)
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
    fn letters_are_printed_in_redis_order() {
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
        assert!(events.has(b'K') && events.has(b'x') && events.has(b'A'));
        assert!(!events.has(b'E') && !events.has(b'm') && !events.has(b'?'));
    }
}
