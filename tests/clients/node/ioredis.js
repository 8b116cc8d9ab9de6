// ioredis: its start (INFO until not loading), pipelines, automatic pipelines, streams of keys.

const Redis = require("ioredis");
const { port, same, holds, refuses, run } = require("./checks.js");

const options = { host: "127.0.0.1", port, connectionName: "io" };

async function strings(redis) {
  same(await redis.ping(), "PONG");
  same(await redis.client("GETNAME"), "io");
  same(await redis.set("k", "v", "EX", 100, "NX"), "OK");
  same(await redis.set("k", "w", "NX"), null);
  same(await redis.set("k", "w", "GET"), "v");
  same(await redis.ttl("k"), -1);
  same(await redis.getex("k", "EX", 50), "w");
  holds((await redis.pttl("k")) > 49_000);
  same(await redis.getdel("k"), "w");
  same(await redis.mset("a", 1, "b", 2), "OK");
  same(await redis.mset(new Map([["c", 3], ["d", 4]])), "OK");
  same(await redis.mget("a", "b", "c", "d", "e"), ["1", "2", "3", "4", null]);
  same(await redis.incrby("a", 41), 42);
  same(await redis.incrbyfloat("a", "0.5"), "42.5");
  same(await redis.append("text", "Hello"), 5);
  same(await redis.getrange("text", -3, -1), "llo");
  await refuses(redis.incr("text"), "ERR value is not an integer or out of range");
  const unknown = "ERR unknown command 'NOSUCH', with args beginning with: 'x' ";
  await refuses(redis.call("NOSUCH", "x"), unknown);
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  same(await redis.set(bytes, bytes), "OK");
  holds(bytes.equals(await redis.getBuffer(bytes)));
  const big = "x".repeat(4 * 1024 * 1024);
  same(await redis.set("big", big), "OK");
  holds((await redis.get("big")) === big);
}

async function pipelines(redis) {
  same(await redis.pipeline().set("p", 1).incr("p").get("p").exec(), [
    [null, "OK"],
    [null, 2],
    [null, "2"],
  ]);
  const mixed = await redis.pipeline().set("p", "x").incr("p").get("p").exec();
  same([mixed[0], mixed[2]], [[null, "OK"], [null, "x"]]);
  same(mixed[1][0].message, "ERR value is not an integer or out of range");
  const deep = redis.pipeline();
  for (let i = 0; i < 10_000; i += 1) deep.set(`deep:${i}`, i);
  same((await deep.exec()).every(([error, reply]) => error === null && reply === "OK"), true);
  const automatic = new Redis({ ...options, enableAutoPipelining: true });
  const calls = Array.from({ length: 1000 }, (_, i) => automatic.get(`deep:${i}`));
  same(await Promise.all(calls), calls.map((_, i) => `${i}`));
  automatic.disconnect();
}

async function transactions(redis) {
  same(await redis.multi().set("m", 1).incr("m").exec(), [[null, "OK"], [null, 2]]);
  const aborted = await redis.multi().set("m", 5).call("SET", "m").exec().catch((e) => e);
  same(aborted.message, "EXECABORT Transaction discarded because of previous errors.");
  same(await redis.get("m"), "2");
  // By hand, without the pipeline that ioredis makes of it.
  await redis.multi({ pipeline: false });
  same(await redis.set("m", 7), "QUEUED");
  same(await redis.exec(), [[null, "OK"]]);
  const other = redis.duplicate();
  await redis.watch("m");
  await other.set("m", 8);
  same(await redis.multi().set("m", 9).exec(), null);
  same(await redis.get("m"), "8");
  await redis.watch("m");
  await redis.unwatch();
  await other.set("m", 10);
  same(await redis.multi().incr("m").exec(), [[null, 11]]);
  other.disconnect();
}

async function keys(redis) {
  const seen = new Set();
  for await (const page of redis.scanStream({ match: "deep:*", count: 100 })) {
    for (const name of page) seen.add(name);
  }
  same(seen.size, 10_000);
  same(await redis.del("deep:1", "deep:2", "nobody"), 2);
  same(await redis.expire("deep:3", 10), 1);
  same(await redis.rename("deep:3", "moved"), "OK");
  same(await redis.type("moved"), "string");
  same(await redis.keys("deep:999?"), await redis.keys("deep:999[0-9]"));
  same((await redis.keys("deep:999?")).length, 10);
}

async function connections(redis) {
  // Lost connections come back with their name and database.
  const other = new Redis({ ...options, db: 4, connectionName: "phoenix" });
  same(await other.set("in", "four"), "OK");
  const id = await other.client("ID");
  const back = new Promise((resolve) => other.once("close", () => other.once("ready", resolve)));
  same(await redis.client("KILL", "ID", id), 1);
  await back;
  same(await other.client("GETNAME"), "phoenix");
  same(await other.get("in"), "four");
  holds((await other.client("ID")) > id);
  other.disconnect();
  holds((await redis.info("clients")).includes("connected_clients:"));
  same(await redis.config("GET", "databases"), ["databases", "16"]);
  same(await redis.select(0), "OK");
  same(await redis.flushall(), "OK");
  same(await redis.dbsize(), 0);
  same(await redis.quit(), "OK");
}

run(async () => {
  const redis = new Redis(options);
  for (const part of [strings, pipelines, transactions, keys, connections]) await part(redis);
});
