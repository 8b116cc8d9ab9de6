//! Where the server listens on TCP, while it runs: CONFIG SET may move it.
//!
//! Not here: accepting (`net/acceptors.rs`), and the Unix socket, which stays where it is.

use crate::config::Settings;
use crate::net::acceptors::Move;
use crate::net::listen::{Change, Claim, ListenError, listen_beside};
use parking_lot::Mutex;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Listening(Arc<Mutex<Doors>>);

struct Doors {
    open: Vec<Door>,
    workers: Vec<UnboundedSender<Move>>,
}

/// An address, and its sockets once more: to close them at once, whatever the workers are doing.
struct Door {
    address: SocketAddr,
    sockets: Vec<socket2::Socket>,
}

impl Door {
    fn new(claim: &Claim) -> io::Result<Self> {
        let again = claim.sockets.iter().map(|it| socket2::SockRef::from(it).try_clone());
        Ok(Self { address: claim.address, sockets: again.collect::<io::Result<_>>()? })
    }

    /// Nobody can connect any more. The worker's socket is closed when the worker gets to it.
    fn close(self) {
        for socket in self.sockets {
            // Where the system does not know this for listening sockets, the worker's closing does.
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Listening {
    /// Hands the claimed sockets to the workers, who take them from the receivers.
    pub(crate) fn start(
        claims: Vec<Claim>,
        workers: usize,
    ) -> io::Result<(Self, Vec<UnboundedReceiver<Move>>)> {
        let (workers, receivers) = (0..workers).map(|_| unbounded_channel()).unzip();
        let mut doors = Doors { open: Vec::new(), workers };
        let wanted = claims.iter().map(|claim| claim.address).collect();
        let new = claims.iter().map(Door::new).collect::<io::Result<_>>()?;
        doors.take(Change { wanted, claims }, new);
        Ok((Self(Arc::new(Mutex::new(doors))), receivers))
    }

    /// Claims the addresses of the settings. What comes back moves the server there; without it,
    /// everything stays as it is.
    pub(crate) fn prepare(
        &self,
        settings: &Settings,
    ) -> Result<Box<dyn FnOnce() + Send>, ListenError> {
        let (open, workers) = {
            let doors = self.0.lock();
            (doors.open.iter().map(|door| door.address).collect::<Vec<_>>(), doors.workers.len())
        };
        let change = listen_beside(&open, settings, workers)?;
        let new: Vec<Door> = change.claims.iter().map(Door::new).collect::<io::Result<_>>()?;
        let doors = Arc::clone(&self.0);
        Ok(Box::new(move || doors.lock().take(change, new)))
    }
}

impl Doors {
    fn take(&mut self, Change { wanted, claims }: Change, new: Vec<Door>) {
        let stays = |door: &Door| wanted.contains(&door.address);
        let (staying, leaving) = std::mem::take(&mut self.open).into_iter().partition(stays);
        self.open = staying;
        self.open.extend(new);
        let mut sockets: Vec<_> =
            claims.into_iter().map(|claim| claim.sockets.into_iter()).collect();
        for worker in &self.workers {
            let start = sockets.iter_mut().filter_map(Iterator::next).collect();
            // A worker that has stopped closes its sockets itself.
            let _ = worker.send(Move { start, keep: wanted.clone() });
        }
        let leaving: Vec<Door> = leaving;
        leaving.into_iter().for_each(Door::close);
    }
}
