//! Blocks of a case file that stand for many: every combination of some words.
//!
//! ```text
//! with> CONDITION = | NX | XX
//! with> TIME = EX 100 | KEEPTTL
//! SET k v $CONDITION $TIME
//! PTTL k
//! end>
//! ```
//! Not here: what the lines mean (`sequence.rs`).

/// A line and its number in the file.
pub type Numbered = (usize, String);

/// A name and the words that it stands for in turn.
type Choice = (String, Vec<String>);

/// All lines of a file, blocks written out.
///
/// # Errors
/// The line that does not fit, and why.
pub fn expand(text: &str) -> Result<Vec<Numbered>, String> {
    let mut out = Vec::new();
    let mut choices: Vec<Choice> = Vec::new();
    let mut body: Vec<Numbered> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(choice) = line.strip_prefix("with> ") {
            if !body.is_empty() {
                return Err(format!("line {number}: the block before has no end"));
            }
            let (name, words) = choice.split_once('=').ok_or(format!("line {number}: no ="))?;
            let words = words.split(" | ").map(|word| word.trim().to_owned()).collect();
            choices.push((format!("${}", name.trim()), words));
        } else if line == "end>" {
            write_out(&choices, &body, &mut out);
            choices.clear();
            body.clear();
        } else if choices.is_empty() {
            out.push((number, line.to_owned()));
        } else {
            body.push((number, line.to_owned()));
        }
    }
    if choices.is_empty() { Ok(out) } else { Err("the last block has no end".into()) }
}

/// The body once for every combination, the last choice changing fastest.
fn write_out(choices: &[Choice], body: &[Numbered], out: &mut Vec<Numbered>) {
    let Some(((name, words), rest)) = choices.split_first() else {
        out.extend_from_slice(body);
        return;
    };
    for word in words {
        let replaced: Vec<Numbered> =
            body.iter().map(|(number, line)| (*number, line.replace(name, word))).collect();
        write_out(rest, &replaced, out);
    }
}

#[test]
fn a_block_is_written_out_for_every_combination() {
    let text = "A\nwith> X = | NX\nwith> T = EX 1 | PX 2\nSET $X $T\nGET\nend>\nB";
    let lines: Vec<String> = expand(text).unwrap().into_iter().map(|(_, line)| line).collect();
    let block =
        ["SET  EX 1", "GET", "SET  PX 2", "GET", "SET NX EX 1", "GET", "SET NX PX 2", "GET"];
    assert_eq!(lines, [&["A"][..], &block, &["B"]].concat());
    assert!(expand("with> X = a\nGET").is_err());
}
