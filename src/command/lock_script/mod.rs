//! What the known lock scripts do with their keys, each of them as one step that nobody sees a part
//! of.
//!
//! The steps and their errors come in the order of the script, so what a script has written before
//! it fails stays written, as in Redis. One thing differs: Redis adds the script's SHA-1 and line
//! to an error. Not here: which script does what (`script`).

mod call;
mod claim;
mod extend;
mod hold;
mod several;
mod tell;

pub(super) use call::{Call, Permission};

use crate::command::lock_script::call::Holder;
use crate::command::spec::Outcome;
use crate::script::number;
use crate::script::operation::{Answers, Operation, Unit};

/// Runs `operation` and answers.
pub(super) fn run(call: &mut Call<'_, '_, '_>, operation: Operation) -> Outcome {
    match operation {
        Operation::Release(answers) => release(call, answers),
        Operation::Extend(answers) => extend::extend(call, answers),
        Operation::ExtendWhatEnds => extend::extend_what_ends(call),
        Operation::Prolong => extend::prolong(call, extend::Existing::Kept),
        Operation::ProlongOrReplace => extend::prolong(call, extend::Existing::AsAsked),
        Operation::Rewrite => extend::rewrite(call),
        Operation::RewriteFromKeys => extend::rewrite_from_keys(call),
        Operation::ClaimOrExtend(unit, answers) => claim::claim_or_extend(call, unit, answers),
        Operation::ExtendOrClaim => claim::extend_or_claim(call),
        Operation::ClaimOrRewrite { asks, otherwise } => {
            claim::claim_or_rewrite(call, asks, otherwise)
        }
        Operation::Claim => claim::claim(call),
        Operation::ClaimForEver => claim::claim_for_ever(call),
        Operation::ClaimByPrefix => claim::claim_by_prefix(call),
        Operation::TimeLeft { unit, at_least, otherwise } => {
            let key = call.key(1)?;
            match call.holder(key, call.arg(1))? {
                Holder::Own => {
                    let left = call.time_left(key, unit);
                    call.number(left.max(at_least));
                    Ok(())
                }
                Holder::Nobody | Holder::Other => call.answer(otherwise),
            }
        }
        Operation::ValueAndTimeLeft => value_and_time_left(call),
        Operation::ClaimAll(database) => several::claim_all(call, database),
        Operation::RewriteAll(database) => several::rewrite_all(call, database),
        Operation::ReleaseEach(database) => several::release_each(call, database),
        Operation::ClaimAllByPrefix => several::claim_all_by_prefix(call),
        Operation::ReleaseAll => several::release_all(call),
        Operation::ExtendAll => several::extend_all(call),
        Operation::TimeLeftOfAll => several::time_left_of_all(call),
        Operation::Raise => raise(call),
        Operation::Hold => hold::hold(call),
        Operation::HoldFenced { tells } => hold::hold_fenced(call, tells),
        Operation::LetGo { publishes } => hold::let_go(call, publishes),
        Operation::BreakHolds { publishes } => hold::break_holds(call, publishes),
        Operation::RenewHolds => hold::renew(call),
        Operation::ReleaseAndTell(telling) => tell::release_and_tell(call, telling),
        Operation::Lacking(_) => unreachable!("the caller has answered that something is lacking"),
    }
}

fn release(call: &mut Call<'_, '_, '_>, answers: Answers) -> Outcome {
    let key = call.key(1)?;
    let holder = call.holder(key, call.arg(1))?;
    if holder == Holder::Own {
        call.delete(key)?;
    }
    call.answer(holder.choose(answers))
}

fn value_and_time_left(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let value = call.value(key)?;
    let left = call.time_left(key, Unit::Millis);
    call.value_and_number(value.as_deref(), left);
    Ok(())
}

/// Sets a number if it is greater than the one that is there. What is no number counts as none.
fn raise(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let current = call.value(key)?.and_then(|value| number::parse(&value));
    let next = call.arg(1).and_then(number::parse);
    let rises = match (current, next) {
        (None, _) => true,
        (Some(current), Some(next)) => current < next,
        (Some(_), None) => return Err(call::COMPARES_NIL),
    };
    if !rises {
        call.nothing();
        return Ok(());
    }
    let text = next.map(number::format);
    call.set(key, text.as_deref().map(str::as_bytes), None)?;
    // Lua's numbers lose their fraction on the way into a reply.
    call.number(next.unwrap_or_default() as i64);
    Ok(())
}
