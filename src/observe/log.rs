//! The log: `tracing` events printed as Redis prints its log, or as JSON, with a level that can
//! change at run time.
//!
//! A line is `<pid>:M 20 Nov 2026 15:57:56.123 * message key=value` (`log_line.rs`). The thread
//! that logs writes it before it goes on; nothing is buffered, so nothing is lost when the process
//! dies. Not here: where the wall time comes from (a `Clock`), and syslog.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;

use super::calendar::Zone;
use super::log_line::{JsonTime, TextLines};
use crate::base::time::Clock;

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
            // Absolute, because it is opened again and again; once here, to fail early.
            let opened = std::path::absolute(path).and_then(|path| {
                append_to(&path)?;
                Ok(path)
            });
            let path = opened.map_err(|source| LogError::Open { path: path.clone(), source })?;
            dispatch(settings, clock, LogFile(path))
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

/// A file that is opened for each line, as Redis does, so that whoever rotates logs need not tell
/// anybody.
struct LogFile(PathBuf);

impl<'w> MakeWriter<'w> for LogFile {
    type Writer = LineInFile;

    fn make_writer(&'w self) -> LineInFile {
        LineInFile(append_to(&self.0).ok())
    }
}

/// The file open for one line. A line that cannot be written is lost: the server goes on without
/// it.
struct LineInFile(Option<File>);

impl io::Write for LineInFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), File::flush)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::log_line::LINE_BYTES_MAX;
    use super::*;
    use crate::base::time::{Now, Wall};

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
}
