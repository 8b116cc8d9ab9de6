// Lock libraries of Node, unmodified, over ioredis: node-redlock 4 and 5, @sesamecare-oss/redlock,
// the mutex of redis-semaphore.

const Redis = require("ioredis");
const Redlock4 = require("redlock4");
const { default: Redlock5 } = require("redlock5");
const { Redlock: Sesamecare } = require("@sesamecare-oss/redlock");
const { Mutex } = require("redis-semaphore");
const { port, same, holds, run } = require("./checks.js");

const MINUTE = 60_000;

async function refused(call) {
  let outcome = "granted";
  await call().catch(() => (outcome = "refused"));
  same(outcome, "refused");
}

async function lives(redis, key) {
  const ttl = await redis.pttl(key);
  holds(ttl > MINUTE - 5_000 && ttl <= MINUTE, ttl);
}

async function redlock4(redis) {
  const manager = new Redlock4([redis], { retryCount: 0 });
  let lock = await manager.lock("four", 1_000);
  await refused(() => manager.lock("four", MINUTE));
  await refused(() => manager.lock(["free", "four"], MINUTE));
  same(await redis.exists("free"), 0);
  lock = await lock.extend(MINUTE);
  await lives(redis, "four");
  await lock.unlock();
  await refused(() => lock.unlock());
  const both = await manager.lock(["left", "right"], MINUTE);
  same(await redis.exists("left", "right"), 2);
  await both.unlock();
  same(await redis.exists("left", "right"), 0);
}

async function redlock5(redis) {
  const manager = new Redlock5([redis], { retryCount: 0 });
  let lock = await manager.acquire(["five"], 1_000);
  await refused(() => manager.acquire(["free", "five"], MINUTE));
  lock = await lock.extend(MINUTE);
  await lives(redis, "five");
  await lock.release();
  same(await redis.exists("five"), 0);
  const inside = () => redis.exists("left", "right");
  same(await manager.using(["left", "right"], MINUTE, inside), 2);
  same(await redis.exists("left", "right"), 0);
}

async function sesamecare(redis) {
  const manager = new Sesamecare([redis], { retryCount: 0, db: 2 });
  let lock = await manager.acquire(["six"], 1_000);
  await refused(() => manager.acquire(["six"], MINUTE));
  lock = await lock.extend(MINUTE);
  same(await redis.exists("six"), 0);
  await redis.select(2);
  await lives(redis, "six");
  await lock.release();
  same(await redis.exists("six"), 0);
  await redis.select(0);
}

async function mutex(redis) {
  const options = { lockTimeout: MINUTE, refreshInterval: 10, acquireTimeout: 20 };
  const mutex = new Mutex(redis, "seven", options);
  await mutex.acquire();
  same(await new Mutex(redis, "seven", options).tryAcquire(), false);
  await redis.pexpire("mutex:seven", 5_000);
  // The mutex refreshes itself; this waits until it has.
  while ((await redis.pttl("mutex:seven")) <= 5_000) await redis.ping();
  await lives(redis, "mutex:seven");
  same(mutex.isAcquired, true);
  await mutex.release();
  same(await redis.exists("mutex:seven"), 0);
}

run(async () => {
  const redis = new Redis({ host: "127.0.0.1", port });
  for (const part of [redlock4, redlock5, sesamecare, mutex]) await part(redis);
  redis.disconnect();
});
