//! What is printed in the end: Markdown tables for `benches/README.md`, or the figures as JSON.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::figures::{Figure, Row};
use crate::options::Options;
use crate::server::Layout;

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) origin: Origin,
    pub(crate) rows: Vec<Row>,
    /// Bytes per key and per connection, each with a title.
    pub(crate) footprint: Vec<(&'static str, Figure)>,
}

/// When, what and where.
pub(crate) struct Origin {
    date: String,
    commit: String,
    machine: String,
    contestants: String,
    method: String,
    judged: bool,
}

impl Origin {
    /// Asks the tools of the machine; what they cannot say is `unknown`.
    pub(crate) fn find(options: &Options) -> Self {
        let scale = options.scale();
        let changed = !spoken("git", &["status", "--porcelain", "-uno"]).is_empty();
        let commit = spoken("git", &["rev-parse", "--short", "HEAD"]);
        let redis = spoken(&options.redis.to_string_lossy(), &["--version"]);
        let redis = redis.split_whitespace().find_map(|word| word.strip_prefix("v="));
        Self {
            date: spoken("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            commit: if changed { format!("{commit} with changes") } else { commit },
            machine: machine(),
            contestants: format!(
                "{} against redis-server {}",
                options.latchd.file_name().unwrap_or_default().to_string_lossy(),
                redis.unwrap_or("unknown"),
            ),
            method: format!(
                "{} keys, {} connections, medians of {} pairs of {} s",
                grouped(scale.keys as f64),
                scale.connections,
                options.pairs,
                options.seconds
            ),
            judged: !options.quick,
        }
    }
}

fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, model)| model);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = spoken("uname", &["-sr"]);
    format!("{model}, {cores} cores, {kernel}")
}

/// The first line that a program prints.
fn spoken(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.map_or("unknown".to_owned(), |output| {
        String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
    });
    text.trim().to_owned()
}

impl Report {
    /// The tables, and below them what was missed.
    pub(crate) fn markdown(&self) -> String {
        let origin = &self.origin;
        let mut out = format!(
            "Measured {} at commit {}: {}; {}; {}. Cells are latchd / Redis.\n",
            origin.date, origin.commit, origin.contestants, origin.machine, origin.method
        );
        let one = "One thread each, pinned (target: server CPU per command)";
        self.push_loads(&mut out, Layout::OneThread, one);
        self.push_loads(&mut out, Layout::AllCores, "All cores (target: throughput)");
        self.push_cross_checks(&mut out);
        self.push_footprint(&mut out);
        self.push_verdict(&mut out);
        out
    }

    fn push_loads(&self, out: &mut String, layout: Layout, title: &str) {
        let mut rows = self.rows.iter().filter(|row| row.layout == layout).peekable();
        if rows.peek().is_none() {
            return;
        }
        push_heading(
            out,
            title,
            "| | server CPU, ns/command | ratio | generator, ns/command | commands/s | ratio \
             | p50 µs | p99 µs | p999 µs | target | |",
        );
        for row in rows {
            let judged = match layout {
                Layout::OneThread => &row.server_ns,
                Layout::AllCores => &row.per_second,
            };
            push_cells(
                out,
                &[
                    row.scenario.to_string(),
                    both(&row.server_ns),
                    format!("{:.3}", row.server_ns.ratio),
                    both(&row.generator_ns),
                    both(&row.per_second),
                    format!("{:.3}", row.per_second.ratio),
                    both(&row.p50_us),
                    both(&row.p99_us),
                    both(&row.p999_us),
                    target(judged),
                    verdict(judged).to_owned(),
                ],
            );
        }
    }

    fn push_cross_checks(&self, out: &mut String) {
        let checked = |row: &Row| row.cross_check.map(|figure| (row.scenario.to_string(), figure));
        let figures: Vec<_> = self.rows.iter().filter_map(checked).collect();
        if !figures.is_empty() {
            push_comparison(out, "All cores, as redis-benchmark shows it", "commands/s", &figures);
        }
    }

    fn push_footprint(&self, out: &mut String) {
        let titled = |(title, figure): &(&str, Figure)| ((*title).to_owned(), *figure);
        let figures: Vec<_> = self.footprint.iter().map(titled).collect();
        if !figures.is_empty() {
            push_comparison(out, "Memory", "bytes", &figures);
        }
    }

