"""Prints the lock scripts of the installed Python packages and of the vendored Rust crates, one a
line: library, name, and the text in hexadecimal. The first argument is the folder of the crates."""

import importlib.metadata
import re
import sys
from pathlib import Path

import aioredlock.redis
import pottery
import redis
import redis.asyncio.lock
import redis.lock
import redis_lock
import redlock
import rq.scripts
import walrus
import coredis.patterns.lock

CRATES = Path(sys.argv[1])


def show(package, name, text):
    """One line."""
    text = text if isinstance(text, bytes) else text.encode()
    library = "redis-py" if package == "redis" else package
    print(f"{library} {importlib.metadata.version(package)}", name, text.hex(), sep="\t")


def pottery_texts():
    """The texts that pottery's objects register when they are made."""
    client = redis.Redis()
    lock = pottery.Redlock(key="k", masters={client})
    show("pottery", "release", lock._release_script.script)
    show("pottery", "extend", lock._extend_script.script)
    show("pottery", "locked?", lock._acquired_script.script)
    show("pottery", "NextID.set", pottery.NextID(key="k", masters={client})._set_id_script.script)


def crate(name, version, constants):
    """The string constants of a crate's source."""
    source = "".join(path.read_text() for path in sorted((CRATES / name / "src").rglob("*.rs")))
    for constant, shown in constants.items():
        found = re.search(
            rf'const {constant}: &str =\s*(?:r#"(.*?)"#|r"(.*?)"|"((?:[^"\\]|\\.)*)")', source, re.S
        )
        raw, plain, escaped = found.groups()
        if escaped is not None:
            escaped = re.sub(r"\\\n\s*", "", escaped).replace('\\"', '"').replace("\\n", "\n")
        text = next(text for text in (raw, plain, escaped) if text is not None)
        print(f"the {name} crate {version}", shown, text.encode().hex(), sep="\t")


for kind in (redis.lock.Lock, redis.asyncio.lock.Lock):
    show("redis", "release", kind.LUA_RELEASE_SCRIPT)
    show("redis", "extend", kind.LUA_EXTEND_SCRIPT)
    show("redis", "reacquire", kind.LUA_REACQUIRE_SCRIPT)
pottery_texts()
show("redlock-py", "unlock", redlock.Redlock.unlock_script)
show("python-redis-lock", "unlock", redis_lock.UNLOCK_SCRIPT)
show("python-redis-lock", "extend", redis_lock.EXTEND_SCRIPT)
show("python-redis-lock", "reset", redis_lock.RESET_SCRIPT)
show("python-redis-lock", "reset_all", redis_lock.RESET_ALL_SCRIPT)
show("rq", "acquire_or_refresh", rq.scripts.ACQUIRE_OR_REFRESH_LOCK_SCRIPT)
show("rq", "release", rq.scripts.RELEASE_LOCK_SCRIPT)
for name in ("lock_acquire", "lock_release"):
    text = (Path(walrus.__file__).parent / "scripts" / f"{name}.lua").read_text()
    show("walrus", name, text)
for name in ("release", "extend"):
    text = (Path(coredis.patterns.lock.__file__).parent / "lua" / f"{name}.lua").read_text()
    show("coredis", name, text)
for name in ("SET_LOCK", "UNSET_LOCK", "GET_LOCK_TTL"):
    # Without indentation, as aioredlock sends them.
    text = getattr(aioredlock.redis.Instance, f"{name}_SCRIPT")
    show("aioredlock", name, re.sub(r"^\s+", "", text, flags=re.M).strip())
crate("rslock", "0.10.0", {"UNLOCK_SCRIPT": "unlock", "EXTEND_SCRIPT": "extend"})
crate("redlock", "2.0.0", {"UNLOCK_SCRIPT": "UNLOCK_SCRIPT"})
crate("redsync", "1.0.1", {
    "LOCK_SCRIPT": "LOCK_SCRIPT", "UNLOCK_SCRIPT": "UNLOCK_SCRIPT", "EXTEND_SCRIPT": "EXTEND_SCRIPT"
})
