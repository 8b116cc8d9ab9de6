//! Listening sockets, one per worker and address, and what happens to a connection before its
//! session starts.
//!
//! `SO_REUSEPORT` lets the kernel deal connections out to the workers. Because it would also let a
//! second server share the port, the first socket claims the port without it, and keeps the claim.

use crate::clients::Origin;
use crate::command::node::Node;
use crate::config::Settings;
use crate::net::connection::{Connection, Worker};
use crate::net::farewell;
use crate::net::stream::Stream;
use crate::observe::counters::Count;
use crate::server::session::Session;
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Why the server does not listen: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// An address cannot be used.
    #[error("cannot listen on {address}: {source}{advice}")]
    Address {
        /// `host:port`, or the path of the Unix socket.
        address: String,
        /// What the operating system said.
        source: io::Error,
        /// What to do; starts with a line break if there is something.
        advice: &'static str,
    },
    /// The system is out of something.
    #[error(transparent)]
    System(#[from] io::Error),
    /// No address at all.
    #[error("nothing to listen on: see `bind`, `port` and `unixsocket`")]
    Nothing,
}

const IN_USE: &str =
    "\nAnother server is using this address. Stop it, or choose another one with --port.";
const NOT_ALLOWED: &str = "\nPorts below 1024 need privileges. Choose another one with --port.";
const NOT_HERE: &str = "\nThis machine has no such address. Correct `bind`.";

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is std's, and it grows")]
fn explain(address: impl Into<String>, source: io::Error) -> ListenError {
    let advice = match source.kind() {
        io::ErrorKind::AddrInUse => IN_USE,
        io::ErrorKind::PermissionDenied => NOT_ALLOWED,
        io::ErrorKind::AddrNotAvailable => NOT_HERE,
        _ => "",
    };
    ListenError::Address { address: address.into(), source, advice }
}

/// The listening sockets of one address, one for each worker.
#[derive(Debug)]
pub struct Claim {
    /// The address.
    pub address: SocketAddr,
    /// The sockets, in the order of the workers.
    pub sockets: Vec<std::net::TcpListener>,
}

/// The listening sockets of a server.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Its TCP addresses.
    pub tcp: Vec<Claim>,
    /// Shared by all workers.
    pub unix: Option<std::os::unix::net::UnixListener>,
    /// The addresses, as they are printed.
    pub addresses: Vec<String>,
}

/// The addresses that `bind` and `port` name; those with a leading `-` may be missing.
fn addresses(settings: &Settings) -> Result<Vec<(SocketAddr, bool)>, ListenError> {
    let mut all = Vec::new();
    for name in &settings.bind {
        let (name, optional) = match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (&**name, false),
        };
        let host = match name {
            "*" => "0.0.0.0",
            "::*" => "::",
            other => other,
        };
        match (host, settings.port).to_socket_addrs() {
            Ok(found) => all.extend(found.take(1).map(|address| (address, optional))),
            Err(_) if optional => {}
            Err(source) => return Err(explain(format!("{name}:{}", settings.port), source)),
        }
    }
    Ok(all)
}

