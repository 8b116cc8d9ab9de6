//! Tests of the normal form: what it leaves out, and that it leaves out nothing else.

use super::*;
use proptest::prelude::*;

fn normal(script: &str) -> String {
    normal_form(script.as_bytes()).unwrap_or_else(|| panic!("no normal form: {script}"))
}

#[track_caller]
fn same(left: &str, right: &str) {
    assert_eq!(normal(left), normal(right), "{left}\n{right}");
}

#[track_caller]
fn different(left: &str, right: &str) {
    assert_ne!(normal(left), normal(right), "{left}\n{right}");
}

#[test]
fn the_normal_form_of_a_release_can_be_read() {
    let script = "-- release\nlocal v = redis.call( 'GET', KEYS[1] );\nif (v == ARGV[01]) then\n\
                  return server.call([[Del]], KEYS[0x1]); end; return 0;";
    assert_eq!(
        normal(script),
        "local local0 = redis . call ( \"get\" , KEYS [ 1 ] ) if local0 == ARGV [ 1 ] then \
         return redis . call ( \"del\" , KEYS [ 1 ] ) end return 0"
    );
}

#[test]
fn local_names_do_not_matter() {
    same("local a, b = 1, 2 return a", "local x, y = 1, 2 return x");
    same(
        "local function f(a) return a end return f(1)",
        "local function g(b) return b end return g(1)",
    );
    same(
        "for i, k in ipairs(KEYS) do redis.call('del', k) end",
        "for _, v in ipairs(KEYS) do redis.call('del', v) end",
    );
    different("local a, b = 1, 2 return a", "local a, b = 1, 2 return b");
    different("local a = 1 do local b = 2 return a end", "local a = 1 do local a = 2 return a end");
}

#[test]
fn names_that_mean_something_to_others_stay() {
    different("return foo", "return bar");
    different("local a = {x = 1} return a.x", "local a = {y = 1} return a.y");
    different("local x = 1 return {x = x}", "local y = 1 return {y = y}");
    same("local x = 1 return {k = x}", "local y = 1 return {k = y}");
    different("local s = 'a' return s:rep(2)", "local s = 'a' return s:len(2)");
    // A name of Lua's own may be meant on the right: renaming would hide which one it is.
    different("local next = tostring(next) return next", "local type = tostring(type) return type");
    different(
        "local x = {} function x:f() return self end",
        "local x = {} local self = 1 function x:f() return self end",
    );
    assert_eq!(normal_form(b"local redis = 1 return redis.call('get', 'k')"), None);
    assert_eq!(normal_form(b"local a = 1 return local0"), None, "which is which?");
}

#[test]
fn only_command_names_lose_their_case() {
    same("return redis.call('GET', 'k')", "return redis.call('get', 'k')");
    same("return redis.pcall('GET', 'k')", "return redis.pcall('get', 'k')");
    different("return redis.call('get', 'K')", "return redis.call('get', 'k')");
    different("return redis.call('get', 'k')", "return redis.pcall('get', 'k')");
    different("return redis.status_reply('OK')", "return redis.status_reply('ok')");
    different("return x.call('GET')", "return x.call('get')");
}

#[test]
fn parentheses_go_where_they_change_nothing() {
    for (with, without) in [
        ("if (a == 1) then return (1) end", "if a == 1 then return 1 end"),
        ("if ((a == 1)) then return 1 end", "if a == 1 then return 1 end"),
        ("return (a == 1) and b or 0", "return a == 1 and b or 0"),
        (
            "if (a == 1 and b == 2) or c then return end",
            "if a == 1 and b == 2 or c then return end",
        ),
        ("return f((a), (b + 1))", "return f(a, b + 1)"),
        ("return {(1), [(2)] = (a.b)}", "return {1, [2] = a.b}"),
        ("if (f(1)) then return end", "if f(1) then return end"),
        ("return (f(1)) == 2", "return f(1) == 2"),
        ("return not (a)", "return not a"),
        ("return (a * b) + c", "return a * b + c"),
        (
            "return a and (function() return (x or y) end) or 1",
            "return a and function() return x or y end or 1",
        ),
    ] {
        same(with, without);
    }
    for (with, without) in [
        ("return (a or b) and c", "return a or b and c"),
        ("return a and (b or c)", "return a and b or c"),
        ("return not (a == b)", "return not a == b"),
        ("return (a + b) * c", "return a + b * c"),
        ("return a - (b - c)", "return a - b - c"),
        ("return (-a) ^ 2", "return -a ^ 2"),
        ("return (f())", "return f()"),
        ("return {(f())}", "return {f()}"),
        ("return (...)", "return ..."),
        ("return ('x'):rep(2)", "return 'x':rep(2)"),
        ("return (a .. b) .. c", "return a .. b .. c"),
    ] {
        different(with, without);
    }
}

