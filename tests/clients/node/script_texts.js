// Prints the lock scripts of the installed packages, one a line: library, name, and the text in
// hexadecimal. Where a package does not show its texts, they are taken from what it sends.

const fs = require("node:fs");
const path = require("node:path");

const folder = process.env.NODE_PATH;

function show(shown, directory, name, text) {
  const { version } = JSON.parse(fs.readFileSync(path.join(folder, directory, "package.json")));
  const hex = Buffer.from(text).toString("hex");
  console.log([`${shown} ${version.replace(/^v/, "")}`, name, hex].join("\t"));
}

// The template literals of a source file that call Redis, in their order.
function literals(file) {
  const source = fs.readFileSync(path.join(folder, file), "utf8");
  return [...source.matchAll(/`([^`]*)`/g)]
    .map((match) => match[1])
    .filter((text) => text.includes("redis."));
}

const [lock, unlock, extend] = literals("redlock4/redlock.js");
for (const [name, text] of Object.entries({ lock, unlock, extend })) {
  show("node-redlock", "redlock4", name, text);
}
const [ACQUIRE, EXTEND, RELEASE] = literals("redlock5/dist/cjs/index.js");
for (const [name, text] of Object.entries({ ACQUIRE, EXTEND, RELEASE })) {
  show("node-redlock", "redlock5", name, text);
}
const named = { acquireLock: "ACQUIRE", extendLock: "EXTEND", releaseLock: "RELEASE" };
require("@sesamecare-oss/redlock/build/scripts.js").ensureCommands({
  defineCommand: (name, { lua }) =>
    show("@sesamecare-oss/redlock", "@sesamecare-oss/redlock", named[name], lua),
});
for (const name of ["release", "refresh"]) {
  const [text] = literals(`redis-semaphore/lib/mutex/${name}.js`);
  show("redis-semaphore", "redis-semaphore", `mutex ${name}`, text);
}
const [release] = literals("simple-redis-mutex/dist/index.js").slice(-1);
show("simple-redis-mutex", "simple-redis-mutex", "release", release);
for (const name of ["parityDel.lua", "parityRelock.lua"]) {
  const text = fs.readFileSync(path.join(folder, "node-redis-warlock/lib/lua", name));
  show("node-redis-warlock", "node-redis-warlock", name, text);
}
