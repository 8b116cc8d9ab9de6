"""redis-py's asyncio client: many tasks, pipelines, transactions with retries."""

import asyncio

import redis.asyncio as aioredis
from redis.exceptions import ResponseError, WatchError

from checks import PORT, PROTOCOL, done, holds, same


async def single_commands(r):
    """The plain calls."""
    same(await r.ping(), True)
    same(await r.set("k", "v", ex=60), True)
    same(await r.get("k"), "v")
    same(await r.getdel("k"), "v")
    same(await r.mset({"a": 1, "b": 2}), True)
    same(await r.mget("a", "b", "c"), ["1", "2", None])
    same([key async for key in r.scan_iter(match="[ab]")].__len__(), 2)
    try:
        await r.incr("a", "x")
        raise AssertionError("not a number")
    except ResponseError as error:
        same(str(error), "value is not an integer or out of range")


async def pipelines(r):
    """Replies come in order, in transactions as well."""
    async with r.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"p:{i}", i)
        same(await pipe.execute(), [True] * 1000)
    async with r.pipeline(transaction=True) as pipe:
        same(await pipe.set("n", 1).incr("n").get("n").execute(), [True, 2, "2"])


async def concurrent_tasks(r):
    """A pool of connections, none of which sees another's reply."""

    async def echo(i):
        return await r.echo(f"message {i}")

    replies = await asyncio.gather(*(echo(i) for i in range(200)))
    same(replies, [f"message {i}" for i in range(200)])
    await asyncio.gather(*(r.incr("together") for _ in range(500)))
    same(await r.get("together"), "500")


async def optimistic_locking(r):
    """Transfers between two accounts by eight tasks keep the sum."""
    await r.mset({"left": 100, "right": 100})
    retries = 0

    async def transfer(amount):
        nonlocal retries
        async with r.pipeline() as pipe:
            while True:
                try:
                    await pipe.watch("left", "right")
                    left, right = int(await pipe.get("left")), int(await pipe.get("right"))
                    pipe.multi()
                    pipe.set("left", left - amount).set("right", right + amount)
                    return await pipe.execute()
                except WatchError:
                    retries += 1

    await asyncio.gather(*(transfer(amount) for amount in range(1, 9)))
    same(await r.mget("left", "right"), ["64", "136"])
    holds(retries > 0, "tasks that run at the same time meet")


async def main():
    """All of it, over one pool."""
    pool = aioredis.BlockingConnectionPool(
        host="127.0.0.1", port=PORT, protocol=PROTOCOL, decode_responses=True, max_connections=20
    )
    r = aioredis.Redis(connection_pool=pool)
    for part in [single_commands, pipelines, concurrent_tasks, optimistic_locking]:
        await part(r)
    await r.aclose()
    await pool.disconnect()


asyncio.run(main())
done()
