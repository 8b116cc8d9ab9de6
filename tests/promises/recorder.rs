//! What clients note down while they work: which operation, on which key, from when to when; and
//! the verdict over it, key by key, with the whole history in a file if it is not right.
//!
//! Not here: the search (`checker.rs`), and what the operations mean (the models).

use std::fmt::{Debug, Write};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use crate::checker::{Model, Operation, Refusal, first_wrong, linearize};

/// An operation of one client on one key, both numbered.
#[derive(Clone, Debug)]
pub(crate) struct Record<T> {
    pub(crate) client: usize,
    pub(crate) key: usize,
    pub(crate) operation: Operation<T>,
}

/// What one client has noted down.
pub(crate) struct Recorder<T> {
    client: usize,
    pub(crate) records: Vec<Record<T>>,
}

/// Microseconds on the clock that all clients share.
pub(crate) fn now_us() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    // Not from 0: a server's reading may be older than the call.
    let us = BEGAN.get_or_init(Instant::now).elapsed().as_micros() + 1_000_000;
    u64::try_from(us).expect("a test does not last that long")
}

impl<T> Recorder<T> {
    pub(crate) fn new(client: usize) -> Self {
        Self { client, records: Vec::new() }
    }

    pub(crate) fn note(&mut self, key: usize, operation: Operation<T>) {
        self.records.push(Record { client: self.client, key, operation });
    }
}

/// Fails unless the history of every key is linearizable. `model` makes the model for a key and its
/// history.
///
/// # Panics
/// If one is not, and says in which file the whole history is.
pub(crate) fn assert_linearizable<M: Model>(
    model: impl Fn(usize, &[Operation<M::What>]) -> M,
    records: &[Record<M::What>],
    (name, seed): (&str, u64),
) where
    M::What: Clone,
{
    let keys = records.iter().map(|record| record.key + 1).max().unwrap_or(0);
    for key in 0..keys {
        let of_key: Vec<_> = records.iter().filter(|record| record.key == key).collect();
        let history: Vec<_> = of_key.iter().map(|at| at.operation.clone()).collect();
        let model = model(key, &history);
        let Err(refusal) = linearize(&model, &history) else { continue };
        let mut text = format!("{name}, seed {seed}, key {key}: not linearizable.\n");
        let then = first_wrong(&model, &history);
        let last = of_key.iter().filter(|at| at.operation.returned.is_some_and(|it| it <= then));
        let mut last: Vec<_> = last.collect();
        last.sort_by_key(|at| std::cmp::Reverse(at.operation.returned));
        text.push_str("The first that cannot be explained, and those that returned before:\n");
        last.iter().take(30).for_each(|at| text.push_str(&format!("  {}\n", show(at))));
        describe(&mut text, &refusal, &of_key);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{seed}-{key}.txt"));
        fs::write(&path, &text).expect("the build's directory is writable");
        let shown: Vec<_> = text.lines().take(40).collect();
        panic!("{}\n...\nthe whole history is in {}", shown.join("\n"), path.display());
    }
}

fn describe<T: Debug, S: Debug>(out: &mut String, refusal: &Refusal<S>, records: &[&Record<T>]) {
    let line = |at: usize| show(records[at]);
    let mut add = |text: &str| writeln!(out, "{text}").expect("a string takes everything");
    let Refusal { verdict, done, state, stuck } = refusal;
    add(&format!("{verdict:?}: none of these can come next, after {} operations:", done.len()));
    stuck.iter().for_each(|&at| add(&format!("  {}", line(at))));
    add(&format!("in the state {state:?}. Before, the last first:"));
    done.iter().rev().for_each(|&at| add(&format!("  {}", line(at))));
    add("All operations, by their calls:");
    let mut all = records.to_vec();
    all.sort_by_key(|record| record.operation.called);
    all.iter().for_each(|record| add(&format!("  {}", show(record))));
}

/// `12.345..12.600 ms, client 7: ...`
fn show<T: Debug>(record: &Record<T>) -> String {
    let Operation { called, returned, what, .. } = &record.operation;
    let ms = |us: u64| us as f64 / 1e3;
    let returned = returned.map_or("?".to_owned(), |us| format!("{:.3}", ms(us)));
    format!("{:.3}..{returned} ms, client {}: {what:?}", ms(*called), record.client)
}