    fn push_verdict(&self, out: &mut String) {
        if !self.origin.judged {
            out.push_str("\nA smoke run: nothing is judged, the numbers mean nothing.\n");
            return;
        }
        let judged: Vec<_> =
            self.all_figures().into_iter().filter(|(_, figure)| figure.target.is_some()).collect();
        let missed: Vec<_> = judged.iter().filter(|(_, figure)| !figure.met).collect();
        writeln!(out, "\n{} targets were measured, {} missed.", judged.len(), missed.len())
            .expect("a String takes everything");
        for (subject, figure) in missed {
            let Figure { name, ours, ratio, .. } = figure;
            let bound = target(figure);
            writeln!(out, "- {subject}: {name} {ours:.0}, ratio {ratio:.3}, target {bound}")
                .expect("a String takes everything");
        }
    }

    fn all_figures<'a>(&'a self) -> Vec<(String, &'a Figure)> {
        let named = |row: &'a Row| row.figures().map(|figure| (row.scenario.to_string(), figure));
        let loads = self.rows.iter().flat_map(named);
        let footprint = self.footprint.iter().map(|(title, figure)| ((*title).to_owned(), figure));
        loads.chain(footprint).collect()
    }

    /// One object: where the figures come from, and a flat list of them.
    pub(crate) fn json(&self) -> String {
        let origin = &self.origin;
        let mut figures = Vec::new();
        for row in &self.rows {
            let layout = match row.layout {
                Layout::OneThread => "one",
                Layout::AllCores => "all",
            };
            let (kind, depth) = (row.scenario.kind.name(), row.scenario.depth);
            let subject = format!(r#""part":"{kind}","depth":{depth},"layout":"{layout}""#);
            figures.extend(row.figures().map(|figure| json_figure(&subject, figure)));
        }
        for (_, figure) in &self.footprint {
            figures.push(json_figure(r#""part":"footprint""#, figure));
        }
        format!(
            "{{\"date\":{:?},\"commit\":{:?},\"contestants\":{:?},\"machine\":{:?},\
             \"method\":{:?},\"figures\":[\n{}\n]}}\n",
            origin.date,
            origin.commit,
            origin.contestants,
            origin.machine,
            origin.method,
            figures.join(",\n")
        )
    }
}

fn json_figure(subject: &str, figure: &Figure) -> String {
    let Figure { name, ours, redis, ratio, target, met } = figure;
    let verdict =
        target.map_or(String::new(), |target| format!(r#","target":"{target}","met":{met}"#));
    format!(
        "{{{subject},\"figure\":\"{name}\",\"latchd\":{ours:.3},\"redis\":{redis:.3},\
         \"ratio\":{ratio:.4}{verdict}}}"
    )
}

fn push_comparison(out: &mut String, title: &str, unit: &str, figures: &[(String, Figure)]) {
    push_heading(out, title, &format!("| | {unit} | ratio | target | |"));
    for (subject, figure) in figures {
        let ratio = format!("{:.3}", figure.ratio);
        let verdict = verdict(figure).to_owned();
        push_cells(out, &[subject.clone(), both(figure), ratio, target(figure), verdict]);
    }
}

fn push_heading(out: &mut String, title: &str, columns: &str) {
    let rule = "|---".repeat(columns.matches('|').count() - 1);
    writeln!(out, "\n### {title}\n\n{columns}\n{rule}|").expect("a String takes everything");
}

fn push_cells(out: &mut String, cells: &[String]) {
    writeln!(out, "| {} |", cells.join(" | ")).expect("a String takes everything");
}

fn both(figure: &Figure) -> String {
    format!("{} / {}", grouped(figure.ours), grouped(figure.redis))
}

fn target(figure: &Figure) -> String {
    figure.target.map_or(String::new(), |target| target.to_string())
}

fn verdict(figure: &Figure) -> &'static str {
    match (figure.target, figure.met) {
        (None, _) => "",
        (Some(_), true) => "met",
        (Some(_), false) => "**missed**",
    }
}

/// Rounded, with a comma every three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut out = if number <= -0.5 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
