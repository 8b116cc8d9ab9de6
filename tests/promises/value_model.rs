//! A value that is a number or not there, under commands that compare, add and run once.
//!
//! Not here: time to live.

use std::collections::BTreeMap;

use crate::checker::{Effect, Model, Operation};

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `GET`
    Get,
    /// `SET`
    Set(i64),
    /// `SET ... IFEQ`
    SetIf { from: i64, to: i64 },
    /// `INCRBY`
    Add(i64),
    /// `DELEX ... IFEQ`
    DeleteIf(i64),
    /// `ONCE.EXEC ... INCRBY`, under an idempotency key.
    AddOnce { id: usize, add: i64 },
}

/// What the server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Value(Option<i64>),
    Done,
    /// It compared, and the value was another.
    Not,
}

/// `said` is `None` if nobody was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueOp {
    pub(crate) asked: Asked,
    pub(crate) said: Option<Said>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct State {
    value: Option<i64>,
    /// What ran once, with its answer.
    memos: BTreeMap<usize, i64>,
}

/// See the module's documentation.
pub(crate) struct ValueModel;

impl ValueOp {
    pub(crate) fn told(
        (called, returned): (u64, u64),
        asked: Asked,
        said: Said,
    ) -> Operation<Self> {
        let what = Self { asked, said: Some(said) };
        Operation { called, returned: Some(returned), what, effect: Effect::Once }
    }

    pub(crate) fn lost(called: u64, asked: Asked) -> Operation<Self> {
        let what = Self { asked, said: None };
        Operation { called, returned: None, what, effect: Effect::Perhaps }
    }
}

impl State {
    fn add(&mut self, add: i64) -> i64 {
        let sum = self.value.unwrap_or(0) + add;
        self.value = Some(sum);
        sum
    }

    /// Carries a request out, and says what it answers.
    fn run(&mut self, asked: Asked) -> Said {
        match asked {
            Asked::Get => Said::Value(self.value),
            Asked::Set(value) => {
                self.value = Some(value);
                Said::Done
            }
            Asked::SetIf { from, .. } if self.value != Some(from) => Said::Not,
            Asked::SetIf { to, .. } => {
                self.value = Some(to);
                Said::Done
            }
            Asked::Add(add) => Said::Value(Some(self.add(add))),
            Asked::DeleteIf(value) if self.value != Some(value) => Said::Not,
            Asked::DeleteIf(_) => {
                self.value = None;
                Said::Done
            }
            Asked::AddOnce { id, add } => {
                let kept = self.memos.get(&id).copied();
                let sum = kept.unwrap_or_else(|| self.add(add));
                self.memos.insert(id, sum);
                Said::Value(Some(sum))
            }
        }
    }
}

impl Model for ValueModel {
    type What = ValueOp;
    type State = State;
    type Shape = State;

    fn initial(&self) -> State {
        State::default()
    }

    fn steps(&self, state: &State, operation: &Operation<ValueOp>, _: u64) -> Vec<State> {
        let mut after = state.clone();
        let answer = after.run(operation.what.asked);
        let is_it = match operation.what.said {
            Some(said) => said == answer,
            None => after != *state,
        };
        if is_it { vec![after] } else { Vec::new() }
    }

    fn only_looks(&self, op: &ValueOp) -> bool {
        op.asked == Asked::Get || op.said == Some(Said::Not)
    }

    fn shape(&self, state: &State) -> State {
        state.clone()
    }

    fn covers(&self, _: &State, _: &State) -> bool {
        true
    }
}
