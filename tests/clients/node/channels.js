// node-redis and ioredis as subscribers: channels, patterns, shard channels, many publishers.

const { createClient } = require("redis");
const Redis = require("ioredis");
const { port, protocol, same, run } = require("./checks.js");

const options = { socket: { host: "127.0.0.1", port }, RESP: protocol };
const MESSAGES = 500;

// Calls of a listener, to be awaited.
class Heard {
  constructor() {
    this.messages = [];
    this.waiting = [];
  }

  add(message) {
    const taker = this.waiting.shift();
    if (taker) taker(message);
    else this.messages.push(message);
  }

  next() {
    if (this.messages.length > 0) return Promise.resolve(this.messages.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

async function nodeRedis() {
  const publisher = await createClient(options).connect();
  const subscriber = await publisher.duplicate().connect();
  const [heard, matched, sharded] = [new Heard(), new Heard(), new Heard()];
  const listener = (text, channel) => heard.add([channel, text]);
  await subscriber.subscribe(["news", "weather"], listener);
  await subscriber.pSubscribe("n*", (text, channel) => matched.add([channel, text]));
  await subscriber.sSubscribe("orders", (text, channel) => sharded.add([channel, text]));
  same(await publisher.publish("news", "rain"), 2);
  same(await heard.next(), ["news", "rain"]);
  same(await matched.next(), ["news", "rain"]);
  same(await publisher.sPublish("orders", "one"), 1);
  same(await sharded.next(), ["orders", "one"]);
  same(await publisher.pubSubChannels(), ["news", "weather"]);
  same(await publisher.pubSubNumPat(), 1);
  same({ ...(await publisher.pubSubNumSub(["news", "other"])) }, { news: 1, other: 0 });
  same(await publisher.pubSubShardChannels(), ["orders"]);
  if (protocol === 3) {
    // RESP3 keeps messages and replies apart.
    same(await subscriber.set("k", "v"), "OK");
    same(await subscriber.publish("weather", "sun"), 1);
    same(await heard.next(), ["weather", "sun"]);
  }
  same(await subscriber.ping(), protocol === 3 ? "PONG" : "pong");
  await subscriber.pUnsubscribe("n*");
  const counts = Array.from({ length: MESSAGES }, (_, i) => publisher.publish("weather", `${i}`));
  same(await Promise.all(counts), counts.map(() => 1));
  for (let i = 0; i < MESSAGES; i += 1) same(await heard.next(), ["weather", `${i}`]);
  await subscriber.unsubscribe();
  await subscriber.sUnsubscribe();
  same(await publisher.publish("news", "x"), 0);
  // It is an ordinary client again, though node-redis goes on giving bytes to who speaks RESP2.
  same(`${await subscriber.set("k", "v")}`, "OK");
  await Promise.all([publisher.close(), subscriber.close()]);
}

async function ioredis() {
  const [publisher, subscriber] = [new Redis({ port }), new Redis({ port })];
  const heard = new Heard();
  subscriber.on("message", (channel, text) => heard.add([channel, text]));
  subscriber.on("pmessage", (pattern, channel, text) => heard.add([pattern, channel, text]));
  subscriber.on("smessage", (channel, text) => heard.add(["shard", channel, text]));
  same(await subscriber.subscribe("news", "weather"), 2);
  same(await subscriber.psubscribe("n*"), 3);
  same(await subscriber.ssubscribe("orders"), 1);
  same(await publisher.publish("news", "rain"), 2);
  same(await heard.next(), ["news", "rain"]);
  same(await heard.next(), ["n*", "news", "rain"]);
  same(await publisher.spublish("orders", "one"), 1);
  same(await heard.next(), ["shard", "orders", "one"]);
  same(await publisher.pubsub("CHANNELS"), ["news", "weather"]);
  same(await publisher.multi().publish("weather", "sun").exec(), [[null, 1]]);
  same(await heard.next(), ["weather", "sun"]);
  const pipeline = publisher.pipeline();
  for (let i = 0; i < MESSAGES; i += 1) pipeline.publish("weather", i);
  same((await pipeline.exec()).every(([error, count]) => error === null && count === 1), true);
  for (let i = 0; i < MESSAGES; i += 1) same(await heard.next(), ["weather", `${i}`]);
  same(await subscriber.punsubscribe("n*"), 2);
  same(await subscriber.unsubscribe("news", "weather"), 0);
  same(await subscriber.sunsubscribe(), 0);
  same(await subscriber.get("missing"), null);
  same(await publisher.publish("news", "x"), 0);
  // Subscriptions come back when the connection is lost.
  await subscriber.subscribe("news");
  const again = new Promise((resolve) => subscriber.once("ready", resolve));
  same(await publisher.client("KILL", "TYPE", "pubsub"), 1);
  await again;
  while ((await publisher.publish("news", "back")) === 0);
  same(await heard.next(), ["news", "back"]);
  publisher.disconnect();
  subscriber.disconnect();
}

run(async () => {
  await nodeRedis();
  await ioredis();
});
