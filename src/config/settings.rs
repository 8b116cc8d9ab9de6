//! The directives that take effect, as types: what the rest of the server reads.
//!
//! Not here: defaults and ranges, which are in `table/`. A `Settings` never changes; `CONFIG SET`
//! makes a new one.

use crate::base::events::EventClasses;
use std::path::PathBuf;

use super::choice::{EvictionPolicy, LogFormat, LogLevel, ProtectedAction};
use super::current::Slot;
use super::table;
use super::value::{OutputLimits, Secret, Value};

/// The effective directives. Each field is the directive of its name; a unit is its last word.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses to listen on; a leading `-` makes one optional. Empty: no TCP.
    pub bind: Vec<String>,
    /// TCP port, 0 for none.
    pub port: u16,
    /// Unix socket to listen on as well.
    pub unixsocket: Option<PathBuf>,
    /// File mode of the Unix socket, `None` for what the umask gives.
    pub unixsocketperm: Option<u32>,
    /// Whether clients of other machines are refused while there is no password.
    pub protected_mode: bool,
    /// Length of the accept queue.
    pub tcp_backlog: u32,
    /// Seconds after which an idle client is closed, 0 for never.
    pub timeout_s: u32,
    /// Seconds between keep-alive probes, 0 for none.
    pub tcp_keepalive_s: u32,
    /// Threads that serve clients, 0 for one a core.
    pub threads: usize,
    /// How many databases there are, at least 1.
    pub databases: usize,
    /// The working directory.
    pub dir: PathBuf,
    /// File for the process id.
    pub pidfile: Option<PathBuf>,
    /// How much is logged.
    pub loglevel: LogLevel,
    /// File for the log, `None` for standard output.
    pub logfile: Option<PathBuf>,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Whether keys and values stay out of the log.
    pub hide_user_data_from_log: bool,
    /// Whether the banner is printed even without a terminal.
    pub always_show_logo: bool,
    /// Seconds that a shutdown waits for clients that are taking their last replies.
    pub shutdown_timeout_s: u32,
    /// The password of `AUTH`, `None` if none is asked for.
    pub requirepass: Option<Secret>,
    /// Who may change protected directives.
    pub enable_protected_configs: ProtectedAction,
    /// Who may use `DEBUG`.
    pub enable_debug_command: ProtectedAction,
    /// Most clients at a time, at least 1.
    pub maxclients: u32,
    /// Longest argument in bytes.
    pub proto_max_bulk_len: usize,
    /// Most bytes of requests that may wait for a client.
    pub client_query_buffer_limit: usize,
    /// How many bytes of replies may wait for a client.
    pub client_output_buffer_limit: OutputLimits,
    /// Most bytes of data, 0 for no limit.
    pub maxmemory: u64,
    /// What goes when memory is full.
    pub maxmemory_policy: EvictionPolicy,
    /// Keys to look at for one to evict, at least 1.
    pub maxmemory_samples: u32,
    /// Bytes of changes that a slot keeps for FEED.READ.
    pub feed_backlog: usize,
    /// Steepness of the LFU counter.
    pub lfu_log_factor: u32,
    /// Minutes until the LFU counter is lowered.
    pub lfu_decay_time_min: u32,
    /// Most fields of a compact hash.
    pub hash_max_listpack_entries: usize,
    /// Longest field or value of a compact hash in bytes.
    pub hash_max_listpack_value: usize,
    /// Microseconds from which a command is slow, `None` for never.
    pub slowlog_log_slower_than_us: Option<u64>,
    /// Entries of the slow log.
    pub slowlog_max_len: usize,
    /// Milliseconds from which an event is recorded, 0 for never.
    pub latency_monitor_threshold_ms: u64,
    /// Whether every command has a latency histogram.
    pub latency_tracking: bool,
    /// Which key events are published.
    pub notify_keyspace_events: EventClasses,
    /// Percentiles that `INFO latencystats` shows, 0 to 100.
    pub latency_tracking_info_percentiles: Vec<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from_slots(&super::current::default_slots())
    }
}

impl Settings {
    pub(super) fn from_slots(slots: &[Slot]) -> Self {
        let values = Values(slots);
        Self {
            bind: values.addresses("bind"),
            port: values.whole("port"),
            unixsocket: values.path("unixsocket"),
            unixsocketperm: values.mode("unixsocketperm"),
            protected_mode: values.flag("protected-mode"),
            tcp_backlog: values.whole("tcp-backlog"),
            timeout_s: values.whole("timeout"),
            tcp_keepalive_s: values.whole("tcp-keepalive"),
            threads: values.whole("threads"),
            databases: values.whole("databases"),
            dir: values.path("dir").unwrap_or_default(),
            pidfile: values.path("pidfile"),
            loglevel: values.choice("loglevel", LogLevel::named),
            logfile: values.path("logfile"),
            log_format: values.choice("log-format", LogFormat::named),
            hide_user_data_from_log: values.flag("hide-user-data-from-log"),
            always_show_logo: values.flag("always-show-logo"),
            shutdown_timeout_s: values.whole("shutdown-timeout"),
            requirepass: values.secret("requirepass"),
            enable_protected_configs: values
                .choice("enable-protected-configs", ProtectedAction::named),
            enable_debug_command: values.choice("enable-debug-command", ProtectedAction::named),
            maxclients: values.whole("maxclients"),
            proto_max_bulk_len: values.bytes("proto-max-bulk-len"),
            client_query_buffer_limit: values.bytes("client-query-buffer-limit"),
            client_output_buffer_limit: values.output_limits("client-output-buffer-limit"),
            maxmemory: values.bytes("maxmemory"),
            maxmemory_policy: values.choice("maxmemory-policy", EvictionPolicy::named),
            maxmemory_samples: values.whole("maxmemory-samples"),
            feed_backlog: values.bytes("feed-backlog"),
            lfu_log_factor: values.whole("lfu-log-factor"),
            lfu_decay_time_min: values.whole("lfu-decay-time"),
            hash_max_listpack_entries: values.whole("hash-max-listpack-entries"),
            hash_max_listpack_value: values.bytes("hash-max-listpack-value"),
            slowlog_log_slower_than_us: values.whole_unless_negative("slowlog-log-slower-than"),
            slowlog_max_len: values.whole("slowlog-max-len"),
            latency_monitor_threshold_ms: values.whole("latency-monitor-threshold"),
            latency_tracking: values.flag("latency-tracking"),
            notify_keyspace_events: values.events("notify-keyspace-events"),
            latency_tracking_info_percentiles: values
                .percentiles("latency-tracking-info-percentiles"),
        }
    }
}

