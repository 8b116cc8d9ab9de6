"""Commands that Redis got after 7.0, through redis-py's own methods for them."""

from redis.commands.core import DataPersistOptions

from checks import connect, done, holds, refuses, same

r = connect(single_connection_client=True)

# Compare and set, compare and delete.
same(r.set("k", "one"), True)
same(r.set("k", "two", ifeq="other"), None)
same(r.set("k", "two", ifeq="one"), True)
same(r.set("k", "three", ifne="two"), None)
same(r.set("k", "three", ifne="one"), True)
same(r.set("missing", "x", ifeq="x"), None)
same(r.set("k", "four", ifeq="three", get=True), "three")
digest = r.digest("k")
holds(len(digest) == 16, digest)
same(r.digest("missing"), None)
same(r.set("k", "five", ifdeq=digest), True)
same(r.set("k", "six", ifdeq=digest), None)
same(r.set("k", "six", ifdne=digest), True)
same(r.delex("k", ifeq="five"), 0)
same(r.delex("k", ifne="six"), 0)
same(r.delex("k", ifdne=r.digest("k")), 0)
same(r.delex("k", ifeq="six"), 1)
same(r.delex("k"), 0)

# Many keys with one expiry, all or nothing.
same(r.msetex({"a": 1, "b": 2}, DataPersistOptions.NX, ex=100), 1)
same(r.msetex({"b": 3, "c": 3}, DataPersistOptions.NX), 0)
same(r.exists("c"), 0)
holds(99 <= r.ttl("a") <= 100 and 99 <= r.ttl("b") <= 100)
same(r.msetex({"a": 5, "b": 6}, DataPersistOptions.XX, keepttl=True), 1)
same(r.mget("a", "b"), ["5", "6"])
holds(99 <= r.ttl("a") <= 100)

# Bounded counters with an expiry of the first use.
same(r.increx("n", byint=5, ubound=7, ex=100, enx=True), [5, 5])
holds(99 <= r.ttl("n") <= 100)
same(r.increx("n", byint=5, ubound=7), [5, 0])
same(r.increx("n", byint=5, ubound=7, saturate=True), [7, 2])
same(r.increx("n", persist=True), [8, 1])
same(r.ttl("n"), -1)

# Connections that leave no trace, and that say which library they are.
same(r.client_no_touch("ON"), "OK")
same(r.client_no_touch("OFF"), "OK")
same(r.client_setinfo("LIB-NAME", "tests"), True)
info = r.client_info()
same(info["lib-name"], "tests")
holds("lib-ver" in info, info)
refuses(lambda: r.client_setinfo("LIB-NAME", "a b"),
        "LIB-NAME cannot contain spaces, newlines or special characters.")
same(r.info("server")["redis_version"], "7.4.0")
holds("latchd_version" in r.info("server"))

done()
