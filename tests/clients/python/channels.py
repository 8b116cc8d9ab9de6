"""redis-py: channels, patterns and shard channels; threads; the asyncio client."""

import asyncio
import threading

import redis.asyncio as aioredis

from checks import PORT, PROTOCOL, connect, done, holds, same

PATIENCE_S = 10


def told(kind, channel, data, pattern=None):
    """A message as redis-py hands it out."""
    return {"type": kind, "pattern": pattern, "channel": channel, "data": data}


def hear(subscriber):
    """The next message, whatever its kind."""
    message = subscriber.get_message(timeout=PATIENCE_S)
    holds(message is not None, "no message came")
    return message


def subscriptions(r):
    """Subscribe, hear, leave."""
    p = r.pubsub()
    p.subscribe("news", "weather")
    same(hear(p), told("subscribe", "news", 1))
    same(hear(p), told("subscribe", "weather", 2))
    p.psubscribe("n*")
    same(hear(p), told("psubscribe", "n*", 3))
    same(r.publish("news", "rain"), 2)
    same(hear(p), told("message", "news", "rain"))
    same(hear(p), told("pmessage", "news", "rain", "n*"))
    same(r.publish("nobody", "x"), 1)
    same(hear(p), told("pmessage", "nobody", "x", "n*"))
    same(r.publish("other", "x"), 0)
    same(r.pubsub_channels(), ["news", "weather"])
    same(r.pubsub_channels("w*"), ["weather"])
    same(r.pubsub_numsub("news", "other"), [("news", 1), ("other", 0)])
    same(r.pubsub_numpat(), 1)
    p.unsubscribe("news")
    same(hear(p), told("unsubscribe", "news", 2))
    p.punsubscribe()
    same(hear(p), told("punsubscribe", "n*", 1))
    p.unsubscribe()
    same(hear(p), told("unsubscribe", "weather", 0))
    holds(not p.subscribed)
    same(r.publish("news", "x"), 0)
    p.close()


def shard_channels(r):
    """What a cluster's clients use; here the calls themselves."""
    p = r.pubsub()
    p.ssubscribe("orders")
    same(p.get_sharded_message(timeout=PATIENCE_S), told("ssubscribe", "orders", 1))
    same(r.spublish("orders", "one"), 1)
    same(p.get_sharded_message(timeout=PATIENCE_S), told("smessage", "orders", "one"))
    same(r.pubsub_shardchannels(), ["orders"])
    same(r.pubsub_shardnumsub("orders"), [("orders", 1)])
    p.sunsubscribe("orders")
    same(p.get_sharded_message(timeout=PATIENCE_S), told("sunsubscribe", "orders", 0))
    p.close()


def callbacks_in_a_thread(r):
    """`run_in_thread` and `listen`, as programs use them."""
    heard, all_heard = [], threading.Event()

    def note(message):
        heard.append(message["data"])
        if len(heard) == 1000:
            all_heard.set()

    p = r.pubsub(ignore_subscribe_messages=True)
    p.subscribe(**{"numbers": note})
    thread = p.run_in_thread(sleep_time=0.01)
    while r.pubsub_numsub("numbers") != [("numbers", 1)]:
        pass
    with r.pipeline(transaction=False) as pipe:
        for number in range(1000):
            pipe.publish("numbers", number)
        same(pipe.execute(), [1] * 1000)
    holds(all_heard.wait(PATIENCE_S), len(heard))
    same(heard, [str(number) for number in range(1000)])
    thread.stop()
    thread.join()


def a_health_check(r):
    """redis-py sends PING on a connection that is subscribed."""
    p = r.pubsub()
    p.subscribe("news")
    hear(p)
    p.ping("are you there")
    answer = hear(p)
    if PROTOCOL == 2:
        same((answer["type"], answer["data"]), ("pong", "are you there"))
    else:
        # RESP3 answers as ever, which redis-py takes for the words of a message.
        same(answer["type"], "a")
    r.publish("news", b"\x00\x01")
    same(hear(p)["data"], "\x00\x01")
    p.reset()
    while r.pubsub_channels():
        pass


def a_transaction(r):
    """PUBLISH answers with a number inside EXEC as well."""
    p = r.pubsub(ignore_subscribe_messages=True)
    p.subscribe("news")
    while r.pubsub_channels() != ["news"]:
        pass
    same(r.pipeline().set("k", "v").publish("news", "changed").execute(), [True, 1])
    while (message := p.get_message(timeout=PATIENCE_S)) is None:
        pass
    same(message["data"], "changed")
    p.close()


async def in_asyncio():
    """Tasks that listen while others publish."""
    options = {"port": PORT, "protocol": PROTOCOL, "decode_responses": True}
    r = aioredis.Redis(**options)

    async def listen(p):
        heard = []
        async for message in p.listen():
            if message["type"] in ("subscribe", "psubscribe"):
                continue
            if message["data"] == "stop":
                return heard
            heard.append(int(message["data"]))

    listeners = [r.pubsub() for _ in range(5)]
    for p in listeners[:4]:
        await p.subscribe("counts")
    await listeners[4].psubscribe("count?")
    tasks = [asyncio.create_task(listen(p)) for p in listeners]
    while await r.pubsub_numsub("counts") != [("counts", 4)] or await r.pubsub_numpat() != 1:
        await asyncio.sleep(0)
    for number in range(200):
        same(await r.publish("counts", number), 5)
    same(await r.publish("counts", "stop"), 5)
    for heard in await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_S):
        same(heard, list(range(200)))
    for p in listeners:
        await p.unsubscribe()
        await p.punsubscribe()
        await p.aclose()
    await r.aclose()


def main():
    """All of them."""
    r = connect()
    subscriptions(r)
    shard_channels(r)
    callbacks_in_a_thread(r)
    a_health_check(r)
    a_transaction(r)
    asyncio.run(in_asyncio())
    done()


main()
