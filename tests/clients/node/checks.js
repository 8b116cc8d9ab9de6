// What the scripts share: the server's port, and counted checks.

const assert = require("node:assert/strict");

const port = Number(process.argv[2]);
const protocol = Number(process.argv[3]);
let checks = 0;

// Checks a value and its type, deep inside as well.
function same(actual, expected) {
  checks += 1;
  // Maps of replies have no prototype, which is of no interest here.
  const plain = (value) =>
    value !== null && typeof value === "object" && Object.getPrototypeOf(value) === null
      ? { ...value }
      : value;
  assert.deepEqual(plain(actual), expected);
}

function holds(fact, shown) {
  checks += 1;
  assert.ok(fact, `does not hold: ${JSON.stringify(shown)}`);
}

// Checks that a call fails with exactly this text.
async function refuses(call, text) {
  checks += 1;
  await assert.rejects(call, (error) => {
    assert.equal(error.message, text);
    return true;
  });
}

// Runs a script; the last line is what the test looks for.
function run(script) {
  script().then(
    () => console.log(`${checks} checks`),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

module.exports = { port, protocol, same, holds, refuses, run };
