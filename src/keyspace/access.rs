//! How recently or how often a key was used, in the 24 bits that an entry spares for it
//! (Redis documentation, "Key eviction": approximated LRU and the LFU mode).
//!
//! Not here: which key is evicted (`evict`), and the settings' names (`config`).

use crate::base::time::Mono;

/// Seconds of a 24-bit clock (LRU), or a minute and a logarithmic counter (LFU).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access(pub [u8; 3]);

/// What the 24 bits mean, and how fast the counter moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// Time of the last use.
    Recency,
    /// Logarithmic number of uses.
    Frequency {
        /// `lfu-log-factor`: uses needed for the next step grow with it.
        log_factor: u32,
        /// `lfu-decay-time`: minutes for the counter to fall by one; 0 = never.
        decay_minutes: u32,
    },
}

/// A new key starts here, so that it is not the first to go (`LFU_INIT_VAL`).
const FREQUENCY_AT_START: u8 = 5;

impl Access {
    /// The mark of a key created now.
    #[must_use]
    pub fn created(mode: AccessMode, now: Mono) -> Self {
        match mode {
            AccessMode::Recency => Self::at_second(now),
            AccessMode::Frequency { .. } => Self::frequency(minute(now), FREQUENCY_AT_START),
        }
    }

    /// The mark after a use now; `chance` is uniform in 0..=u32::MAX.
    #[must_use]
    #[inline]
    pub fn used(self, mode: AccessMode, now: Mono, chance: u32) -> Self {
        match mode {
            AccessMode::Recency => Self::at_second(now),
            AccessMode::Frequency { log_factor, .. } => {
                let count = self.count(mode, now);
                let base = f64::from(count.saturating_sub(FREQUENCY_AT_START));
                let likely = 1.0 / (base * f64::from(log_factor) + 1.0);
                let grows = f64::from(chance) / f64::from(u32::MAX) < likely;
                Self::frequency(minute(now), count.saturating_add(u8::from(grows)))
            }
        }
    }

    /// Whole seconds since the last use, under [`AccessMode::Recency`].
    #[must_use]
    pub fn idle_s(self, now: Mono) -> u64 {
        let second = (now.0 / 1000) as u32 & 0xff_ffff;
        u64::from(second.wrapping_sub(self.word()) & 0xff_ffff)
    }

    /// The counter, decayed to now, under [`AccessMode::Frequency`]; 0 under the other.
    #[must_use]
    pub fn count(self, mode: AccessMode, now: Mono) -> u8 {
        let AccessMode::Frequency { decay_minutes, .. } = mode else { return 0 };
        let [low, high, count] = self.0;
        let Some(periods) = minute(now)
            .wrapping_sub(u16::from_le_bytes([low, high]))
            .checked_div(u16::try_from(decay_minutes).unwrap_or(u16::MAX))
        else {
            return count;
        };
        count.saturating_sub(u8::try_from(periods).unwrap_or(u8::MAX))
    }

    fn at_second(now: Mono) -> Self {
        let [a, b, c, ..] = (now.0 / 1000).to_le_bytes();
        Self([a, b, c])
    }

    const fn frequency(minute: u16, count: u8) -> Self {
        let [low, high] = minute.to_le_bytes();
        Self([low, high, count])
    }

    const fn word(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }
}

const fn minute(now: Mono) -> u16 {
    (now.0 / 60_000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const LFU: AccessMode = AccessMode::Frequency { log_factor: 10, decay_minutes: 1 };

    #[test]
    fn idle_time_counts_whole_seconds_across_the_clocks_wrap() {
        let mode = AccessMode::Recency;
        let used = Access::default().used(mode, Mono(999), 0);
        assert_eq!((used.idle_s(Mono(999)), used.idle_s(Mono(3_000))), (0, 3));
        let late = Mono(0xff_ffff * 1000);
        assert_eq!(Access::default().used(mode, late, 0).idle_s(late.plus(2_000)), 2);
    }

    #[test]
    fn a_key_that_is_not_used_loses_one_count_a_minute() {
        let access = Access::created(LFU, Mono(0));
        assert_eq!(access.count(LFU, Mono(59_999)), FREQUENCY_AT_START);
        assert_eq!(access.count(LFU, Mono(60_000)), FREQUENCY_AT_START - 1);
        assert_eq!(access.count(LFU, Mono(60_000_000)), 0);
    }

    #[test]
    fn the_counter_always_grows_at_first_and_then_by_chance() {
        let access = Access::created(LFU, Mono(0));
        let often = access.used(LFU, Mono(0), u32::MAX / 2);
        assert_eq!(often.count(LFU, Mono(0)), FREQUENCY_AT_START + 1);
        assert_eq!(
            often.used(LFU, Mono(0), u32::MAX / 2).count(LFU, Mono(0)),
            FREQUENCY_AT_START + 1
        );
    }
}
