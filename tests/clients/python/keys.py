"""Keys of any type through redis-py: existence, expiry, iteration, renaming, databases."""

import time

from checks import connect, done, holds, refuses, same

r = connect()
other = connect(db=1)

same(r.mset({"a": 1, "b": 2, "c": 3}), True)
same(r.exists("a", "b", "missing", "a"), 3)
same(r.touch("a", "missing"), 1)
same(r.type("a"), "string")
same(r.type("missing"), "none")
same(r.delete("a", "missing"), 1)
same(r.unlink("b", "c"), 2)
same(r.dbsize(), 0)
same(r.randomkey(), None)

# Expiry and its conditions.
same(r.set("k", "v"), True)
same(r.expire("k", 100, xx=True), False)
same(r.expire("k", 100, nx=True), True)
same(r.expire("k", 50, gt=True), False)
same(r.expire("k", 50, lt=True), True)
holds(49 <= r.ttl("k") <= 50, r.ttl("k"))
same(r.pexpire("k", 70_000, gt=True), True)
holds(69_000 < r.pttl("k") <= 70_000, r.pttl("k"))
later = int(time.time()) + 500
same(r.expireat("k", later), True)
same(r.expiretime("k"), later)
same(r.pexpireat("k", later * 1000 + 1), True)
same(r.pexpiretime("k"), later * 1000 + 1)
same(r.persist("k"), True)
same(r.persist("k"), False)
same(r.ttl("k"), -1)
same(r.ttl("missing"), -2)
same(r.expire("k", -1), True)
same(r.exists("k"), 0)
refuses(lambda: r.execute_command("EXPIRE", "k", "1", "NX", "XX"),
        "NX and XX, GT or LT options at the same time are not compatible")

# Iteration sees every key exactly because nobody else writes.
names = {f"user:{i}" for i in range(1000)} | {f"order:{i}" for i in range(500)}
same(r.mset(dict.fromkeys(names, "x")), True)
same(r.dbsize(), 1500)
same(set(r.scan_iter()), names)
same(set(r.scan_iter(match="order:*", count=7)), {n for n in names if n.startswith("order:")})
same(set(r.scan_iter(count=10_000, _type="string")), names)
same(set(r.scan_iter(_type="list")), set())
same(set(r.keys("user:99?")), {f"user:{i}" for i in range(990, 1000)})
same(set(r.keys("user:[1-3]")), {"user:1", "user:2", "user:3"})
holds(r.randomkey() in names)
cursor, page = r.scan(0, count=10)
holds(cursor != 0 and len(page) >= 1, (cursor, page))
refuses(lambda: r.execute_command("SCAN", "nonsense"), "invalid cursor")

# Renaming and copying.
same(r.flushdb(), True)
same(r.set("from", "v", ex=100), True)
same(r.rename("from", "to"), True)
same(r.get("to"), "v")
holds(99 <= r.ttl("to") <= 100, r.ttl("to"))
refuses(lambda: r.rename("from", "to"), "no such key")
same(r.set("taken", "w"), True)
same(r.renamenx("to", "taken"), False)
same(r.renamenx("to", "free"), True)
same(r.copy("free", "taken"), False)
same(r.copy("free", "taken", replace=True), True)
same(r.get("taken"), "v")
same(r.copy("free", "free", destination_db=1), True)
same(other.get("free"), "v")

# Databases.
same(r.move("taken", 1), True)
same(r.move("taken", 1), False)
same(other.get("taken"), "v")
same(r.exists("taken"), 0)
same(r.swapdb(0, 1), True)
same(r.get("taken"), "v")
same(sorted(other.keys()), ["free"])
same(other.flushdb(), True)
same(other.dbsize(), 0)
same(r.dbsize(), 2)
same(r.flushall(), True)
same(r.dbsize(), 0)
same(r.select(15), True)
refuses(lambda: r.select(16), "DB index is out of range")
same(r.select(0), True)

# What a key is made of.
same(r.set("n", 12345), True)
same(r.set("short", "abc"), True)
same(r.set("long", "x" * 100), True)
same(r.object("encoding", "n"), "int")
same(r.object("encoding", "short"), "embstr")
same(r.object("encoding", "long"), "raw")
same(r.object("idletime", "short"), 0)
holds(isinstance(r.object("refcount", "short"), int))
holds(r.memory_usage("long") > 100, r.memory_usage("long"))
same(r.memory_usage("missing"), None)

done()
