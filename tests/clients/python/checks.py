"""What the scripts share: connections to the server under test, and counted checks."""

import sys

import redis

PORT = int(sys.argv[1])
PROTOCOL = int(sys.argv[2])

_checks = 0


def connect(**options):
    """A client as its users make one, with text instead of bytes."""
    options.setdefault("decode_responses", True)
    return redis.Redis(host="127.0.0.1", port=PORT, protocol=PROTOCOL, **options)


def same(actual, expected):
    """Checks a value, and its type: 1 is not True and not "1"."""
    global _checks
    _checks += 1
    if actual != expected or type(actual) is not type(expected):
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def holds(fact, shown=None):
    """Checks a condition; `shown` is what to print if it does not hold."""
    global _checks
    _checks += 1
    if not fact:
        raise AssertionError(f"does not hold: {shown!r}")


def refuses(call, text, kind=redis.ResponseError):
    """Checks that `call` fails with exactly this error text."""
    global _checks
    _checks += 1
    try:
        value = call()
    except kind as error:
        if str(error) != text:
            raise AssertionError(f"expected {text!r}, got {str(error)!r}") from error
    else:
        raise AssertionError(f"expected the error {text!r}, got {value!r}")


def done():
    """The last line of every script: the test looks for it."""
    print(f"{_checks} checks")
