//! Planted mistakes: each rule finds its own, and leaves its nearest innocent neighbour alone.

use crate::layers::{Allowed, LAYERS};
use crate::rules::{COLUMNS_MAX, FILE_LINES_MAX, FUNCTION_LINES_MAX};
use crate::source::Source;
use crate::{is_stray, judge};

/// What the rules say about `body` in a file at `path` that is otherwise in order.
fn said(path: &str, body: &str) -> String {
    judge(&Source::new(path, &format!("//! A sentence.\n{body}\n"))).join("\n")
}

#[track_caller]
fn finds(path: &str, body: &str, complaint: &str) {
    let said = said(path, body);
    assert!(said.contains(complaint), "expected `{complaint}`, got `{said}`");
}

#[track_caller]
fn accepts(path: &str, body: &str) {
    assert_eq!(said(path, body), "");
}

#[test]
fn a_layer_imports_only_from_below() {
    finds("src/base/a.rs", "use crate::resp::Reply;", "base may not import resp");
    finds("src/config/a.rs", "use crate::observe::Log;", "config may not import observe");
    finds("src/observe/a.rs", "use crate::config::Log;", "observe may not import config");
    finds("src/keyspace/a.rs", "fn a() { crate::command::run() }", "keyspace may not import comm");
    finds("src/server/a.rs", "use crate::net::Listener;", "server may not import net");
    finds("src/types/a.rs", "use crate::{base::Mono, coord::Lock};", "types may not import coord");
    finds("src/types/a.rs", "use crate::{\n base::{Mono, Wall},\n net\n};", "not import net");
    accepts("src/keyspace/a.rs", "use crate::{base::{Mono, Wall}, coord::Lock, keyspace::Slot};");
    accepts("src/server/a.rs", "use crate::command::{self, Table};\n// crate::net is above");
    accepts("src/runtime/a.rs", "use crate::net::Listener;");
}

#[test]
fn the_binary_imports_only_runtime_and_config() {
    finds("src/main.rs", "use latchd::server::Session;", "main.rs may not import server");
    accepts("src/main.rs", "use latchd::{config::Settings, runtime};");
}

#[test]
fn a_folder_without_a_place_in_the_table_is_found() {
    finds("src/misc/a.rs", "", "not in the table of layers");
}

#[test]
fn climbing_by_super_does_not_hide_an_import() {
    finds("src/base/a.rs", "use super::super::net::Listener;", "write `crate::`");
    finds("src/base/mod.rs", "use super::net::Listener;", "write `crate::`");
    finds("src/base/a/b.rs", "use super::super::super::net::Listener;", "b.rs:2: write `crate::`");
    finds("src/base/a.rs", "mod b {\n    use super::super::super::net::Listener;\n}", "`crate::`");
    accepts("src/base/a.rs", "use super::time::Mono;");
    accepts("src/base/a/b.rs", "use super::super::time::Mono;");
    accepts("src/base/a/mod.rs", "use super::time::Mono;");
    accepts("src/base/a.rs", "mod b {}\n#[cfg(test)]\nmod tests {\n    use super::super::Mono;\n}");
    accepts("src/base/mod.rs", "#[cfg(test)]\nmod tests {\n    use super::Mono;\n}");
}

#[test]
fn the_table_of_layers_has_no_circle() {
    for (index, (layer, allowed)) in LAYERS.iter().enumerate() {
        let Allowed::These(names) = allowed else { continue };
        for name in *names {
            let above = LAYERS[..index].iter().any(|(upper, _)| upper == name);
            assert!(above, "{layer} imports {name}, which does not stand above it in the table");
        }
    }
}

#[test]
fn a_file_has_six_hundred_lines() {
    accepts("src/base/a.rs", &"\n".repeat(FILE_LINES_MAX - 2));
    finds("src/base/a.rs", &"\n".repeat(FILE_LINES_MAX - 1), "601 lines");
    finds("tests/golden.rs", &"\n".repeat(FILE_LINES_MAX), "602 lines");
}

#[test]
fn a_line_has_a_hundred_columns() {
    accepts("src/base/a.rs", &format!("// {}", "ü".repeat(COLUMNS_MAX - 3)));
    finds("src/base/a.rs", &format!("// {}", "ü".repeat(COLUMNS_MAX - 2)), "101 columns");
    finds("tests/clients/a.py", &"#".repeat(101), "101 columns");
}

#[test]
fn a_function_has_seventy_lines_of_code() {
    let function = |lines: usize| {
        let body = "    let brace = \"}\"; // one line of code\n".repeat(lines);
        format!("fn a(b: [u8; 2])\nwhere\n    u8: Copy,\n{{\n    // why\n\n{body}}}\nfn c() {{}}")
    };
    accepts("src/base/a.rs", &function(FUNCTION_LINES_MAX));
    finds("src/base/a.rs", &function(FUNCTION_LINES_MAX + 1), "a.rs:2: `a` has 71 lines");
    accepts("src/base/a.rs", &format!("trait T {{ fn a(); }}\n{}", "// b\n".repeat(80)));
    accepts("src/base/a.rs", "type Run = fn(u8) -> u8;");
}

