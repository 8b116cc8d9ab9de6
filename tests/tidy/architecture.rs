//! `docs/ARCHITECTURE.md` against the code: its table of layers and its map of the folders.

use crate::layers::{Allowed, LAYERS};
use crate::{names_in, root};
use std::fs;

/// Names in back quotes of each row of the table that begins with `head`, a list for each cell.
fn table(document: &str, head: &str) -> Vec<Vec<Vec<String>>> {
    let (_, rest) = document.split_once(head).unwrap_or_else(|| panic!("no table `{head}`"));
    let rows = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| row.split('|').skip(1).map(names).collect()).collect()
}

fn document() -> String {
    fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the document is there")
}

#[test]
fn the_documents_table_of_layers_is_the_one_that_is_enforced() {
    let document = document();
    let written = table(&document, "| Layer | May import |");
    assert_eq!(written.len(), LAYERS.len(), "as many layers");
    for ((layer, allowed), row) in LAYERS.iter().zip(written) {
        assert_eq!(row[0], [*layer]);
        match allowed {
            Allowed::These(names) => assert_eq!(row[1], *names, "what {layer} may import"),
            Allowed::EverythingAbove => {
                assert!(document.contains(&format!("| `{layer}` | everything above |")));
            }
        }
    }
}

#[test]
fn the_map_has_every_folder_of_the_code() {
    let map = table(&document(), "| Folder | Holds | Never holds |");
    let mut written: Vec<String> = map.into_iter().flat_map(|row| row[0].clone()).collect();
    written.sort();
    let source = root().join("src");
    let folders = names_in(&source).filter(|name| !name.contains('.'));
    let mut there: Vec<String> = folders.map(|name| format!("src/{name}/")).collect();
    there.sort();
    assert_eq!(written, there);
}

#[test]
fn a_table_is_read_by_its_cells() {
    let text = "x\n| A | B |\n|---|---|\n| `a` | `b` and `c` |\n| `d` | none |\n\n| `e` |\n";
    let name = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let rows = table(text, "| A | B |");
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0][0], &rows[0][1]), (&name(&["a"]), &name(&["b", "c"])));
    assert_eq!((&rows[1][0], &rows[1][1]), (&name(&["d"]), &name(&[])));
}