/// Reads values by name. A name or a kind that is not in the table is a mistake in this file, and
/// every test that makes a `Settings` finds it, so it panics.
struct Values<'a>(&'a [Slot]);

impl Values<'_> {
    fn of(&self, name: &str) -> &Value {
        let (index, _) = table::find(name.as_bytes()).expect("every setting has a row");
        &self.0[index].value
    }

    fn flag(&self, name: &str) -> bool {
        let Value::Flag(flag) = self.of(name) else { panic!("{name} is not a flag") };
        *flag
    }

    fn integer(&self, name: &str) -> i64 {
        let Value::Integer(number) = self.of(name) else { panic!("{name} is not an integer") };
        *number
    }

    fn whole<T: TryFrom<i64>>(&self, name: &str) -> T {
        let Ok(number) = T::try_from(self.integer(name)) else {
            panic!("{name}: the range of the row does not fit the field")
        };
        number
    }

    fn whole_unless_negative(&self, name: &str) -> Option<u64> {
        u64::try_from(self.integer(name)).ok()
    }

    fn bytes<T: TryFrom<u64>>(&self, name: &str) -> T {
        let Value::Memory(bytes) = self.of(name) else { panic!("{name} is not a memory size") };
        let Ok(bytes) = T::try_from(*bytes) else {
            panic!("{name}: the range of the row does not fit the field")
        };
        bytes
    }

    fn mode(&self, name: &str) -> Option<u32> {
        let Value::Octal(mode) = self.of(name) else { panic!("{name} is not a file mode") };
        (*mode != 0).then_some(*mode)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let Value::Text(text) = self.of(name) else { panic!("{name} is not a text") };
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        let Value::Secret(secret) = self.of(name) else { panic!("{name} is not a password") };
        (!secret.expose().is_empty()).then(|| secret.clone())
    }

    fn choice<T>(&self, name: &str, named: impl Fn(&str) -> Option<T>) -> T {
        let Value::Choice(word) = self.of(name) else { panic!("{name} is not a choice") };
        named(word).expect("the row's words are the variants' names")
    }

    fn addresses(&self, name: &str) -> Vec<String> {
        let Value::Addresses(addresses) = self.of(name) else { panic!("{name}: not addresses") };
        addresses.clone()
    }

    fn output_limits(&self, name: &str) -> OutputLimits {
        let Value::OutputLimits(limits) = self.of(name) else { panic!("{name}: not limits") };
        *limits
    }

    fn events(&self, name: &str) -> EventClasses {
        let Value::Events(classes) = self.of(name) else { panic!("{name}: not event classes") };
        *classes
    }

    fn percentiles(&self, name: &str) -> Vec<f64> {
        let Value::Percentiles(all) = self.of(name) else { panic!("{name}: not percentiles") };
        all.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::directive::Effect;
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let settings = Settings::default();
        assert_eq!((settings.port, settings.databases, settings.threads), (6379, 16, 0));
        assert_eq!(settings.bind, ["127.0.0.1", "-::1"]);
        assert_eq!(settings.proto_max_bulk_len, 512 << 20);
        assert_eq!(settings.client_output_buffer_limit.pubsub.soft_seconds, 60);
        assert_eq!(settings.slowlog_log_slower_than_us, Some(10_000));
        assert_eq!((settings.requirepass, settings.unixsocketperm), (None, None));
    }

    /// A row that takes effect has a field of its name, and the reverse.
    #[test]
    fn every_effective_row_is_a_field() {
        let shown = format!("{:#?}", Settings::default());
        let fields: Vec<&str> = shown
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(':'))
            .map(|(field, _)| field)
            .filter(|field| !field.starts_with(' '))
            .map(|field| {
                ["_s", "_min", "_us", "_ms"]
                    .iter()
                    .fold(field, |name, unit| name.strip_suffix(unit).unwrap_or(name))
            })
            .collect();
        let rows: Vec<String> = table::directives()
            .filter(|row| row.effect == Effect::Effective)
            .map(|row| row.name.replace('-', "_"))
            .collect();
        for row in &rows {
            assert!(fields.contains(&row.as_str()), "{row} takes effect but is not a field");
        }
        for field in &fields {
            assert!(rows.iter().any(|row| row == field), "{field} is a field without a row");
        }
    }
}