#[test]
fn a_file_opens_with_a_sentence() {
    let opening = |text| judge(&Source::new("src/base/a.rs", text)).join("\n");
    assert!(opening("use std::fmt;\n").contains("opens with"));
    assert!(opening("//!\n//! Late.\n").contains("opens with"));
    assert!(opening("//! No sentence\n").contains("opens with"));
    assert_eq!(opening("//! Over two\n//! lines.\n//!\n//! And more\n"), "");
}

#[test]
fn unsafe_is_explained_at_the_top() {
    finds("src/net/a.rs", "fn a() {\n    unsafe { b() }\n}", "a.rs:3: `unsafe`");
    accepts(
        "src/net/a.rs",
        "//! It is unsafe because the kernel fills the buffer.\nunsafe fn a() {}",
    );
    accepts("src/net/a.rs", "#![deny(unsafe_op_in_unsafe_fn)] // nothing unsafe\nfn a() {}");
}

#[test]
fn unwrap_is_for_tests() {
    finds("src/base/a.rs", "fn a() { b().unwrap(); }", "`unwrap` in the server");
    finds("src/base/a.rs", "#[cfg(test)]\nuse b;\nfn a() { b().unwrap(); }", "a.rs:4: `unwrap`");
    accepts("src/base/a.rs", "fn a() { b().unwrap_or(1); c(\".unwrap()\"); } // .unwrap()");
    accepts("src/base/a.rs", "#[cfg(test)]\nmod tests {\n    fn a() { b().unwrap(); }\n}");
    accepts("src/base/tests.rs", "fn a() { b().unwrap(); }");
    accepts("tests/a.rs", "fn a() { b().unwrap(); }");
}

#[test]
fn the_outside_world_enters_through_runtime() {
    for body in [
        "fn a() { Instant::now(); }",
        "fn a() { std::time::SystemTime::now(); }",
        "fn a() { thread::spawn(b); }",
        "use std::fs;",
        "use std::{fs, io};\nfn a() { fs::read(b); }",
        "fn a() { tokio::fs::read(b); }",
    ] {
        finds("src/config/a.rs", body, "outside src/runtime");
        accepts("src/runtime/a.rs", body);
        accepts("src/main.rs", body);
        accepts("tests/a.rs", body);
    }
    accepts("src/config/a.rs", "/* Instant::now */ fn a() { buffers::with(now); }");
}

#[test]
fn what_is_not_finished_is_found() {
    finds("src/base/a.rs", "fn a() { todo!() }", "`todo!`");
    finds("src/base/a.rs", "fn a() { unimplemented!() }", "`unimplemented!`");
    finds("tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}", "a.rs:3: a test that does not");
    finds("tests/a.py", concat!("# FIX", "ME later"), "finish it");
    finds("src/base/a.rs", concat!("// TO", "DO: later"), "finish it");
    accepts("src/base/a.rs", "fn a() { b(\"todo!()\"); ignore(c); }");
}

#[test]
fn tests_do_not_sleep() {
    finds("tests/a.rs", "fn a() { std::thread::sleep(b); }", "a test that sleeps");
    finds("src/net/a.rs", "#[cfg(test)]\nmod tests { fn a() { sleep(b) } }", "a test that sleeps");
    accepts("tests/a.rs", "fn a() { send(\"DEBUG SLEEP 1 sleep(1)\"); no_sleep(); }");
}

#[test]
fn names_are_nouns_of_the_field() {
    finds("src/server/connection_manager.rs", "", "`manager` in a file's name");
    finds("src/base/utils.rs", "", "`util` in a file's name");
    finds("tests/helpers/mod.rs", "", "`helper` in a file's name");
    accepts("src/server/session.rs", "");
}

#[test]
fn the_top_level_is_a_list() {
    let ignored = "/target\n/.check\nnode.state\n";
    assert!(is_stray("notes.txt", ignored));
    assert!(is_stray("scripts", ignored));
    for name in ["src", "Cargo.toml", ".ci", "LICENSE-MIT", "target", "node.state"] {
        assert!(!is_stray(name, ignored), "{name}");
    }
}

#[test]
fn literals_and_comments_are_not_code() {
    let text = r##"let a = 'u'; let b: &'static str = r#"fn " unsafe"#; /* a /* b */ unsafe */
let c = b"\"unsafe"; let d = '\''; let e = '"'; let f = br"unsafe"; // unsafe"##;
    let source = Source::new("src/base/a.rs", text);
    assert_eq!(source.words("unsafe").count(), 0, "{}", source.code);
    assert_eq!(source.words("let").count(), 6, "{}", source.code);
    assert_eq!(source.code.len(), text.len());
    assert!(source.code.contains("&'static str"), "a lifetime is not a literal");
}
