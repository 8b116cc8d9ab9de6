"""The server about itself, through redis-py: CONFIG, INFO, COMMAND, SLOWLOG, MEMORY, LATENCY."""

import time

from checks import PORT, connect, done, holds, refuses, same

r = connect(single_connection_client=True)

# CONFIG.
same(r.config_get("port"), {"port": str(PORT)})
same(r.config_get("maxmemory-polic?"), {"maxmemory-policy": "noeviction"})
same(r.config_get("no-such-directive"), {})
same(r.config_set("timeout", 300), True)
same(r.config_get("timeout"), {"timeout": "300"})
same(r.config_set("timeout", 0), True)
both = r.config_get("timeout", "databases")
same(both, {"timeout": "0", "databases": "16"})
holds(len(r.config_get("*")) > 50)
refuses(lambda: r.config_set("no-such-directive", 1),
        "Unknown option or number of arguments for CONFIG SET - 'no-such-directive'")
refuses(lambda: r.config_set("timeout", "soon"),
        "CONFIG SET failed (possibly related to argument 'timeout') - "
        "argument couldn't be parsed into an integer")

# INFO: types as redis-py makes them from the text.
r.set("k", "v")
r.set("e", "v", ex=100)
info = r.info()
same(info["tcp_port"], PORT)
same(info["redis_mode"], "standalone")
same(info["arch_bits"], 64)
same(info["role"], "master")
same(info["loading"], 0)
same(info["cluster_enabled"], 0)
same(info["connected_clients"], 1)
same(info["blocked_clients"], 0)
same(info["connected_slaves"], 0)
same(info["db0"]["keys"], 2)
same(info["db0"]["expires"], 1)
holds(info["redis_version"].split(".")[0] == "7", info["redis_version"])
holds(info["used_memory"] > 0 and info["used_memory_human"][-1] in "KMG")
holds(info["uptime_in_seconds"] >= 0 and info["process_id"] > 0)
before = r.info("stats")
r.get("k")
r.get("missing")
after = r.info("stats")
same(after["keyspace_hits"] - before["keyspace_hits"], 1)
same(after["keyspace_misses"] - before["keyspace_misses"], 1)
same(after["total_commands_processed"] - before["total_commands_processed"], 3)
holds("tcp_port" not in r.info("memory"))
calls = r.info("commandstats")["cmdstat_get"]
same(calls["calls"], 2)
holds(calls["usec"] >= 0)
holds("p50" in r.info("latencystats")["latency_percentiles_usec_get"])
same(r.config_resetstat(), True)
same("cmdstat_get" in r.info("commandstats"), False)

# COMMAND.
count = r.command_count()
holds(count > 60, count)
get = r.command()["get"]
same(get["arity"], 2)
same(get["first_key_pos"], 1)
holds("readonly" in get["flags"] and "fast" in get["flags"], get)
same(r.command_getkeys("MSET", "a", 1, "b", 2), ["a", "b"])
holds("set" in r.command_list() and len(r.command_list()) >= count)
same({"multi", "exec", "discard", "watch", "unwatch"} <= set(
    r.command_list(category="transaction")), True)
docs = r.execute_command("COMMAND DOCS", "SET")
docs = docs if isinstance(docs, dict) else dict(zip(docs[::2], docs[1::2]))
holds("set" in docs, docs)

# SLOWLOG: everything is slow from 0 microseconds on.
same(r.config_set("slowlog-log-slower-than", 0), True)
same(r.slowlog_reset(), True)
same(r.set("slow", "one"), True)
same(r.config_set("slowlog-log-slower-than", -1), True)
entries = [e for e in r.slowlog_get(10) if e["command"] == b"SET slow one"]
same(len(entries), 1)
holds(abs(entries[0]["start_time"] - time.time()) < 60, entries)
holds(r.slowlog_len() >= 1)
same(r.slowlog_reset(), True)
same(r.slowlog_len(), 0)

# LATENCY.
same(r.config_set("latency-monitor-threshold", 1), True)
same(r.execute_command("DEBUG", "SLEEP", "0.01"), "OK")
events = {event[0] for event in r.latency_latest()}
holds("command" in events, events)
holds(r.latency_history("command")[0][1] >= 10)
holds(r.latency_reset() >= 1)
same(r.latency_latest(), [])

# MEMORY, TIME, ROLE, LASTSAVE's neighbours.
stats = r.memory_stats()
holds(stats["keys.count"] == 3 and stats["total.allocated"] > 0, stats)
seconds, microseconds = r.time()
holds(abs(seconds - time.time()) < 60 and 0 <= microseconds < 1_000_000)
same(r.role()[0], "master")
holds("Redis ver" in r.lolwut() or "latchd" in r.lolwut())

# Unknown commands and wrong use, in Redis's words.
refuses(lambda: r.execute_command("NOSUCH", "a", "b"),
        "unknown command 'NOSUCH', with args beginning with: 'a' 'b' ")
refuses(lambda: r.execute_command("GET"), "wrong number of arguments for 'get' command")
refuses(lambda: r.execute_command("CLIENT", "NOSUCH"),
        "unknown subcommand 'NOSUCH'. Try CLIENT HELP.")

done()
