//! The TCP acceptors of one worker, of which CONFIG SET may end some and start others.
//!
//! Not here: opening the sockets (`listen`), and what is done with a connection.

use crate::net::connection::Worker;
use crate::net::listen::accept_tcp;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{AbortHandle, JoinSet};

/// What a worker has to do about its acceptors.
#[derive(Debug)]
pub struct Move {
    /// Sockets to accept from.
    pub start: Vec<std::net::TcpListener>,
    /// The addresses to go on with, those of the new sockets among them. The others end.
    pub keep: Vec<SocketAddr>,
}

/// Accepts connections as the moves say, one after the other, until the task is dropped.
///
/// # Panics
/// If an acceptor does.
pub async fn accept(mut moves: UnboundedReceiver<Move>, worker: Arc<Worker>) {
    let (mut tasks, mut open) = (JoinSet::new(), Vec::new());
    loop {
        tokio::select! {
            Some(next) = moves.recv() => carry_out(next, &mut open, &mut tasks, &worker),
            Some(Err(ended)) = tasks.join_next() => {
                if let Ok(panic) = ended.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
            else => return,
        }
    }
}

fn carry_out(
    Move { start, keep }: Move,
    open: &mut Vec<(SocketAddr, AbortHandle)>,
    tasks: &mut JoinSet<()>,
    worker: &Arc<Worker>,
) {
    open.retain(|(address, task)| {
        let stays = keep.contains(address);
        if !stays {
            task.abort();
        }
        stays
    });
    for socket in start {
        match adopted(socket) {
            Ok((address, listener)) => {
                open.push((address, tasks.spawn(accept_tcp(listener, Arc::clone(worker)))));
            }
            Err(error) => tracing::error!(%error, "A worker cannot accept connections"),
        }
    }
}

fn adopted(socket: std::net::TcpListener) -> io::Result<(SocketAddr, TcpListener)> {
    Ok((socket.local_addr()?, TcpListener::from_std(socket)?))
}