#[test]
fn separators_go_where_they_change_nothing() {
    same("local a = 1; return a;", "local a = 1 return a");
    same("return {1; 2;}", "return {1, 2}");
    different("f(); (g or h)()", "f() (g or h)()");
    different("return {1, 2}", "return {1 2}");
}

#[test]
fn spellings_of_strings_and_numbers_do_not_matter() {
    same(r#"return "a\"b""#, r#"return 'a"b'"#);
    same("return [[a]]", r"return '\097'");
    same("return 16", "return 0x10");
    same("return 1e3", "return 1000.0");
    different("return 1", "return '1'");
    different("return 'a b'", "return 'ab'");
}

#[test]
fn a_text_that_is_too_long_or_torn_has_none() {
    let long = |bytes: usize| format!("return 1{}", " ".repeat(bytes - 8));
    assert!(normal_form(long(SCRIPT_BYTES_MAX).as_bytes()).is_some());
    assert_eq!(normal_form(long(SCRIPT_BYTES_MAX + 1).as_bytes()), None);
    for torn in ["return (1", "end", "if a then", "return {1)", "return 'a", "return 1]"] {
        assert_eq!(normal_form(torn.as_bytes()), None, "{torn}");
    }
}

/// Words, so that texts come near to programs.
const WORDS: [&str; 44] = [
    "local", "a", "b", "c", "redis", "server", ".", "call", "(", ")", "'GET'", "\"get\"", "KEYS",
    "[", "1", "]", "ARGV", "==", "~=", "=", "if", "then", "else", "end", "return", "for", "in",
    "do", "function", "{", "}", ",", ";", "not", "and", "or", "-", "^", "..", "...", "0x1",
    "[[x]]", "local0", "repeat",
];

fn program() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(WORDS.as_slice()), 0..40)
}

/// An expression of names, operators and pairs of parentheses.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "b", "1", "'x'", "f(a)", "a.b", "..."]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 40, 2, |inner| {
        let operators = vec!["and", "or", "==", "~=", "..", "+", "-", "*", "^"];
        prop_oneof![
            (inner.clone(), prop::sample::select(operators), inner.clone())
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.prop_map(|inner| format!("not {inner}")),
        ]
    })
}

#[test]
fn words_in_an_order_that_lua_refuses_have_no_normal_form() {
    for nonsense in ["for ; a", "== ( ; local )"] {
        assert_eq!(normal_form(nonsense.as_bytes()), None, "{nonsense}");
    }
}

proptest! {
    #[test]
    fn the_normal_form_is_its_own(words in program()) {
        if let Some(normal) = normal_form(words.join(" ").as_bytes()) {
            prop_assert_eq!(normal_form(normal.as_bytes()), Some(normal));
        }
    }

    #[test]
    fn the_normal_form_of_an_expression_is_its_own(expression in expression()) {
        let normal = normal_form(format!("return {expression}").as_bytes());
        let normal = normal.expect("an expression has words of Lua only");
        prop_assert_eq!(normal_form(normal.as_bytes()), Some(normal));
    }

    #[test]
    fn blanks_and_comments_do_not_matter(
        words in program(),
        blanks in prop::collection::vec(
            prop::sample::select(vec!["\n", "\t ", "--x\n", "--[[\n'\n]]", "--[=[]]]=]\r\n"]), 41),
    ) {
        let mut spaced = String::new();
        for (word, blank) in words.iter().zip(&blanks) {
            spaced.extend([word, " ", *blank]);
        }
        prop_assert_eq!(normal_form(words.join(" ").as_bytes()), normal_form(spaced.as_bytes()));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = normal_form(&bytes);
    }
}
