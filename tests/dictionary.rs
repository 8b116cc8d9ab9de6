//! `fuzz/command.dict`: names and options of all commands as libFuzzer reads them, fresh from the
//! rows.
//!
//! `UPDATE_GOLDEN=1 cargo test --test dictionary` writes it.

use latchd::command::table::table;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const UPDATE: &str = "UPDATE_GOLDEN";
const PATH: &str = "fuzz/command.dict";
const HEAD: &str = "\
# What the fuzz targets put into requests: beginnings of requests, and options. Generated from the
# rows of the commands: UPDATE_GOLDEN=1 cargo test --test dictionary
";
/// Pieces of the protocol that no row has.
const PROTOCOL: [&str; 8] = [
    "\r\n",
    "*1\r\n",
    "*2\r\n",
    "$0\r\n\r\n",
    "$1\r\na\r\n",
    "$1\r\n1\r\n",
    "$-1\r\n",
    "\"\\x00\"",
];

/// The beginning of a request with the number of words that its row asks for.
fn beginnings() -> impl Iterator<Item = String> {
    table().commands().iter().map(|command| {
        let mut text = format!("*{}\r\n", command.spec.arity.unsigned_abs());
        for name in command.full_name.split('|') {
            text.push_str(&format!("${}\r\n{name}\r\n", name.len()));
        }
        text
    })
}

/// The words in capitals of all syntaxes, each as an argument.
fn options() -> BTreeSet<String> {
    let words = |syntax: &'static str| syntax.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_option =
        |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let options = table().commands().iter().flat_map(|command| words(command.spec.syntax));
    options.filter(is_option).map(|word| format!("${}\r\n{word}\r\n", word.len())).collect()
}

/// An entry: quoted, and everything escaped that libFuzzer would stumble over.
fn entry(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    format!("\"{}\"\n", text.bytes().map(byte).collect::<String>())
}

#[test]
fn the_dictionary_of_the_fuzz_targets_is_what_the_rows_say() {
    let pieces = PROTOCOL.into_iter().map(str::to_owned);
    let entries = pieces.chain(beginnings()).chain(options());
    let fresh = HEAD.to_owned() + &entries.map(|text| entry(&text)).collect::<String>();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == fresh, "{PATH} is out of date: {UPDATE}=1 cargo test --test dictionary");
}
