//! Values drawn as columns of ASCII characters, with a label written downwards under each.
//!
//! The same picture as Redis's `LATENCY GRAPH` draws.

/// Columns of one block; more values go on in a block below.
pub const COLUMNS: usize = 80;
/// Rows of the picture above the labels.
const ROWS: usize = 4;
/// The top of a column, from low to high within one row.
const TOPS: [u8; 3] = *b"_o#";
/// What a column is made of below its top.
const TRUNK: u8 = b'|';
/// Heights that can be told apart.
const STEPS: usize = TOPS.len() * ROWS;

/// A value and what is written under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The height.
    pub value: u64,
    /// ASCII text.
    pub label: String,
}

/// Appends the picture of `samples` to `out`, scaled between their least and greatest value.
pub fn draw(samples: &[Sample], out: &mut String) {
    let values = || samples.iter().map(|sample| sample.value);
    let (Some(low), Some(high)) = (values().min(), values().max()) else { return };
    // All alike are drawn low, as in Redis.
    let range = (high - low).max(1);
    for (at, block) in samples.chunks(COLUMNS).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for row in (0..ROWS).rev() {
            draw_line(block, out, |sample| {
                let step = u128::from(sample.value - low) * STEPS as u128 / u128::from(range);
                column_at(row, STEPS.min(step as usize + 1) - 1)
            });
        }
        draw_line(block, out, |_| b' ');
        let label_len_max = block.iter().map(|sample| sample.label.len()).max().unwrap_or(0);
        for at in 0..label_len_max {
            draw_line(block, out, |sample| {
                sample.label.as_bytes().get(at).copied().unwrap_or(b' ')
            });
        }
    }
}

/// What a column that ends at `step` shows in `row`, counted from the bottom.
const fn column_at(row: usize, step: usize) -> u8 {
    let row_starts = row * TOPS.len();
    match step.checked_sub(row_starts) {
        None => b' ',
        Some(above) if above < TOPS.len() => TOPS[above],
        Some(_) => TRUNK,
    }
}

fn draw_line(block: &[Sample], out: &mut String, letter: impl Fn(&Sample) -> u8) {
    out.extend(block.iter().map(|sample| char::from(letter(sample))));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(samples: &[(u64, &str)]) -> String {
        let samples: Vec<_> = samples
            .iter()
            .map(|&(value, label)| Sample { value, label: label.to_owned() })
            .collect();
        let mut out = String::new();
        draw(&samples, &mut out);
        out
    }

    #[test]
    fn the_picture_is_the_one_that_redis_draws() {
        // Two pictures from redis-server 7.0.15.
        let three = drawn(&[(300, "2s"), (700, "1s"), (1200, "0s")]);
        assert_eq!(three, "  #\n  |\n #|\n_||\n   \n210\nsss\n");
        let six =
            drawn(&[(30, "7s"), (20, "6s"), (100, "4s"), (300, "3s"), (5, "2s"), (200, "1s")]);
        assert_eq!(six, "   #  \n   | o\n  _| |\no_||_|\n      \n764321\nssssss\n");
    }

    #[test]
    fn values_that_are_all_alike_are_drawn_low() {
        assert_eq!(drawn(&[(7, "10m"), (7, "")]), "  \n  \n  \n__\n  \n1 \n0 \nm \n");
        assert_eq!(drawn(&[]), "");
    }

    #[test]
    fn more_than_80_values_go_on_below() {
        let picture = drawn(&[(1, "1s"); 81]);
        let lines: Vec<&str> = picture.lines().collect();
        assert_eq!((lines.len(), lines[3].len(), lines[7], lines[11]), (15, 80, "", "_"));
    }
}
