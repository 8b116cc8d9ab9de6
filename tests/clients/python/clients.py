"""Connections and what CLIENT says about them, through redis-py."""

import redis

from checks import PORT, PROTOCOL, connect, done, holds, refuses, same

r = connect(single_connection_client=True, client_name="first")
second = connect(single_connection_client=True)

same(r.ping(), True)
same(r.echo("hello"), "hello")
same(r.client_getname(), "first")
same(second.client_getname(), None)
same(second.client_setname("second"), True)
same(second.client_getname(), "second")
refuses(lambda: r.client_setname("a b"), "Client names cannot contain spaces, newlines or special "
        "characters.")

holds(r.client_id() != second.client_id())
info = r.client_info()
same(info["id"], r.client_id())
same(info["name"], "first")
same(info["db"], 0)
same(info["resp"], str(PROTOCOL))
same(info["cmd"], "client|info")
same(info["user"], "default")
holds(info["addr"].startswith("127.0.0.1:"), info["addr"])
same(info["laddr"], f"127.0.0.1:{PORT}")

listed = r.client_list()
same({client["name"] for client in listed}, {"first", "second"})
same({client["id"] for client in listed}, {str(r.client_id()), str(second.client_id())})
same([client["name"] for client in r.client_list(client_id=[second.client_id()])], ["second"])
same(len(r.client_list(_type="normal")), 2)
same(r.client_list(_type="pubsub"), [])

# A killed client is gone; redis-py connects again by itself, as a new client.
victim = second.client_id()
same(r.client_kill_filter(_id=str(victim)), 1)
same(r.client_kill_filter(_id=str(victim)), 0)
holds(second.client_id() > victim)
refuses(lambda: r.client_kill("127.0.0.1:1"), "No such client")
same(r.client_unblock(r.client_id()), False)
same(r.client_no_evict("ON"), "OK")
same(r.client_no_evict("OFF"), "OK")
same(r.client_getredir(), -1)
same(r.client_pause(1), True)
same(r.client_unpause(), "OK")
same(r.set("after", "pause"), True)

# A client without replies, then with them.
same(r.execute_command("CLIENT", "REPLY", "ON"), "OK")

# HELLO and RESET on a bare connection.
bare = redis.Connection(host="127.0.0.1", port=PORT, protocol=PROTOCOL, decode_responses=True)
bare.connect()
bare.send_command("HELLO", PROTOCOL, "SETNAME", "greeter")
hello = bare.read_response()
if PROTOCOL == 2:
    hello = dict(zip(hello[::2], hello[1::2]))
same(hello["server"], "redis")
same(hello["proto"], PROTOCOL)
same(hello["mode"], "standalone")
same(hello["role"], "master")
same(hello["modules"], [])
bare.send_command("CLIENT", "GETNAME")
same(bare.read_response(), "greeter")
bare.disconnect()

# Passwords.
same(r.config_set("requirepass", "secret"), True)
stranger = connect()
refused = {
    2: "Authentication required.",
    3: "HELLO must be called with the client already authenticated, otherwise the HELLO <proto> "
       "AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
       "protocol version at the same time",
}
refuses(lambda: stranger.get("k"), refused[PROTOCOL], redis.AuthenticationError)
wrong = connect(password="wrong")
refuses(lambda: wrong.get("k"), "invalid username-password pair or user is disabled.",
        redis.AuthenticationError)
friend = connect(password="secret")
same(friend.ping(), True)
named = connect(username="default", password="secret")
same(named.ping(), True)
same(r.config_set("requirepass", ""), True)
same(connect().ping(), True)

# URLs and pools.
by_url = redis.from_url(f"redis://127.0.0.1:{PORT}/3?protocol={PROTOCOL}", decode_responses=True)
same(by_url.set("in", "three"), True)
same(connect(db=3).get("in"), "three")
same(by_url.client_info()["db"], 3)

done()
