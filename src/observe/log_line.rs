//! How one event becomes one line: Redis's text, and the time of a JSON object.
//!
//! Not here: where lines go and which are printed (`log.rs`). Invariant: an event is one line,
//! whatever its text holds.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::calendar::{Zone, write_moment, write_rfc3339};
use crate::base::time::Clock;

/// Bytes of message and fields that a line shows; what follows is cut off. Redis cuts at 1,024.
pub const LINE_BYTES_MAX: usize = 4096;

/// The sign of a level in a line.
fn sign(level: Level) -> char {
    match level {
        Level::ERROR | Level::WARN => '#',
        Level::INFO => '*',
        Level::DEBUG => '-',
        Level::TRACE => '.',
    }
}

/// Redis's lines.
pub(super) struct TextLines {
    pub(super) pid: u32,
    pub(super) zone: Zone,
    pub(super) clock: Arc<dyn Clock>,
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

/// The rest of a line: control characters are escaped, because text from a client must not be able
/// to fake another line, and what has no room is left out.
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

/// The time of JSON lines.
pub(super) struct JsonTime(pub(super) Arc<dyn Clock>);

impl FormatTime for JsonTime {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        write_rfc3339(self.0.now().wall, out)
    }
}
