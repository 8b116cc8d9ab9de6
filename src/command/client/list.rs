//! CLIENT LIST and INFO: connections in Redis's one-line format (Redis documentation, "CLIENT
//! LIST").

use crate::base::number::parse_i64;
use crate::base::time::Mono;
use crate::clients::{Client, ClientId, Kill};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::table::{CommandId, table};

/// The classes of connections that Redis tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Normal,
    Replica,
    Primary,
    Subscriber,
}

impl Class {
    /// The class that TYPE names.
    pub(super) fn named(name: &[u8]) -> Result<Self, CommandError> {
        match &*name.to_ascii_lowercase() {
            b"normal" => Ok(Self::Normal),
            b"slave" | b"replica" => Ok(Self::Replica),
            b"master" => Ok(Self::Primary),
            b"pubsub" => Ok(Self::Subscriber),
            _ => Err(CommandError::quoting("ERR Unknown client type '", name, "'")),
        }
    }

    /// The class of a connection; this version has no replicas.
    pub(super) fn of(client: &Client) -> Self {
        if client.subscribed().is_nothing() { Self::Normal } else { Self::Subscriber }
    }
}

pub(super) fn info(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let lines = Lines::new(cx, args);
    let text = lines.line(&cx.caller.client);
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

pub(super) fn list(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let lines = Lines::new(cx, args.clone());
    let words = args.argv().len();
    let clients = &cx.node.clients;
    let text: String = if words == 4 && args.take_keyword("type") {
        let class = Class::named(args.take()?)?;
        let all = clients.all();
        all.iter().filter(|client| Class::of(client) == class).map(|c| lines.line(c)).collect()
    } else if words > 3 && args.take_keyword("id") {
        let mut text = String::new();
        while let Some(word) = args.take_option() {
            let id = parse_i64(word).ok_or(CommandError::fixed("ERR Invalid client ID"))?;
            let client = u64::try_from(id).ok().and_then(|id| clients.get(ClientId(id)));
            text.extend(client.map(|client| lines.line(&client)));
        }
        text
    } else if words == 2 {
        clients.all().iter().map(|client| lines.line(client)).collect()
    } else {
        return Err(CommandError::SYNTAX);
    };
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// What all lines of one reply share.
struct Lines {
    now: Mono,
    /// Who asks; only it is running a command now.
    caller: ClientId,
    caller_words_bytes: usize,
}

impl Lines {
    fn new(cx: &Context<'_>, args: Args<'_>) -> Self {
        let caller_words_bytes = args.argv().iter().map(<[u8]>::len).sum();
        Self { now: cx.keys.now.mono, caller: cx.caller.client.id, caller_words_bytes }
    }

    /// One connection. Buffers belong to a connection only while they hold something, and there is
    /// one for replies, not Redis's fixed buffer and list: `rbs`, `rbp` and `obl` are 0.
    fn line(&self, client: &Client) -> String {
        let (figures, subscribed) = (client.figures(), client.subscribed());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (library, library_version) = client.library();
        let command = match figures.last_command {
            0 => "NULL",
            number => &*table().command(CommandId(number - 1)).full_name,
        };
        let words_bytes = if client.id == self.caller { self.caller_words_bytes } else { 0 };
        let total_bytes = size_of::<Client>() as u64
            + figures.input_bytes
            + figures.input_free_bytes
            + figures.output_bytes
            + figures.queued_bytes;
        format!(
            "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} \
             ssub={} multi={} watch={} qbuf={} qbuf-free={} argv-mem={words_bytes} multi-mem={} \
             rbs=0 rbp=0 obl=0 oll={} omem={} tot-mem={total_bytes} events={} cmd={command} \
             user={} \
             redir=-1 resp={} lib-name={} lib-ver={}\n",
            client.id.0,
            client.origin.address,
            client.origin.local_address,
            client.origin.fd,
            text(&client.name()),
            self.now.since(client.origin.since) / 1_000,
            self.now.since(Mono(figures.last_seen_ms)) / 1_000,
            flags(client),
            figures.db,
            subscribed.channels,
            subscribed.patterns,
            subscribed.shard_channels,
            figures.queued,
            figures.watched,
            figures.input_bytes,
            figures.input_free_bytes,
            figures.queued_bytes,
            u8::from(figures.output_bytes > 0),
            figures.output_bytes,
            if figures.output_bytes > 0 { "rw" } else { "r" },
            text(&client.user()),
            figures.protocol,
            text(&library),
            text(&library_version),
        )
    }
}

/// The letters of `flags=`, in Redis's order.
fn flags(client: &Client) -> String {
    let figures = client.figures();
    let letters = [
        ('O', client.monitors()),
        ('P', !client.subscribed().is_nothing()),
        ('x', figures.queued >= 0),
        ('b', figures.blocked),
        ('c', client.killed() == Kill::AfterReply),
        ('U', client.origin.unix),
        ('e', figures.no_evict),
        ('T', figures.no_touch),
    ];
    let set: String = letters.iter().filter(|(_, set)| *set).map(|(letter, _)| *letter).collect();
    if set.is_empty() { "N".to_owned() } else { set }
}
