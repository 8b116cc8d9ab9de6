//! The tasks that a worker cannot do without: acceptors, timers, housekeeping. When one of them
//! ends before the server does, the server stops: without it, it would go wrong in silence.
//!
//! Not here: connections. Theirs may end at any time.

use std::future::Future;
use std::io;
use tokio::task::{AbortHandle, Id, JoinSet};

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Duties {
    tasks: JoinSet<()>,
    names: Vec<(Id, &'static str)>,
}

impl Duties {
    /// Starts a task that is to run until it is aborted or the worker ends.
    pub(crate) fn start(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + 'static + Send,
    ) -> AbortHandle {
        let handle = self.tasks.spawn(task);
        self.names.push((handle.id(), name));
        handle
    }

    /// Waits until one of them has ended by itself, and says which.
    pub(crate) async fn ended(&mut self) -> io::Error {
        let Some(ended) = self.tasks.join_next_with_id().await else {
            return io::Error::other("there is nothing to do");
        };
        let (id, reason) = match ended {
            Ok((id, ())) => (id, "it came to its end".to_owned()),
            Err(error) => (error.id(), error.to_string()),
        };
        let name = self.names.iter().find(|(of, _)| *of == id).map_or("a task", |(_, name)| name);
        io::Error::other(format!("{name} ended: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    fn first_to_end(broken: impl Future<Output = ()> + 'static + Send) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut duties = Duties::default();
            duties.start("the acceptor", pending());
            duties.start("housekeeping", broken);
            duties.start("the timers", pending());
            duties.ended().await.to_string()
        })
    }

    #[test]
    fn a_task_that_panics_is_named() {
        let said = first_to_end(async { panic!("on purpose") });
        assert!(said.starts_with("housekeeping ended: ") && said.contains("panic"), "{said}");
    }

    #[test]
    fn a_task_that_just_ends_is_named() {
        assert_eq!(first_to_end(async {}), "housekeeping ended: it came to its end");
    }
}
