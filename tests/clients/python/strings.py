"""Strings and counters through redis-py."""

import time

from checks import connect, done, holds, refuses, same

r = connect()
raw = connect(decode_responses=False)

# SET and its options.
same(r.set("k", "v"), True)
same(r.get("k"), "v")
same(r.get("missing"), None)
same(r.set("k", "w", nx=True), None)
same(r.set("new", "w", xx=True), None)
same(r.set("k", "w", xx=True), True)
same(r.set("k", "x", get=True), "w")
same(r.set("fresh", "x", get=True), None)
same(r.set("k", "y", nx=True, get=True), "x")
same(r.get("k"), "x")
same(r.set("k", "v", ex=100), True)
holds(99 <= r.ttl("k") <= 100, r.ttl("k"))
same(r.set("k", "w", keepttl=True), True)
holds(99 <= r.ttl("k") <= 100, r.ttl("k"))
same(r.set("k", "v", px=90_000), True)
holds(89_000 < r.pttl("k") <= 90_000, r.pttl("k"))
later = int(time.time()) + 1000
same(r.set("k", "v", exat=later), True)
same(r.expiretime("k"), later)
same(r.set("k", "v", pxat=later * 1000 + 7), True)
same(r.pexpiretime("k"), later * 1000 + 7)
same(r.set("k", "v"), True)
same(r.ttl("k"), -1)
refuses(lambda: r.set("k", "v", ex=0), "invalid expire time in 'set' command")
refuses(lambda: r.execute_command("SET", "k", "v", "NX", "XX"), "syntax error")

# GET and delete, GET and expire.
same(r.getdel("k"), "v")
same(r.getdel("k"), None)
same(r.set("k", "v"), True)
same(r.getex("k", ex=50), "v")
holds(49 <= r.ttl("k") <= 50, r.ttl("k"))
same(r.getex("k", px=20_000), "v")
holds(19_000 < r.pttl("k") <= 20_000, r.pttl("k"))
same(r.getex("k", exat=later), "v")
same(r.expiretime("k"), later)
same(r.getex("k", persist=True), "v")
same(r.ttl("k"), -1)
same(r.getset("k", "w"), "v")

# Older forms.
same(r.setnx("k", "v"), False)
same(r.setnx("other", "v"), True)
same(r.setex("k", 30, "v"), True)
holds(29 <= r.ttl("k") <= 30, r.ttl("k"))
same(r.psetex("k", 30_000, "v"), True)
holds(29_000 < r.pttl("k") <= 30_000, r.pttl("k"))

# Many at once.
same(r.mset({"a": 1, "b": "two", "c": ""}), True)
same(r.mget("a", "missing", "b", "c"), ["1", None, "two", ""])
same(r.msetnx({"d": 1, "a": 2}), False)
same(r.get("d"), None)
same(r.msetnx({"d": 1, "e": 2}), True)
same(r.mget(["d", "e"]), ["1", "2"])

# Parts of strings.
same(r.set("text", "Hello World"), True)
same(r.append("text", "!"), 12)
same(r.strlen("text"), 12)
same(r.strlen("missing"), 0)
same(r.getrange("text", 0, 4), "Hello")
same(r.getrange("text", -6, -2), "World")
same(r.substr("text", 6), "World!")
same(r.setrange("text", 6, "Redis"), 12)
same(r.get("text"), "Hello Redis!")
same(raw.setrange("padded", 3, "x"), 4)
same(raw.get("padded"), b"\x00\x00\x00x")
same(r.mset({"s1": "ohmytext", "s2": "mynewtext"}), True)
same(r.lcs("s1", "s2"), "mytext")
same(r.lcs("s1", "s2", len=True), 6)
same(r.execute_command("LCS", "s1", "s2", "IDX", "MINMATCHLEN", "4")
     in (["matches", [[[4, 7], [5, 8]]], "len", 6], {"matches": [[[4, 7], [5, 8]]], "len": 6}),
     True)

# Counters.
same(r.incr("n"), 1)
same(r.incr("n", 41), 42)
same(r.incrby("n", 8), 50)
same(r.decr("n"), 49)
same(r.decrby("n", 50), -1)
same(r.get("n"), "-1")
holds(abs(r.incrbyfloat("n", 1.5) - 0.5) < 1e-12)
same(r.get("n"), "0.5")
refuses(lambda: r.incr("n"), "value is not an integer or out of range")
same(r.set("n", 2**63 - 1), True)
refuses(lambda: r.incr("n"), "increment or decrement would overflow")
same(r.get("n"), str(2**63 - 1))
refuses(lambda: r.incr("text"), "value is not an integer or out of range")

# Bytes are bytes: every value, every length around the buffer sizes, UTF-8 keys.
every_byte = bytes(range(256))
same(raw.set(every_byte, every_byte), True)
same(raw.get(every_byte), every_byte)
same(r.set("schlüssel-鍵", "größe ☃"), True)
same(r.get("schlüssel-鍵"), "größe ☃")
for size in [0, 1, 22, 23, 44, 45, 4095, 4096, 16_383, 16_384, 65_537, 1_048_576]:
    value = (every_byte * (size // 256 + 1))[:size]
    same(raw.set("sized", value), True)
    same(raw.get("sized"), value)
    same(raw.strlen("sized"), size)

# Expiry is seen without a visit by anybody else.
same(r.set("short", "v", px=30), True)
end = time.monotonic() + 10
while r.exists("short") and time.monotonic() < end:
    pass
same(r.get("short"), None)
same(r.ttl("short"), -2)

done()
