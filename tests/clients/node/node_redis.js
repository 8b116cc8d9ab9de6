// node-redis over RESP2 and RESP3: commands, automatic pipelines, transactions, iteration.

const { createClient, createClientPool, WatchError, RESP_TYPES } = require("redis");
const { port, protocol, same, holds, refuses, run } = require("./checks.js");

const options = { socket: { host: "127.0.0.1", port }, RESP: protocol };

async function strings(client) {
  same(await client.ping(), "PONG");
  same(await client.echo("hello"), "hello");
  same(await client.set("k", "v"), "OK");
  same(await client.get("k"), "v");
  same(await client.get("missing"), null);
  same(await client.set("k", "w", { condition: "NX" }), null);
  same(await client.set("k", "w", { condition: "XX", GET: true }), "v");
  same(await client.set("k", "w", { expiration: { type: "EX", value: 100 } }), "OK");
  const ttl = await client.ttl("k");
  holds(ttl >= 99 && ttl <= 100, ttl);
  same(await client.set("k", "x", { expiration: "KEEPTTL" }), "OK");
  holds((await client.pTTL("k")) > 90_000);
  same(await client.getEx("k", { type: "PERSIST" }), "x");
  same(await client.ttl("k"), -1);
  same(await client.getDel("k"), "x");
  same(await client.mSet({ a: "1", b: "2" }), "OK");
  same(await client.mGet(["a", "missing", "b"]), ["1", null, "2"]);
  same(await client.mSetNX({ b: "3", c: "3" }), 0);
  same(await client.incrBy("a", 41), 42);
  same(await client.decr("a"), 41);
  same(await client.incrByFloat("a", 0.5), "41.5");
  same(await client.append("text", "Hello"), 5);
  same(await client.setRange("text", 1, "a"), 5);
  same(await client.getRange("text", 0, 1), "Ha");
  same(await client.strLen("text"), 5);
  await refuses(client.incr("text"), "ERR value is not an integer or out of range");
}

async function keys(client) {
  await client.flushAll();
  const names = Array.from({ length: 1000 }, (_, i) => `user:${i}`);
  await Promise.all(names.map((name) => client.set(name, name)));
  const seen = new Set();
  for await (const page of client.scanIterator({ MATCH: "user:*", COUNT: 50 })) {
    for (const name of page) seen.add(name);
  }
  same([...seen].sort(), [...names].sort());
  same(await client.dbSize(), 1000);
  same(await client.exists(["user:1", "user:2", "nobody"]), 2);
  same(await client.del(["user:1", "nobody"]), 1);
  same(await client.unlink("user:2"), 1);
  same(await client.expire("user:3", 100), 1);
  same(await client.expire("user:3", 10, "GT"), 0);
  same(await client.persist("user:3"), 1);
  same(await client.rename("user:3", "renamed"), "OK");
  same(await client.copy("renamed", "copied"), 1);
  same(await client.type("copied"), "string");
  same(await client.objectEncoding("copied"), "embstr");
  await refuses(client.rename("nobody", "x"), "ERR no such key");
}

async function pipelines(client) {
  // What is called in one turn of the event loop is sent in one write.
  const calls = Array.from({ length: 10_000 }, (_, i) => client.set(`p:${i}`, `${i}`));
  same(new Set(await Promise.all(calls)), new Set(["OK"]));
  const values = await Promise.all(calls.map((_, i) => client.get(`p:${i}`)));
  same(values, calls.map((_, i) => `${i}`));
  same(await client.multi().set("m", "1").incr("m").get("m").exec(), ["OK", 2, "2"]);
  same(await client.multi().get("m").ping().execAsPipeline(), ["2", "PONG"]);
  const failed = await client.multi().set("m", "x").incr("m").get("m").exec().catch((e) => e);
  same(failed.replies[0], "OK");
  same(failed.replies[1].message, "ERR value is not an integer or out of range");
  same(failed.replies[2], "x");
}

async function transactions(client) {
  const other = await client.duplicate().connect();
  await client.set("balance", "10");
  await client.watch("balance");
  await other.set("balance", "20");
  const conflict = client.multi().set("balance", "11").exec();
  holds((await conflict.catch((error) => error)) instanceof WatchError);
  same(await client.get("balance"), "20");
  await client.watch("balance");
  same(await client.multi().incr("balance").exec(), [21]);
  other.destroy();

  // Optimistic locking over a pool: no increment is lost.
  const pool = await createClientPool(options, { minimum: 1, maximum: 8 }).connect();
  await client.set("counter", "0");
  let retries = 0;
  const increment = () =>
    pool.execute(async (mine) => {
      for (;;) {
        await mine.watch("counter");
        const value = Number(await mine.get("counter"));
        try {
          return await mine.multi().set("counter", `${value + 1}`).exec();
        } catch (error) {
          if (!(error instanceof WatchError)) throw error;
          retries += 1;
        }
      }
    });
  await Promise.all(Array.from({ length: 100 }, increment));
  same(await client.get("counter"), "100");
  holds(retries > 0, retries);
  pool.destroy();
}

async function binary(client) {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  same(await raw.set(bytes, bytes), "OK");
  holds(bytes.equals(await raw.get(bytes)));
  const big = Buffer.alloc(4 * 1024 * 1024, "latchd");
  await raw.set("big", big);
  holds(big.equals(await raw.get("big")));
}

async function server(client) {
  same(await client.clientSetName("tester"), "OK");
  same(await client.clientGetName(), "tester");
  const info = await client.clientInfo();
  same(info.name, "tester");
  same(info.db, 0);
  same(info.id, await client.clientId());
  same((await client.clientList()).length >= 1, true);
  same(await client.configGet("databases"), { databases: "16" });
  same(await client.configSet("timeout", "0"), "OK");
  holds((await client.info("server")).includes(`tcp_port:${port}\r\n`));
  holds((await client.commandCount()) > 60);
  const [get] = await client.commandInfo(["GET"]);
  same([get.name, get.arity], ["get", 2]);
  const now = await client.time();
  holds(Math.abs(Number(Array.isArray(now) ? now[0] : now) - Date.now() / 1000) < 60, now);
  await client.select(3);
  same(await client.set("in", "three"), "OK");
  same(await client.dbSize(), 1);
  await client.select(0);
  same(await client.exists("in"), 0);
}

run(async () => {
  const client = await createClient(options).connect();
  for (const part of [strings, keys, pipelines, transactions, binary, server]) await part(client);
  await client.close();
});