fn socket(address: SocketAddr, share: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if share {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Sockets for `workers` workers. The first one listens alone: that fails if anybody else listens
/// there, also another server that is starting at this moment. Only then it lets others join, and
/// it stays: at no time could a second server's first socket get in between.
fn claim(
    address: SocketAddr,
    workers: usize,
    backlog: i32,
) -> io::Result<Vec<std::net::TcpListener>> {
    let first = socket(address, false)?;
    first.listen(backlog)?;
    first.set_reuse_port(true)?;
    // It may have been given any free port.
    let address = first.local_addr()?.as_socket().unwrap_or(address);
    let mut sockets = vec![std::net::TcpListener::from(first)];
    sockets[0].set_nonblocking(true)?;
    sockets.extend(join(address, workers - 1, backlog)?);
    Ok(sockets)
}

/// Sockets for `workers` workers, beside whoever listens there and shares.
fn join(
    address: SocketAddr,
    workers: usize,
    backlog: i32,
) -> io::Result<Vec<std::net::TcpListener>> {
    let another = |_| {
        let socket = socket(address, true)?;
        socket.listen(backlog)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    (0..workers).map(another).collect()
}

/// Whether two addresses stand in each other's way: an unspecified one stands for all of its kind.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && one.is_ipv4() == other.is_ipv4()
        && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

/// What the settings ask for beside the addresses that are `open` already.
pub struct Change {
    /// All addresses that are to be open then.
    pub wanted: Vec<SocketAddr>,
    /// Those that were not.
    pub claims: Vec<Claim>,
}

/// Listens on every TCP address of the settings that is not `open`, with one socket per worker.
///
/// # Errors
/// An address that is not optional cannot be used. Nothing has changed then.
pub fn listen_beside(
    open: &[SocketAddr],
    settings: &Settings,
    workers: usize,
) -> Result<Change, ListenError> {
    let mut change = Change { wanted: Vec::new(), claims: Vec::new() };
    let backlog = i32::try_from(settings.tcp_backlog).unwrap_or(i32::MAX);
    if settings.port == 0 {
        return Ok(change);
    }
    for (address, optional) in addresses(settings)? {
        if open.contains(&address) {
            change.wanted.push(address);
            continue;
        }
        let sockets = match claim(address, workers, backlog) {
            // It is this server that is in the way, and it shares.
            Err(source)
                if source.kind() == io::ErrorKind::AddrInUse
                    && open.iter().any(|other| overlap(*other, address)) =>
            {
                join(address, workers, backlog)
            }
            claimed => claimed,
        };
        match sockets {
            Ok(sockets) => {
                change.wanted.push(address);
                change.claims.push(Claim { address, sockets });
            }
            Err(source) if optional && source.kind() != io::ErrorKind::AddrInUse => {}
            Err(source) => return Err(explain(address.to_string(), source)),
        }
    }
    Ok(change)
}

/// Listens on every address of the settings, with one socket per worker.
///
/// # Errors
/// An address that is not optional cannot be used, or there is none.
pub fn listen(settings: &Settings, workers: usize) -> Result<Listeners, ListenError> {
    let Change { claims: tcp, .. } = listen_beside(&[], settings, workers)?;
    let addresses = tcp.iter().map(|claim| claim.address.to_string()).collect();
    let mut listeners = Listeners { tcp, unix: None, addresses };
    let backlog = i32::try_from(settings.tcp_backlog).unwrap_or(i32::MAX);
    if let Some(path) = &settings.unixsocket {
        let socket = unix_listener(path, settings.unixsocketperm, backlog);
        let name = path.display().to_string();
        listeners.unix = Some(socket.map_err(|source| explain(name.clone(), source))?);
        listeners.addresses.push(name);
    }
    if listeners.addresses.is_empty() {
        return Err(ListenError::Nothing);
    }
    Ok(listeners)
}

/// As Redis, replaces a socket file that an earlier server left behind; not one that somebody
/// answers on.
fn unix_listener(
    path: &Path,
    mode: Option<u32>,
    backlog: i32,
) -> io::Result<std::os::unix::net::UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(backlog)?;
    socket.set_nonblocking(true)?;
    if let Some(mode) = mode {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(socket.into())
}

const FULL: &[u8] = b"-ERR max number of clients reached\r\n";
/// As Redis's text, with our name.
const PROTECTED: &[u8] =
    b"-DENIED latchd is running in protected mode because protected mode is enabled and no \
password is set for the default user. In this mode connections are only accepted from the \
loopback interface. If you want to connect from external computers, you may adopt one of \
the following solutions: 1) Disable protected mode by sending the command 'CONFIG SET \
protected-mode no' from the loopback interface by connecting from the same host the server \
is running, however MAKE SURE it is not publicly accessible from the internet if you do so. \
Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can disable \
protected mode by editing the configuration file, and setting the protected mode option to \
'no', and then restarting the server. 3) If you started the server manually just for \
testing, restart it with the '--protected-mode no' option. 4) Set up an authentication \
password for the default user. NOTE: You only need to do one of the above things in order \
for the server to start accepting connections from the outside.\r\n";

/// Accepts TCP connections until the task is dropped.
pub(super) async fn accept_tcp(listener: TcpListener, worker: Arc<Worker>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => admit_tcp(stream, peer, &worker),
            // The socket does not listen any more: whoever has seen to that drops this task.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => pending().await,
            Err(error) => pause_after(&error).await,
        }
    }
}

/// Accepts connections on the Unix socket until the task is dropped.
pub async fn accept_unix(listener: Arc<UnixListener>, path: String, worker: Arc<Worker>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => admit_unix(stream, &path, &worker),
            Err(error) => pause_after(&error).await,
        }
    }
}

