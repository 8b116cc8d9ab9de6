//! Starts that must fail: with exit code 1, and words that say what to change. And on which cores
//! the others run.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::inspect::{assert_well, panics_in};
use crate::support::{Client, Program, Server, TempDir};

/// What a start that fails writes, and that it ends with 1.
#[track_caller]
fn refusal(command: &mut Command) -> String {
    let output = command.output().expect("the binary can be started");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(panics_in(&said).is_empty(), "{said}");
    said
}

fn latchd(dir: &Path) -> Command {
    let mut command = Program::latchd().command();
    command.current_dir(dir);
    command
}

#[test]
fn a_port_in_use_is_named_and_its_user_is_left_alone() {
    let mut server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("SET k v"), "+OK\r\n");
    let (dir, port) = (TempDir::new(), server.port().to_string());
    let said = refusal(latchd(dir.path()).args(["--bind", "127.0.0.1", "--port", &port]));
    assert!(said.contains(&port), "{said}");
    assert!(said.to_lowercase().contains("in use"), "{said}");
    // All of them reach the first server, so nobody else listens there.
    for _ in 0..32 {
        assert_eq!(Client::connect(server.addr()).ask("GET k"), "$1\r\nv\r\n");
    }
    assert_well(&mut server, &mut client);
}

#[test]
fn a_bad_file_is_refused_with_its_name_and_line() {
    for (line, hint) in [
        ("maxclient 100", "maxclients"), // the nearest name
        ("port seventy", "port"),
        ("port 70000", "port"),
        ("appendonly maybe", "appendonly"),
        ("save \"60", "save"),
        ("maxmemory 1x", "maxmemory"),
        ("databases", "databases"),
    ] {
        let dir = TempDir::new();
        let text = format!("# A comment.\n\n{line}\nport 0\n");
        fs::write(dir.path().join("broken.conf"), text).expect("the directory is ours");
        let said = refusal(latchd(dir.path()).arg("broken.conf"));
        assert!(said.contains("broken.conf") && said.contains("line 3"), "`{line}`: {said}");
        assert!(said.contains(hint), "`{line}`: {said}");
    }
}

#[test]
fn a_bad_command_line_is_refused() {
    let dir = TempDir::new();
    let said = refusal(latchd(dir.path()).args(["--prot", "7000"]));
    assert!(said.contains("prot"), "{said}");
    let said = refusal(latchd(dir.path()).arg("missing.conf"));
    assert!(said.contains("missing.conf"), "{said}");
    let said = refusal(latchd(dir.path()).args(["--dir", "/no/such/folder", "--port", "0"]));
    assert!(said.contains("/no/such/folder"), "{said}");
}

#[test]
fn a_configuration_is_fine_if_its_directory_is() {
    let dir = TempDir::new();
    let output = latchd(dir.path()).arg("--check-config").output().expect("it can be started");
    assert!(output.status.success());
    assert_eq!(output.stdout, b"The configuration is fine.\n");
    let said = refusal(latchd(dir.path()).args(["--dir", "missing", "--check-config"]));
    let missing = dir.path().join("missing");
    assert!(said.contains(&*missing.to_string_lossy()), "{said}");
    fs::write(&missing, "a file").expect("the directory is ours");
    refusal(latchd(dir.path()).args(["--dir", "missing", "--check-config"]));
    let left = fs::read_dir(dir.path()).expect("it is there").count();
    assert_eq!(left, 1, "nothing is left behind but the file");
}

#[test]
fn a_script_is_explained_and_nothing_is_started() {
    let dir = TempDir::new();
    let script = "if redis.call('GET', KEYS[1]) == ARGV[1] then -- ours
        return redis.call('DEL', KEYS[1]) else return 0 end";
    fs::write(dir.path().join("release.lua"), script).expect("the directory is ours");
    let mut command = latchd(dir.path());
    let output = command.args(["--explain-script", "release.lua"]).output();
    let output = output.expect("the binary can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("recognised: by its normal form\nclass: A1\n"), "{said}");
    assert!(said.contains("\ninstead: DELEX key IFEQ value\n"), "{said}");
    assert!(said.contains("release of redis-py 8.1.0"), "{said}");
    let said = refusal(latchd(dir.path()).args(["--explain-script", "missing.lua"]));
    assert!(said.contains("missing.lua"), "{said}");
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    let dir = TempDir::new();
    let said = refusal(latchd(dir.path()).args(["--bind", "192.0.2.1", "--port", "7000"]));
    assert!(said.contains("192.0.2.1"), "{said}");
}

/// For each of the server's workers: the cores that it may use.
#[cfg(target_os = "linux")]
fn cores_of_workers(server: &Server) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).expect("the server runs");
    let statuses = tasks.map(|task| {
        let path = task.expect("an entry of the folder").path().join("status");
        fs::read_to_string(path).expect("workers do not end")
    });
    let workers = statuses.filter(|status| status.starts_with("Name:\tworker-"));
    workers.map(|status| cores_allowed(&status).to_owned()).collect()
}

#[cfg(target_os = "linux")]
fn cores_allowed(status: &str) -> &str {
    let cores = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"));
    cores.expect("the kernel says where a task may run")
}

/// Two servers with few threads must not meet on the first cores while the others are idle.
#[cfg(target_os = "linux")]
#[test]
fn workers_are_pinned_only_if_there_is_one_for_each_core() {
    let own = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let cores = core_affinity::get_core_ids().expect("Linux tells them").len();
    let few = Server::latchd(&["--threads", "1"]);
    assert_eq!(cores_of_workers(&few), [cores_allowed(&own)]);

    let all = Server::latchd(&["--threads", &cores.to_string()]);
    let mut pinned = cores_of_workers(&all);
    pinned.sort();
    pinned.dedup();
    assert_eq!(pinned.len(), cores, "each has one of its own: {pinned:?}");
}
