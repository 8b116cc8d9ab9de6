"""Lock libraries of Python, unmodified: redis-py, redlock-py, pottery, coredis, aioredlock, rq, and
what python-redis-lock and walrus can do without lists."""

import asyncio
import contextlib
import threading
import warnings

import aioredlock
import coredis
import pottery
import redis
import redis.asyncio as aioredis
import redis_lock
import redlock
import walrus
from coredis.patterns.lock import Lock as CoredisLock
from rq.scripts import acquire_or_refresh_lock, release_lock

from checks import PORT, PROTOCOL, connect, done, holds, refuses, same

warnings.simplefilter("ignore", DeprecationWarning)
r = connect(decode_responses=False)


def crowd(number, lock, each=10):
    """Threads add to a number, in steps that are not atomic, each under what `lock()` makes: a step
    is lost if two of them are let in at once."""
    failures = []

    def work():
        try:
            for _ in range(each):
                with lock():
                    r.set(number, int(r.get(number) or 0) + 1)
        except Exception as error:  # A thread's own failure would go unnoticed.
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(failures, [])
    same(int(r.get(number)), 5 * each)


def redis_py():
    """redis.lock.Lock: acquire, contend, extend, reacquire, release."""
    lock, other = r.lock("redis-py", timeout=60), r.lock("redis-py", timeout=60)
    same(lock.acquire(), True)
    same(other.acquire(blocking=False), False)
    same(lock.extend(60), True)
    holds(110_000 < r.pttl("redis-py") <= 120_000, r.pttl("redis-py"))
    same(lock.extend(30, replace_ttl=True), True)
    holds(29_000 < r.pttl("redis-py") <= 30_000, r.pttl("redis-py"))
    same(lock.reacquire(), True)
    holds(59_000 < r.pttl("redis-py") <= 60_000, r.pttl("redis-py"))
    r.set("redis-py", "somebody else")
    for call in (lock.release, lambda: r.lock("redis-py").release()):
        try:
            call()
            raise AssertionError("the lock is somebody else's")
        except redis.exceptions.LockError:
            holds(True)
    same(r.get("redis-py"), b"somebody else")
    r.delete("redis-py")
    with r.lock("redis-py", timeout=60):
        same(r.exists("redis-py"), 1)
    same(r.exists("redis-py"), 0)
    # The scripts are loaded again after somebody has flushed them.
    same(lock.acquire(), True)
    same(r.script_flush(), True)
    same(lock.release(), None)
    same(r.exists("redis-py"), 0)
    crowd("redis-py-n", lambda: r.lock("redis-py", timeout=60, sleep=0.002))
    # Who waits gets it when its time is up, and who had it finds that out.
    late = r.lock("redis-py", timeout=0.3)
    same(late.acquire(), True)
    same(lock.acquire(), True)
    for call in (lambda: late.extend(60), late.reacquire, late.release):
        try:
            call()
            raise AssertionError("the lock is somebody else's")
        except redis.exceptions.LockNotOwnedError:
            holds(True)
    same(lock.owned(), True)
    same(lock.release(), None)


async def redis_py_asyncio():
    """redis.asyncio.lock.Lock, with a holder and somebody who waits for it."""
    client = aioredis.Redis(host="127.0.0.1", port=PORT, protocol=PROTOCOL)
    lock = client.lock("asyncio", timeout=60)
    same(await lock.acquire(), True)
    waiting = client.lock("asyncio", timeout=60, sleep=0.01)
    waiter = asyncio.create_task(waiting.acquire())
    same(await lock.extend(60), True)
    same(await lock.reacquire(), True)
    await lock.release()
    same(await waiter, True)
    try:
        await lock.release()
        raise AssertionError("it was released already")
    except redis.exceptions.LockError:
        holds(True)
    await waiting.release()
    same(await client.exists("asyncio"), 0)
    await client.aclose()


def redlock_py():
    """Redlock with one server: lock, contend, unlock."""
    manager = redlock.Redlock([{"host": "127.0.0.1", "port": PORT, "db": 0}], retry_count=1)
    lock = manager.lock("redlock-py", 60_000)
    holds(lock.validity > 50_000, lock)
    same(manager.lock("redlock-py", 60_000), False)
    manager.unlock(lock)
    holds(manager.lock("redlock-py", 60_000))
    patient = redlock.Redlock(
        [{"host": "127.0.0.1", "port": PORT, "db": 0}], retry_count=10_000, retry_delay=0.002
    )

    @contextlib.contextmanager
    def locked():
        lock = patient.lock("redlock-py-crowd", 60_000)
        yield
        patient.unlock(lock)

    crowd("redlock-py-n", locked)
    # Who waits gets it when its time is up; who had it does not release it.
    late = manager.lock("redlock-py-late", 300)
    lock = patient.lock("redlock-py-late", 60_000)
    holds(lock.validity > 50_000, lock)
    manager.unlock(late)
    same(manager.lock("redlock-py-late", 60_000), False)


