"""Pipelines, MULTI/EXEC and optimistic locking through redis-py."""

import threading

import redis

from checks import connect, done, holds, refuses, same

r = connect()

# A pipeline without MULTI: replies in order, errors in their place.
with r.pipeline(transaction=False) as pipe:
    pipe.set("a", 1).incr("a").get("a").get("missing")
    same(pipe.execute(), [True, 2, "2", None])
with r.pipeline(transaction=False) as pipe:
    pipe.set("text", "abc").incr("text").get("text")
    replies = pipe.execute(raise_on_error=False)
same([replies[0], replies[2]], [True, "abc"])
holds(isinstance(replies[1], redis.ResponseError), replies[1])

# Deep pipelines, larger than any socket buffer in both directions.
with r.pipeline(transaction=False) as pipe:
    for i in range(20_000):
        pipe.set(f"deep:{i}", "x" * 100)
    same(pipe.execute(), [True] * 20_000)
    for i in range(20_000):
        pipe.get(f"deep:{i}")
    same(pipe.execute(), ["x" * 100] * 20_000)

# MULTI/EXEC.
with r.pipeline() as pipe:
    pipe.set("balance", 10).incrby("balance", 5).get("balance")
    same(pipe.execute(), [True, 15, "15"])
with r.pipeline() as pipe:
    pipe.set("kept", 1).incr("text").set("after", 2)
    replies = pipe.execute(raise_on_error=False)
same(replies[0], True)
holds(isinstance(replies[1], redis.ResponseError), replies[1])
same(r.mget("kept", "after"), ["1", "2"])

# A command that cannot be queued aborts the transaction.
with r.pipeline() as pipe:
    pipe.set("never", 1)
    pipe.execute_command("SET", "never")
    try:
        pipe.execute()
        raise AssertionError("a bad command must abort EXEC")
    except redis.ResponseError as error:
        holds("wrong number of arguments for 'set' command" in str(error), str(error))
same(r.exists("never"), 0)

# WATCH: a write by somebody else makes EXEC do nothing.
with r.pipeline() as pipe:
    pipe.watch("balance")
    same(pipe.get("balance"), "15")
    r.set("balance", 99)
    pipe.multi()
    pipe.set("balance", 16)
    try:
        pipe.execute()
        raise AssertionError("the watched key was changed")
    except redis.WatchError:
        holds(True)
same(r.get("balance"), "99")

# UNWATCH, and a watched key that nobody touched.
with r.pipeline() as pipe:
    pipe.watch("balance")
    r.set("balance", 1)
    pipe.unwatch()
    pipe.multi()
    pipe.incr("balance")
    same(pipe.execute(), [2])
    pipe.watch("balance", "missing")
    pipe.multi()
    pipe.incr("balance")
    same(pipe.execute(), [3])

# The retry loop that redis-py offers: no increment is lost among four threads.
same(r.set("counter", 0), True)


def increment(pipe):
    """Reads, then writes only if nobody has written in between."""
    value = int(pipe.get("counter"))
    pipe.multi()
    pipe.set("counter", value + 1)


def worker():
    """A client of its own."""
    mine = connect()
    for _ in range(50):
        mine.transaction(increment, "counter")
    mine.close()


threads = [threading.Thread(target=worker) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
same(r.get("counter"), "200")

# The rules of MULTI by hand, on one connection.
one = connect(single_connection_client=True)
refuses(lambda: one.execute_command("EXEC"), "EXEC without MULTI")
refuses(lambda: one.execute_command("DISCARD"), "DISCARD without MULTI")
same(one.execute_command("MULTI"), "OK")
refuses(lambda: one.execute_command("MULTI"), "MULTI calls can not be nested")
refuses(lambda: one.execute_command("WATCH", "k"), "WATCH inside MULTI is not allowed")
same(one.execute_command("DISCARD"), "OK")

done()
