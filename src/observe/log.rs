//! Log lines: `tracing` events printed as Redis prints its log, or as JSON, with a level that can change at run time.
//!
//! A line is `<pid>:M 20 Nov 2026 15:57:56.123 * message key=value`. It is written by the thread that logs, before it
//! goes on; nothing is buffered, so nothing is lost when the process dies. Not here: where the wall time
//! comes from (a `Clock`), and syslog.
//!
//! Has `unsafe` code: the time zone is known to the C library alone (`localtime_r`).

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::reload;

use crate::base::time::{Clock, Wall};

/// Bytes of message and fields that a line shows; what follows is cut off. Redis cuts at 1,024.
pub const LINE_BYTES_MAX: usize = 4096;

/// The values of `loglevel`, from the most to the fewest lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything, `.` in a line; `tracing`'s TRACE.
    Debug,
    /// Much that is rarely of use, `-` in a line; `tracing`'s DEBUG.
    Verbose,
    /// What an operator wants to see, `*` in a line; `tracing`'s INFO.
    Notice,
    /// Only what is important or wrong, `#` in a line; `tracing`'s WARN and ERROR.
    Warning,
    /// No lines.
    Nothing,
}

impl LogLevel {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Debug, Self::Verbose, Self::Notice, Self::Warning, Self::Nothing];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Verbose => "verbose",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Nothing => "nothing",
        }
    }

    /// The level of that name, in any case of letters.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    const fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::TRACE,
            Self::Verbose => LevelFilter::DEBUG,
            Self::Notice => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            Self::Nothing => LevelFilter::OFF,
        }
    }
}

/// The sign of a level in a line.
fn sign(level: Level) -> char {
    match level {
        Level::ERROR | Level::WARN => '#',
        Level::INFO => '*',
        Level::DEBUG => '-',
        Level::TRACE => '.',
    }
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogShape {
    /// Redis's, for people.
    Text,
    /// One JSON object a line, with the time in UTC.
    Json,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(PathBuf),
}

/// Which zone the times of text lines are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The one of the process, as in Redis.
    Local,
    /// Universal time.
    Utc,
}

/// How to log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// Which lines are printed at first.
    pub level: LogLevel,
    /// What they look like.
    pub shape: LogShape,
    /// The zone of times in text lines.
    pub zone: Zone,
    /// The process's number, the first thing in a text line.
    pub pid: u32,
}

/// Changes the level of a log that is set up.
#[derive(Clone, Debug)]
pub struct LogControl(reload::Handle<LevelFilter, Registry>);

impl LogControl {
    /// Prints lines of `level` and above from now on: `CONFIG SET loglevel`.
    pub fn set_level(&self, level: LogLevel) {
        // It fails only if the log is gone, and then there are no lines of any level.
        let _gone = self.0.reload(level.filter());
    }
}

/// Why there can be no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The log file cannot be written.
    #[error("can't open the log file {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process has a log already.
    #[error("the log is set up already")]
    AlreadySetUp,
}

/// Sends what the whole process logs to `target`.
///
/// # Errors
/// If the file cannot be opened, or the process has a log already.
pub fn install(
    settings: &LogSettings,
    target: &LogTarget,
    clock: Arc<dyn Clock>,
) -> Result<LogControl, LogError> {
    let (log, control) = match target {
        LogTarget::Stdout => dispatch(settings, clock, io::stdout),
        LogTarget::File(path) => {
            let opened = append_to(path);
            opened.map_err(|source| LogError::Open { path: path.clone(), source })?;
            dispatch(settings, clock, LogFile(path.clone()))
        }
    };
    tracing::dispatcher::set_global_default(log).map_err(|_| LogError::AlreadySetUp)?;
    Ok(control)
}

/// A log that writes to `writer`, to be made a thread's or the process's default.
pub fn dispatch<W>(
    settings: &LogSettings,
    clock: Arc<dyn Clock>,
    writer: W,
) -> (Dispatch, LogControl)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(settings.level.filter());
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let lines = match settings.shape {
        LogShape::Text => {
            lines.event_format(TextLines { pid: settings.pid, zone: settings.zone, clock }).boxed()
        }
        LogShape::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_timer(JsonTime(clock))
            .boxed(),
    };
    let log = Dispatch::new(tracing_subscriber::registry().with(filter).with(lines));
    (log, LogControl(handle))
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A file that is opened for each line, as Redis does, so that whoever rotates logs need not tell anybody.
struct LogFile(PathBuf);

