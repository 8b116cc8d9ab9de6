//! Wakes a connection at a time: the end of a pause, or of its time over the soft output limit.
//!
//! One alarm for all of them: whoever is woken looks at everything again and says when to be woken
//! next, so waking too early is harmless and waking too late is not.

use crate::base::time::Mono;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// See the module's documentation. Few connections wait for a time, so the others own no more than
/// a pointer.
#[derive(Default)]
pub(super) struct Timer(Option<Box<Alarm>>);

struct Alarm {
    due: Mono,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// Wakes the task of `cx` at `due` or before.
    pub(super) fn wake_by(&mut self, due: Mono, now: Mono, cx: &mut Context<'_>) {
        if let Some(alarm) = self.0.as_mut().filter(|alarm| alarm.due <= due)
            && alarm.sleep.as_mut().poll(cx).is_pending()
        {
            return;
        }
        // There was none, it would ring too late, or it has rung: for a time that is over.
        let sleep = Box::pin(sleep(Duration::from_millis(due.since(now))));
        let alarm = self.0.insert(Box::new(Alarm { due, sleep }));
        if alarm.sleep.as_mut().poll(cx).is_ready() {
            self.0 = None;
            cx.waker().wake_by_ref();
        }
    }

    /// Nobody waits any more.
    pub(super) fn stop(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What a timer does when asked for these times (due, now), one after the other: when it will
    /// ring.
    fn due_after(asked: &[(u64, u64)]) -> Option<Mono> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _entered = runtime.enter();
        let waker = Arc::new(Woken::default()).into();
        let mut timer = Timer::default();
        for &(due, now) in asked {
            timer.wake_by(Mono(due), Mono(now), &mut Context::from_waker(&waker));
        }
        timer.0.map(|alarm| alarm.due)
    }

    #[test]
    fn the_earliest_time_wins() {
        assert_eq!(due_after(&[(9_000_000, 0)]), Some(Mono(9_000_000)));
        assert_eq!(due_after(&[(9_000_000, 0), (8_000_000, 0)]), Some(Mono(8_000_000)));
        assert_eq!(due_after(&[(8_000_000, 0), (9_000_000, 0)]), Some(Mono(8_000_000)));
    }

    #[test]
    fn an_alarm_that_has_rung_is_followed_by_the_next() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let woken = Arc::new(Woken::default());
        let waker = Arc::clone(&woken).into();
        let mut timer = Timer::default();
        runtime.block_on(async {
            timer.wake_by(Mono(1), Mono(0), &mut Context::from_waker(&waker));
            while woken.0.load(Ordering::Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
            timer.wake_by(Mono(9_000_000), Mono(2), &mut Context::from_waker(&waker));
        });
        assert_eq!(timer.0.map(|alarm| alarm.due), Some(Mono(9_000_000)));
    }
}
