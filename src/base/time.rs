//! Points in time as types that do not mix: boot-time milliseconds and Unix milliseconds.
//!
//! Not here: reading a clock. Only `runtime/clock.rs` does; everybody else is told.

/// Milliseconds of the boot-time monotonic clock (`CLOCK_BOOTTIME`): expiry and every duration
/// use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

/// Microseconds of the same clock, to tell how long something took. Nothing is due at one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

/// Milliseconds since the Unix epoch, as clients write them in `EXAT` and `PXAT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub i64);

/// One reading of both clocks, taken once per turn and passed down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Boot-time clock.
    pub mono: Mono,
    /// The same reading, in microseconds.
    pub micros: Micros,
    /// Unix time. `wall - mono` stays the same from turn to turn unless the wall clock was set, so
    /// that a deadline given as Unix time is read back as the same number.
    pub wall: Wall,
}

impl Mono {
    /// The instant `ms` later; saturates at the end of time.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here, 0 if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Micros {
    /// The first one of a millisecond.
    #[must_use]
    pub const fn at(ms: Mono) -> Self {
        Self(ms.0.saturating_mul(1_000))
    }

    /// The millisecond that it is in.
    #[must_use]
    pub const fn ms(self) -> Mono {
        Mono(self.0 / 1_000)
    }

    /// Microseconds from `earlier` to here, 0 if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Now {
    /// The boot-time instant at which the wall clock will show `at`, by today's offset.
    /// An instant before boot is `Mono(0)`, which is always in the past.
    #[must_use]
    pub const fn mono_at(&self, at: Wall) -> Mono {
        let ahead = at.0.saturating_sub(self.wall.0);
        if ahead >= 0 {
            self.mono.plus(ahead.unsigned_abs())
        } else {
            Mono(self.mono.0.saturating_sub(ahead.unsigned_abs()))
        }
    }

    /// What the wall clock will show at `at`, by today's offset.
    #[must_use]
    pub const fn wall_at(&self, at: Mono) -> Wall {
        if at.0 >= self.mono.0 {
            Wall(self.wall.0.saturating_add_unsigned(at.0 - self.mono.0))
        } else {
            Wall(self.wall.0.saturating_sub_unsigned(self.mono.0 - at.0))
        }
    }
}

/// Where time comes from. `runtime/clock.rs` has the real one, tests have one that they set.
pub trait Clock: Send + Sync {
    /// Both clocks, in milliseconds.
    fn now(&self) -> Now;
    /// The boot-time clock in nanoseconds: how long a command took, and limits of so many requests
    /// that a millisecond is long. `Now::mono` is the whole milliseconds of it.
    fn nanos(&self) -> u64;
    /// What `now` would have said when `nanos` was read: one reading serves both purposes.
    fn at(&self, nanos: u64) -> Now {
        let _ = nanos;
        self.now()
    }
    /// Notices a wall clock that was set; to be called a few times a second.
    fn sync(&self) {}
    /// Unix time in microseconds, for `TIME`.
    fn wall_us(&self) -> i64;
}