impl<'w> MakeWriter<'w> for LogFile {
    type Writer = LineInFile;

    fn make_writer(&'w self) -> LineInFile {
        LineInFile(append_to(&self.0).ok())
    }
}

/// The file open for one line. A line that cannot be written is lost: the server goes on without it.
struct LineInFile(Option<File>);

impl io::Write for LineInFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), File::flush)
    }
}

/// Redis's lines.
struct TextLines {
    pid: u32,
    zone: Zone,
    clock: Arc<dyn Clock>,
}

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'field> FormatFields<'field> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let wall = self.clock.now().wall;
        write!(out, "{}:M ", self.pid)?;
        write_moment(wall, self.zone, &mut out)?;
        write!(out, " {} ", sign(*event.metadata().level()))?;
        let mut line = OneLine { out: out.by_ref(), room: LINE_BYTES_MAX, written: Ok(()) };
        event.record(&mut Message(&mut line));
        event.record(&mut Others(&mut line));
        line.written?;
        out.write_char('\n')
    }
}

/// The name that `tracing` gives to the text of an event.
const MESSAGE: &str = "message";

/// Writes an event's text.
struct Message<'a, 'w>(&'a mut OneLine<'w>);

impl Visit for Message<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            self.0.add(format_args!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.0.add(format_args!("{value}"));
        }
    }
}

/// Writes an event's other fields as ` key=value`.
struct Others<'a, 'w>(&'a mut OneLine<'w>);

impl Visit for Others<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != MESSAGE {
            self.0.add(format_args!(" {}={value:?}", field.name()));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let plain = |letter: char| letter.is_alphanumeric() || "-_.:/@+,|*%".contains(letter);
        if !value.is_empty() && value.chars().all(plain) {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            // Quoted, so that one can see where it ends.
            self.record_debug(field, &value);
        }
    }
}

/// The rest of a line: control characters are escaped, because text from a client must not be able to fake another
/// line, and what has no room is left out.
struct OneLine<'w> {
    out: Writer<'w>,
    room: usize,
    written: fmt::Result,
}

impl OneLine<'_> {
    fn add(&mut self, text: fmt::Arguments<'_>) {
        if self.written.is_ok() {
            self.written = self.write_fmt(text);
        }
    }
}

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            if self.room == 0 {
                break;
            }
            if self.room < letter.len_utf8() {
                self.room = 0;
                break;
            }
            self.room -= letter.len_utf8();
            if letter.is_control() {
                write!(self.out, "{}", letter.escape_default())?;
            } else {
                self.out.write_char(letter)?;
            }
        }
        Ok(())
    }
}

/// The time of JSON lines, as in RFC 3339.
struct JsonTime(Arc<dyn Clock>);

