//! Commands of Redis that this version does not have: the answer to one of them says so by name.
//!
//! The list is all of Redis 7.4; what has a row is not absent, so it needs no care when a row is
//! added.

use crate::command::debug;
use crate::command::table::table;

/// Commands and subcommands of Redis 7.4, and the subcommands of its DEBUG.
const REDIS_COMMANDS: &str = "\
    acl acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|help acl|list acl|load \
    acl|log acl|save acl|setuser acl|users acl|whoami append asking auth bgrewriteaof bgsave \
    bitcount bitfield bitfield_ro bitop bitpos blmove blmpop blpop brpop brpoplpush bzmpop \
    bzpopmax bzpopmin client client|caching client|getname client|getredir client|help client|id \
    client|info client|kill client|list client|no-evict client|no-touch client|pause \
    client|reply client|setinfo client|setname client|tracking client|trackinginfo \
    client|unblock client|unpause cluster cluster|addslots cluster|addslotsrange \
    cluster|bumpepoch cluster|count-failure-reports cluster|countkeysinslot cluster|delslots \
    cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget \
    cluster|getkeysinslot cluster|help cluster|info cluster|keyslot cluster|links cluster|meet \
    cluster|myid cluster|myshardid cluster|nodes cluster|replicas cluster|replicate \
    cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot cluster|shards \
    cluster|slaves cluster|slots command command|count command|docs command|getkeys \
    command|getkeysandflags command|help command|info command|list config config|get config|help \
    config|resetstat config|rewrite config|set copy dbsize debug debug|assert \
    debug|change-repl-id debug|client-enforce-reply-list debug|client-eviction \
    debug|close-cluster-link-on-packet-drop debug|config-rewrite-force-all debug|crash-and-abort \
    debug|crash-and-recover debug|delay-rdb-client-free-seconds debug|dict-resizing debug|digest \
    debug|digest-value debug|drop-cluster-packet-filter debug|error debug|help debug|htstats \
    debug|htstats-key debug|jmap debug|leak debug|listpack debug|loadaof debug|log debug|mallctl \
    debug|mallctl-str debug|mallocsize debug|object debug|oom debug|panic debug|pause-cron \
    debug|populate debug|protocol debug|quicklist debug|quicklist-packed-threshold debug|reload \
    debug|replicate debug|replybuffer debug|restart debug|sdslen debug|segfault \
    debug|set-active-expire debug|set-disable-deny-scripts debug|sleep debug|stringmatch-len \
    debug|structsize debug|ziplist decr decrby del discard dump echo eval eval_ro evalsha \
    evalsha_ro exec exists expire expireat expiretime failover fcall fcall_ro flushall flushdb \
    function function|delete function|dump function|flush function|help function|kill \
    function|list function|load function|restore function|stats geoadd geodist geohash geopos \
    georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore get \
    getbit getdel getex getrange getset hdel hello hexists hexpire hexpireat hexpiretime hget \
    hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat \
    hpexpiretime hpttl hrandfield hscan hset hsetnx hstrlen httl hvals incr incrby incrbyfloat \
    info keys lastsave latency latency|doctor latency|graph latency|help latency|histogram \
    latency|history latency|latest latency|reset lcs lindex linsert llen lmove lmpop lolwut lpop \
    lpos lpush lpushx lrange lrem lset ltrim memory memory|doctor memory|help \
    memory|malloc-stats memory|purge memory|stats memory|usage mget migrate module module|help \
    module|list module|load module|loadex module|unload monitor move mset msetnx multi object \
    object|encoding object|freq object|help object|idletime object|refcount persist pexpire \
    pexpireat pexpiretime pfadd pfcount pfdebug pfmerge pfselftest ping psetex psubscribe psync \
    pttl publish pubsub pubsub|channels pubsub|help pubsub|numpat pubsub|numsub \
    pubsub|shardchannels pubsub|shardnumsub punsubscribe quit randomkey readonly readwrite \
    rename renamenx replconf replicaof reset restore restore-asking role rpop rpoplpush rpush \
    rpushx sadd save scan scard script script|debug script|exists script|flush script|help \
    script|kill script|load sdiff sdiffstore select set setbit setex setnx setrange shutdown \
    sinter sintercard sinterstore sismember slaveof slowlog slowlog|get slowlog|help slowlog|len \
    slowlog|reset smembers smismember smove sort sort_ro spop spublish srandmember srem sscan \
    ssubscribe strlen subscribe substr sunion sunionstore sunsubscribe swapdb sync time touch \
    ttl type unlink unsubscribe unwatch wait waitaof watch xack xadd xautoclaim xclaim xdel \
    xgroup xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy xgroup|help \
    xgroup|setid xinfo xinfo|consumers xinfo|groups xinfo|help xinfo|stream xlen xpending xrange \
    xread xreadgroup xrevrange xsetid xtrim zadd zcard zcount zdiff zdiffstore zincrby zinter \
    zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange \
    zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank \
    zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion \
    zunionstore";

/// The full name of a command of Redis, in lower case, if it exists there.
#[must_use]
pub(super) fn known(name: &[u8]) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    REDIS_COMMANDS.split_whitespace().find(|known| known.as_bytes() == name)
}

/// What Redis has and this version does not, by name; subcommands only of containers that are
/// there.
pub(super) fn absent() -> impl Iterator<Item = &'static str> {
    REDIS_COMMANDS.split_whitespace().filter(|name| match name.split_once('|') {
        // They are no rows, in Redis neither.
        Some(("debug", subcommand)) => !debug::has_subcommand(subcommand.as_bytes()),
        Some((container, _)) => {
            table().by_name(container.as_bytes()).is_some()
                && table().by_full_name(name.as_bytes()).is_none()
        }
        None => table().by_name(name.as_bytes()).is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::table::Lookup;
    use crate::resp::request::{Argv, Span};

    fn lookup(name: &str) -> Lookup {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for word in name.split('|') {
            spans.push(Span { start: bytes.len(), len: word.len() });
            bytes.extend_from_slice(word.as_bytes());
        }
        table().lookup(Argv::new(&bytes, &spans))
    }

    #[test]
    fn a_command_of_redis_is_either_there_or_known_to_be_absent() {
        for name in REDIS_COMMANDS.split_whitespace() {
            match lookup(name) {
                Lookup::Found(command) => {
                    assert!(name.starts_with(&command.full_name), "{name}");
                    let is_debug = command.full_name == "debug";
                    assert!(is_debug || absent().all(|absent| absent != name), "{name}");
                }
                Lookup::Absent(found) => {
                    assert!(name.starts_with(found), "{name}: {found}");
                    assert!(absent().any(|absent| absent == found), "{name}");
                }
                Lookup::Unknown | Lookup::UnknownSubcommand => panic!("{name} is not known"),
            }
        }
    }

    #[test]
    fn the_list_is_sorted_and_has_no_name_twice() {
        let names: Vec<&str> = REDIS_COMMANDS.split_whitespace().collect();
        assert!(names.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_name_that_redis_does_not_have_is_unknown() {
        assert_eq!(known(b"lock"), None);
        assert_eq!(known(b"client|nonsense"), None);
        assert_eq!(known(b"LPush"), Some("lpush"));
        assert_eq!(known(b"Client|Tracking"), Some("client|tracking"));
    }
}
