// Lock libraries of Node, unmodified, over ioredis: node-redlock 4 and 5, @sesamecare-oss/redlock,
// the mutex of redis-semaphore (whose semaphores need sorted sets), node-redis-warlock.

const Redis = require("ioredis");
const Warlock = require("node-redis-warlock");
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

// Clients add to a number, in steps that are not atomic, each under `alone`: a step is lost if two
// of them are let in at once.
async function crowd(redis, number, alone) {
  const step = async () => redis.set(number, Number(await redis.get(number)) + 1);
  const client = async () => {
    for (let round = 0; round < 8; round += 1) await alone(step);
  };
  await Promise.all(Array.from({ length: 6 }, client));
  same(await redis.get(number), "48");
}

// How somebody asks who does not give up.
const patient = { retryCount: 100_000, retryDelay: 2, retryJitter: 2 };

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
  // Who waits gets it when its time is up; who had it can do nothing to it.
  const late = await manager.lock("four", 300);
  const waiting = new Redlock4([redis], patient);
  lock = await waiting.lock("four", MINUTE);
  await refused(() => late.unlock());
  await refused(() => late.extend(MINUTE));
  await lives(redis, "four");
  await lock.unlock();
  await crowd(redis, "four:n", async (step) => {
    const held = await waiting.lock("four", MINUTE);
    await step();
    await held.unlock();
  });
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
  // Who waits gets it when its time is up; who had it can do nothing to it.
  const late = await manager.acquire(["five"], 300);
  const waiting = new Redlock5([redis], patient);
  lock = await waiting.acquire(["five"], MINUTE);
  await refused(() => late.release());
  await refused(() => late.extend(MINUTE));
  await lives(redis, "five");
  await lock.release();
  await crowd(redis, "five:n", (step) => waiting.using(["five"], MINUTE, step));
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
  await crowd(redis, "seven:n", async (step) => {
    const waiting = { lockTimeout: MINUTE, retryInterval: 2, acquireTimeout: MINUTE };
    const held = new Mutex(redis, "seven", waiting);
    await held.acquire();
    await step();
    await held.release();
  });
}

// A promise of what a function hands to its callback.
const answer = (call) =>
  new Promise((settle, fail) => {
    call((error, ...values) => (error ? fail(error) : settle(values)));
  });

async function warlock(redis) {
  const warlock = Warlock(redis);
  const take = (ttl) => answer((done) => warlock.lock("eight", ttl, done));
  const [release, id] = await take(1_000);
  same((await take(MINUTE))[0], false);
  same(await warlock.touch("eight", id, MINUTE), "OK");
  await lives(redis, "eight:lock");
  same(await answer(release), [1]);
  same(await redis.exists("eight:lock"), 0);
  same(await answer(release), [0]);
  await crowd(redis, "eight:n", async (step) => {
    const [held] = await answer((done) => warlock.optimistic("eight", MINUTE, 100_000, 2, done));
    await step();
    await answer(held);
  });
}

run(async () => {
  const redis = new Redis({ host: "127.0.0.1", port });
  for (const part of [redlock4, redlock5, sesamecare, mutex, warlock]) await part(redis);
  redis.disconnect();
});
