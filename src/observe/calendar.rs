//! Points in time as dates, for log lines.
//!
//! Has `unsafe` code: the time zone is known to the C library alone (`localtime_r`).

use std::fmt;

use crate::base::time::Wall;

/// Which zone the times of text lines are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The one of the process, as in Redis.
    Local,
    /// Universal time.
    Utc,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes a time as Redis does: `20 Nov 2026 15:57:56.123`.
pub(super) fn write_moment(wall: Wall, zone: Zone, out: &mut impl fmt::Write) -> fmt::Result {
    let date = date_of(wall, zone);
    let month = usize::try_from(date.tm_mon).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"???");
    write!(
        out,
        "{:02} {month} {:04} {:02}:{:02}:{:02}.{:03}",
        date.tm_mday,
        date.tm_year + 1900,
        date.tm_hour,
        date.tm_min,
        date.tm_sec,
        wall.0.rem_euclid(1000),
    )
}

/// Writes a time in UTC as RFC 3339 does: `2026-11-20T15:57:56.123Z`.
pub(super) fn write_rfc3339(wall: Wall, out: &mut impl fmt::Write) -> fmt::Result {
    let date = date_of(wall, Zone::Utc);
    write!(
        out,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.tm_year + 1900,
        date.tm_mon + 1,
        date.tm_mday,
        date.tm_hour,
        date.tm_min,
        date.tm_sec,
        wall.0.rem_euclid(1000),
    )
}

/// Year, month, day and time of day in `zone`.
fn date_of(wall: Wall, zone: Zone) -> libc::tm {
    let seconds = wall.0.div_euclid(1000);
    // SAFETY: `tm` is plain numbers and a pointer that may be null, for which all zeros are valid.
    let mut date: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right type, and the functions keep neither.
    // They read the environment's TZ, which nothing in this process changes. A year that does not
    // fit returns null and leaves `date` as it is: a wrong time in a line, nothing worse.
    unsafe {
        match zone {
            Zone::Local => libc::localtime_r(&raw const seconds, &raw mut date),
            Zone::Utc => libc::gmtime_r(&raw const seconds, &raw mut date),
        }
    };
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 November 2026, 15:57:56.123 UTC.
    const WALL: Wall = Wall(1_795_190_276_123);

    #[test]
    fn local_time_is_universal_time_moved() {
        let local = date_of(WALL, Zone::Local);
        let moved = date_of(Wall(WALL.0 + local.tm_gmtoff * 1000), Zone::Utc);
        let fields = |date: libc::tm| (date.tm_year, date.tm_yday, date.tm_hour, date.tm_min);
        assert_eq!(fields(local), fields(moved));
        let mut early = String::new();
        write_moment(Wall(-1), Zone::Utc, &mut early).unwrap();
        assert_eq!(early, "31 Dec 1969 23:59:59.999");
    }

    #[test]
    fn a_time_is_written_as_redis_or_as_rfc_3339_writes_it() {
        let (mut redis, mut rfc) = (String::new(), String::new());
        write_moment(WALL, Zone::Utc, &mut redis).unwrap();
        write_rfc3339(WALL, &mut rfc).unwrap();
        assert_eq!((&*redis, &*rfc), ("20 Nov 2026 15:57:56.123", "2026-11-20T15:57:56.123Z"));
    }
}