impl FormatTime for JsonTime {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        let wall = self.0.now().wall;
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
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes a time as Redis does: `20 Nov 2026 15:57:56.123`.
fn write_moment(wall: Wall, zone: Zone, out: &mut impl fmt::Write) -> fmt::Result {
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
    use std::sync::Mutex;

    use super::*;
    use crate::base::time::Now;

    /// 20 November 2026, 15:57:56.123 UTC.
    const WALL: Wall = Wall(1_795_190_276_123);

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Now {
            Now { wall: WALL, ..Now::default() }
        }
        fn nanos(&self) -> u64 {
            0
        }
        fn wall_us(&self) -> i64 {
            WALL.0 * 1000
        }
    }

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is printed while `scene` runs.
    fn printed(level: LogLevel, shape: LogShape, scene: impl FnOnce(&LogControl)) -> String {
        let paper = Paper::default();
        let settings = LogSettings { level, shape, zone: Zone::Utc, pid: 4711 };
        let writer = paper.clone();
        let (log, control) = dispatch(&settings, Arc::new(Stopped), move || writer.clone());
        tracing::dispatcher::with_default(&log, || scene(&control));
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn one_of_each() {
        tracing::trace!("t");
        tracing::debug!("d");
        tracing::info!("i");
        tracing::warn!("w");
        tracing::error!("e");
    }

    /// The signs of the lines that `one_of_each` prints.
    fn signs(level: LogLevel) -> String {
        let lines = printed(level, LogShape::Text, |_| one_of_each());
        lines.lines().filter_map(|line| line.split(' ').nth(5)).collect()
    }

    #[test]
    fn a_line_is_written_as_redis_writes_it() {
        let lines = printed(LogLevel::Notice, LogShape::Text, |_| {
            tracing::info!("Ready to accept connections");
            tracing::warn!(port = 6379, path = "/tmp/a", cause = "in use", "Failed");
        });
        assert_eq!(
            lines,
            "4711:M 20 Nov 2026 15:57:56.123 * Ready to accept connections\n\
             4711:M 20 Nov 2026 15:57:56.123 # Failed port=6379 path=/tmp/a cause=\"in use\"\n"
        );
    }

    #[test]
    fn a_level_prints_itself_and_what_is_worse() {
        assert_eq!(signs(LogLevel::Debug), ".-*##");
        assert_eq!(signs(LogLevel::Verbose), "-*##");
        assert_eq!(signs(LogLevel::Notice), "*##");
        assert_eq!(signs(LogLevel::Warning), "##");
        assert_eq!(signs(LogLevel::Nothing), "");
    }

    #[test]
    fn the_level_changes_at_run_time() {
        let lines = printed(LogLevel::Nothing, LogShape::Text, |control| {
            one_of_each();
            control.set_level(LogLevel::Debug);
            tracing::trace!("seen");
            control.set_level(LogLevel::Warning);
            tracing::info!("not seen");
        });
        assert_eq!(lines, "4711:M 20 Nov 2026 15:57:56.123 . seen\n");
    }

    #[test]
    fn json_lines_have_the_same_fields() {
        let lines = printed(LogLevel::Notice, LogShape::Json, |_| {
            tracing::info!(target: "latchd", port = 6379, "Ready\n");
        });
        assert_eq!(
            lines,
            "{\"timestamp\":\"2026-11-20T15:57:56.123Z\",\"level\":\"INFO\",\
             \"message\":\"Ready\\n\",\"port\":6379,\"target\":\"latchd\"}\n"
        );
    }

    #[test]
    fn text_from_outside_cannot_fake_a_line() {
        let lines = printed(LogLevel::Notice, LogShape::Text, |_| {
            tracing::info!(name = "a\r\nb", "x\n1:M # {}", "y\u{1b}[2J");
        });
        assert_eq!(
            lines,
            "4711:M 20 Nov 2026 15:57:56.123 * x\\n1:M # y\\u{1b}[2J name=\"a\\r\\nb\"\n"
        );
    }

    #[test]
    fn a_line_has_an_end() {
        let lines = printed(LogLevel::Notice, LogShape::Text, |_| {
            tracing::info!(cut = 1, "{}", "ä".repeat(LINE_BYTES_MAX));
        });
        let text = lines.strip_prefix("4711:M 20 Nov 2026 15:57:56.123 * ").unwrap();
        assert_eq!(text, format!("{}\n", "ä".repeat(LINE_BYTES_MAX / 2)));
    }

    #[test]
    fn a_file_that_is_moved_away_is_made_again() {
        let directory = std::env::temp_dir().join(format!("latchd-log-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (path, rotated) = (directory.join("log"), directory.join("log.1"));
        let settings =
            LogSettings { level: LogLevel::Notice, shape: LogShape::Text, zone: Zone::Utc, pid: 1 };
        let (log, _control) = dispatch(&settings, Arc::new(Stopped), LogFile(path.clone()));
        tracing::dispatcher::with_default(&log, || {
            tracing::info!("one");
            std::fs::rename(&path, &rotated).unwrap();
            tracing::info!("two");
        });
        let texts = [&rotated, &path].map(|file| std::fs::read_to_string(file).unwrap());
        std::fs::remove_dir_all(&directory).unwrap();
        let line = |text| format!("1:M 20 Nov 2026 15:57:56.123 * {text}\n");
        assert_eq!(texts, [line("one"), line("two")]);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error() {
        let settings =
            LogSettings { level: LogLevel::Notice, shape: LogShape::Text, zone: Zone::Utc, pid: 1 };
        let target = LogTarget::File("/nonexistent/log".into());
        let error = install(&settings, &target, Arc::new(Stopped)).unwrap_err();
        assert!(error.to_string().starts_with("can't open the log file /nonexistent/log: No such"));
    }

    #[test]
    fn levels_have_redis_names() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::named(&level.name().to_uppercase()), Some(level));
        }
        assert_eq!(LogLevel::named("info"), None);
    }

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
}
