//! The sections about the process and its clients.

use super::{Facts, Lines};
use crate::command::node::REDIS_VERSION;

const MULTIPLEXING: &str = if cfg!(target_os = "linux") { "epoll" } else { "kqueue" };

pub(super) fn server(facts: &Facts<'_>, out: &mut Lines) {
    let (identity, settings) = (&facts.node.identity, &facts.settings);
    let uptime_s = facts.now.mono.since(identity.started.mono) / 1_000;
    out.line("redis_version", REDIS_VERSION);
    out.line("latchd_version", env!("CARGO_PKG_VERSION"));
    out.line("redis_mode", "standalone");
    out.line("os", &identity.os);
    out.line("arch_bits", usize::BITS);
    out.line("monotonic_clock", "POSIX clock_gettime");
    out.line("multiplexing_api", MULTIPLEXING);
    out.line("process_id", identity.pid);
    out.line("process_supervised", "no");
    out.line("run_id", &identity.run_id);
    out.line("tcp_port", settings.port);
    out.line("server_time_usec", facts.node.clock.wall_us());
    out.line("uptime_in_seconds", uptime_s);
    out.line("uptime_in_days", uptime_s / 86_400);
    out.line("worker_threads", identity.workers);
    out.line("executable", &identity.executable);
    let config = facts.node.config();
    out.line("config_file", config.file().unwrap_or("".as_ref()).display());
    drop(config);
    if settings.port != 0 {
        let binds: String = settings.bind.iter().map(|bind| format!(",bind={bind}")).collect();
        out.line("listener0", format_args!("name=tcp{binds},port={}", settings.port));
    }
    if let Some(path) = &settings.unixsocket {
        out.line("listener1", format_args!("name=unix,bind={}", path.display()));
    }
}

pub(super) fn clients(facts: &Facts<'_>, out: &mut Lines) {
    let all = facts.node.clients.all();
    let figures: Vec<_> = all.iter().map(|client| client.figures()).collect();
    let number = |is_one: fn(&crate::clients::Figures) -> bool| {
        figures.iter().filter(|figures| is_one(figures)).count()
    };
    out.line("connected_clients", all.len());
    out.line("maxclients", facts.settings.maxclients);
    out.line("blocked_clients", number(|figures| figures.blocked));
    let subscribers = all.iter().filter(|client| !client.subscribed().is_nothing());
    out.line("pubsub_clients", subscribers.count());
    out.line("watching_clients", number(|figures| figures.watched > 0));
    out.line("total_watched_keys", facts.shards.watched_keys);
}

pub(super) fn cpu(facts: &Facts<'_>, out: &mut Lines) {
    let used = facts.node.platform.cpu();
    let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    out.line("used_cpu_sys", seconds(used.system_us));
    out.line("used_cpu_user", seconds(used.user_us));
    out.line("used_cpu_sys_children", seconds(used.children_system_us));
    out.line("used_cpu_user_children", seconds(used.children_user_us));
}