/// Out of file descriptors, most likely: they come back when clients leave.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "Accepting a connection failed");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn admit_tcp(stream: TcpStream, peer: SocketAddr, worker: &Arc<Worker>) {
    let mut desk = worker.desk.lock();
    desk.core().refresh();
    let settings = desk.core().settings();
    if settings.protected_mode && settings.requirepass.is_none() && !is_loopback(peer.ip()) {
        desk.core().tally().counters.add(Count::ConnectionsRejected, 1);
        drop(desk);
        return refuse(&Stream::Tcp(stream), PROTECTED, worker);
    }
    // A client that is gone already is found out when it is read from.
    let _ = stream.set_nodelay(true);
    if settings.tcp_keepalive_s > 0 {
        let idle = Duration::from_secs(u64::from(settings.tcp_keepalive_s));
        let probes = (idle / 3).max(Duration::from_secs(1));
        let keepalive = TcpKeepalive::new().with_time(idle).with_interval(probes).with_retries(3);
        let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    }
    let local = stream.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let origin = (peer.to_string(), local, stream.as_raw_fd(), false);
    drop(desk);
    admit(Stream::Tcp(stream), origin, worker);
}

fn admit_unix(stream: UnixStream, path: &str, worker: &Arc<Worker>) {
    let name = format!("{path}:0");
    let origin = (name.clone(), name, stream.as_raw_fd(), true);
    admit(Stream::Unix(stream), origin, worker);
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
    }
}

/// Starts a session for a connection, if there is room for one more.
fn admit(
    stream: Stream,
    (address, local_address, fd, unix): (String, String, i32, bool),
    worker: &Arc<Worker>,
) {
    let mut desk = worker.desk.lock();
    let core = desk.core();
    let node: Arc<Node> = Arc::clone(&core.node);
    let origin = Origin {
        address: address.into(),
        local_address: local_address.into(),
        fd,
        unix,
        worker: core.worker as u16,
        since: node.clock.now().mono,
    };
    let Some(client) = node.clients.admit(origin, core.settings().maxclients as usize) else {
        core.tally().counters.add(Count::ConnectionsRejected, 1);
        tracing::debug!("Refused a client: maxclients are connected");
        drop(desk);
        return refuse(&stream, FULL, worker);
    };
    core.tally().counters.add(Count::ConnectionsReceived, 1);
    tracing::debug!("Accepted {}", client.origin.address);
    let session = Session::new(core, client);
    drop(desk);
    let connection = Connection::new(stream, session, Arc::clone(worker));
    tokio::spawn(connection);
}

/// Says why and closes. The text fits any socket buffer, so one attempt is enough.
fn refuse(stream: &Stream, text: &[u8], worker: &Arc<Worker>) {
    if let Err(error) = stream.try_write(text) {
        tracing::debug!(%error, "A refused client did not wait for the reason");
    }
    farewell::end(stream, worker);
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "two servers start on two threads")]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::Barrier;

    const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    fn address_of(sockets: &[TcpListener]) -> SocketAddr {
        sockets[0].local_addr().unwrap()
    }

    #[test]
    fn workers_share_a_port_and_servers_do_not() {
        let sockets = claim(ANY_PORT, 3, 16).unwrap();
        let address = address_of(&sockets);
        for workers in [1, 3] {
            let refused = claim(address, workers, 16).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        }
        drop(sockets);
        assert_eq!(claim(address, 2, 16).unwrap().len(), 2);
    }

    #[test]
    fn of_two_servers_that_start_together_one_gets_the_port() {
        let address = address_of(&claim(ANY_PORT, 1, 16).unwrap());
        for _ in 0..200 {
            let (start, end) = (Barrier::new(2), Barrier::new(2));
            let server = || {
                start.wait();
                let sockets = claim(address, 4, 16);
                end.wait();
                sockets.is_ok()
            };
            let both = std::thread::scope(|scope| {
                [scope.spawn(server), scope.spawn(server)].map(|server| server.join().unwrap())
            });
            assert_eq!(both.iter().filter(|got_it| **got_it).count(), 1, "{both:?}");
        }
    }

    #[test]
    fn every_worker_gets_connections() {
        let sockets = claim(ANY_PORT, 2, 1_024).unwrap();
        let address = address_of(&sockets);
        let clients: Vec<_> =
            (0..200).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let accepted: Vec<usize> = sockets
            .iter()
            .map(|socket| std::iter::from_fn(|| socket.accept().ok()).map(drop).count())
            .collect();
        assert_eq!(accepted.iter().sum::<usize>(), clients.len(), "{accepted:?}");
        assert!(accepted.iter().all(|count| *count > 0), "{accepted:?}");
    }
}