def pottery_redlock():
    """pottery's Redlock and NextID."""
    lock = pottery.Redlock(key="pottery", masters={r}, auto_release_time=60)
    other = pottery.Redlock(key="pottery", masters={r}, auto_release_time=60)
    same(lock.acquire(), True)
    same(other.acquire(blocking=False), False)
    holds(50 < lock.locked() <= 60, lock.locked())
    same(other.locked(), 0)
    same(lock.extend(), None)
    same(lock.release(), None)
    same(lock.locked(), 0)
    def mutex():
        return pottery.Redlock(key="pottery-crowd", masters={r}, auto_release_time=60)

    crowd("pottery-n", mutex, each=3)
    ids = pottery.NextID(key="pottery-ids", masters={r})
    same([next(ids), next(ids), next(ids)], [1, 2, 3])


async def pottery_aioredlock():
    """pottery's AIORedlock."""
    client = aioredis.Redis(host="127.0.0.1", port=PORT, protocol=PROTOCOL)
    lock = pottery.AIORedlock(key="pottery-aio", masters={client}, auto_release_time=60)
    same(await lock.acquire(), True)
    holds(50 < await lock.locked() <= 60)
    same(await lock.extend(), None)
    same(await lock.release(), None)
    same(await lock.locked(), 0)
    await client.aclose()


async def coredis_lock():
    """coredis.patterns.lock.Lock."""
    client = coredis.Redis(host="127.0.0.1", port=PORT)
    async with client:
        lock, other = (CoredisLock(client, "coredis", timeout=60) for _ in range(2))
        other.blocking = False
        same(await lock.acquire(), True)
        same(await other.acquire(), False)
        same(await lock.extend(60), True)
        holds(110_000 < r.pttl("coredis") <= 120_000, r.pttl("coredis"))
        await lock.release()
        same(r.exists("coredis"), 0)


async def aioredlock_lock():
    """aioredlock loads all its scripts first and knows them by their SHA-1 from then on."""
    manager = aioredlock.Aioredlock([("127.0.0.1", PORT)], retry_count=1)
    lock = await manager.lock("aioredlock", lock_timeout=60)
    same(lock.valid, True)
    same(await manager.is_locked("aioredlock"), True)
    try:
        await manager.lock("aioredlock", lock_timeout=60)
        raise AssertionError("it is locked")
    except aioredlock.LockError:
        holds(True)
    await manager.extend(lock, 120)
    holds(110_000 < r.pttl("aioredlock") <= 120_000, r.pttl("aioredlock"))
    await manager.unlock(lock)
    same(await manager.is_locked("aioredlock"), False)
    await manager.destroy()


def rq_lock():
    """rq's lock of a scheduler."""
    same(acquire_or_refresh_lock(r, "rq", "alice", 60), "acquired")
    same(acquire_or_refresh_lock(r, "rq", "alice", 120), "refreshed")
    same(acquire_or_refresh_lock(r, "rq", "bob", 60), "taken")
    holds(110 < r.ttl("rq") <= 120, r.ttl("rq"))
    same(release_lock(r, "rq", "bob"), False)
    same(release_lock(r, "rq", "alice"), True)


def what_needs_lists():
    """python-redis-lock and walrus take and extend their locks; their release signals by a list."""
    lock = redis_lock.Lock(r, "signal", expire=60)
    same(lock.acquire(blocking=False), True)
    same(redis_lock.Lock(r, "signal", expire=60).acquire(blocking=False), False)
    same(lock.extend(120), None)
    holds(110 < r.ttl("lock:signal") <= 120, r.ttl("lock:signal"))
    needs = "script {} ({}) needs lists, which latchd 0.1.0 does not have; " \
            "docs/COMPATIBILITY.md lists the scripts that it runs"
    refuses(lock.release, needs.format("90da91872223f85eb1376a17e3c4df21ace8c54b",
                                       "unlock of python-redis-lock 4.0.1"))
    lock = walrus.Database(host="127.0.0.1", port=PORT, protocol=PROTOCOL).lock("walrus", 60_000)
    same(lock.acquire(block=False), True)
    same(lock.acquire(block=False), False)
    refuses(lock.release, needs.format("758ee2fc57c84a93a25cd712f592a1b4898d6c03",
                                       "lock_release of walrus 0.9.8"))


redis_py()
asyncio.run(redis_py_asyncio())
redlock_py()
pottery_redlock()
asyncio.run(pottery_aioredlock())
asyncio.run(coredis_lock())
asyncio.run(aioredlock_lock())
rq_lock()
what_needs_lists()
done()
