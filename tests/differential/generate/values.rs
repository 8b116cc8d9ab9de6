//! The words that arguments are made of: few keys, so that commands meet, and values at the edges.

use super::Dice;

const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
const ODD_KEYS: [&[u8]; 6] = [b"", b"{tag}1", b"\x00\xff", b"two words", b"a*[b]?", b"\r\n"];

/// Texts around the limits of a 64-bit integer, and almost-integers.
const INTEGERS: [&str; 34] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "10",
    "100",
    "9999",
    "10000",
    "-10000",
    "2147483647",
    "2147483648",
    "-2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775806",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775807",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "-0",
    "1.0",
    "1e3",
    "0x10",
    "99999999999999999999999",
];

/// Texts that a C library's number parser takes, or almost.
const FLOATS: [&str; 44] = [
    "0",
    "-0",
    "0.0",
    "1",
    "-1",
    "1.5",
    "-1.5",
    "0.1",
    "0.2",
    "3.0e3",
    "1e3",
    "1E3",
    "1e-3",
    "5.0e-20",
    "1e17",
    "1e18",
    "1e19",
    "1e20",
    "-1e20",
    "1e300",
    "1e400",
    "1e4931",
    "1e4933",
    "1e-400",
    "1e-5000",
    "inf",
    "-inf",
    "+inf",
    "Infinity",
    "nan",
    "-nan",
    "0x1p3",
    "0x10",
    "0xA.8",
    ".5",
    "5.",
    "+5",
    " 1",
    "1 ",
    "1.2.3",
    "1e",
    "3.14159265358979323846264338327950288",
    "123456789012345678901234567890",
    "0.00000000000000000000001",
];

const WRONG_SECONDS: [&str; 15] = [
    "0",
    "-1",
    "-100",
    "9223372036854775",
    "9223372036854776",
    "-9223372036854775",
    "-9223372036854776",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "abc",
    "",
    "1000.5",
    " 1000",
    "+1000",
];

const WRONG_MILLISECONDS: [&str; 11] = [
    "0",
    "-1",
    "-100000",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "abc",
    "",
    "1000000.5",
    " 1000000",
    "+1000000",
];

const ODD_WORDS: [&[u8]; 26] = [
    b"",
    b"0",
    b"-1",
    b"abc",
    b"nx",
    b"XX",
    b"GET",
    b"ex",
    b"KEEPTTL",
    b"LEN",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"1.5",
    b"\xff\xfe",
    b"\x00",
    b"a b",
    b"*",
    b"DB",
    b"MATCH",
    b"WITHSCORES",
    b"HELP",
    b"%s%n",
    b"'",
    b"\"",
    b"\r\n+OK",
];

impl Dice {
    /// A key, mostly one that other requests use too.
    pub(super) fn key(&mut self) -> Vec<u8> {
        if self.one_in(20) {
            self.pick(&ODD_KEYS).to_vec()
        } else {
            self.pick(&KEYS).as_bytes().to_vec()
        }
    }

    /// One to `most` keys, the same one possibly again.
    pub(super) fn keys(&mut self, most: usize) -> Vec<Vec<u8>> {
        (0..self.rng.usize(1..=most)).map(|_| self.key()).collect()
    }

    /// A string value: integer, float, empty, binary, around 44 bytes (where Redis changes the
    /// encoding), or long, but not so long that LCS of two of them takes seconds.
    pub(super) fn value(&mut self) -> Vec<u8> {
        match self.rng.u32(..12) {
            0..=3 => self.integer(),
            4 => self.float(),
            5 => Vec::new(),
            6 => (0..self.rng.usize(1..12)).map(|_| self.rng.u8(..)).collect(),
            7 => vec![b'x'; self.rng.usize(42..48)],
            8 => vec![b'y'; self.rng.usize(200..1500)],
            _ => (0..self.rng.usize(1..10)).map(|_| self.rng.u8(b'a'..=b'e')).collect(),
        }
    }

    pub(super) fn integer(&mut self) -> Vec<u8> {
        match self.rng.u32(..4) {
            0 => self.rng.i64(..).to_string().into_bytes(),
            1 => self.rng.i64(-200..200).to_string().into_bytes(),
            _ => self.pick(&INTEGERS).as_bytes().to_vec(),
        }
    }

    pub(super) fn float(&mut self) -> Vec<u8> {
        match self.rng.u32(..5) {
            0 => format!("{}", self.rng.f64() * 1000.0).into_bytes(),
            1 => format!("{}.{}", self.rng.i32(-999..999), self.rng.u32(..)).into_bytes(),
            2 => format!("{}e{}", self.rng.i32(-99..99), self.rng.i32(-25..25)).into_bytes(),
            _ => self.pick(&FLOATS).as_bytes().to_vec(),
        }
    }

    /// A position in a string: near both of its ends, or far beyond.
    pub(super) fn position(&mut self) -> Vec<u8> {
        match self.rng.u32(..10) {
            0 => self.integer(),
            _ => self.rng.i64(-12..60).to_string().into_bytes(),
        }
    }

    /// A database index, mostly one that exists.
    pub(super) fn database(&mut self) -> Vec<u8> {
        if self.one_in(12) {
            return self
                .pick(&["16", "-1", "abc", "", "9223372036854775807", "4294967296", "1.0"])
                .into();
        }
        self.pick(&["0", "0", "0", "1", "1", "2", "15"]).into()
    }

    /// A time to live in seconds that is long, wrong, or over at once. No long one comes twice:
    /// whether the same one a moment later is greater (GT) depends on the machine. 9223372036854775
    /// seconds are the most that are still a number of milliseconds.
    pub(super) fn seconds(&mut self) -> Vec<u8> {
        match self.rng.u32(..6) {
            0..=2 => self.rng.u32(1000..1_000_000).to_string().into_bytes(),
            3 => (9_223_370_000_000_000 - self.rng.u64(..1 << 40)).to_string().into_bytes(),
            _ => self.pick(&WRONG_SECONDS).into(),
        }
    }

    /// The same in milliseconds.
    pub(super) fn milliseconds(&mut self) -> Vec<u8> {
        match self.rng.u32(..6) {
            0..=2 => self.rng.u32(1_000_000..1_000_000_000).to_string().into_bytes(),
            3 => (9_223_370_000_000_000_000 - self.rng.u64(..1 << 50)).to_string().into_bytes(),
            _ => self.pick(&WRONG_MILLISECONDS).into(),
        }
    }

    /// A Unix time in seconds: far ahead, long past, or wrong.
    pub(super) fn unix_seconds(&mut self) -> Vec<u8> {
        self.pick(&[
            "4102444800",
            "33177117420",
            "4102444800",
            "33177117420",
            "1",
            "1500000000",
            "0",
            "-1",
            "-1500000000",
            "9223372036854775",
            "9223372036854776",
            "-9223372036854776",
            "9223372036854775807",
            "-9223372036854775808",
            "abc",
            "",
            "1.5",
            " 1",
        ])
        .into()
    }

    /// The same in milliseconds.
    pub(super) fn unix_milliseconds(&mut self) -> Vec<u8> {
        self.pick(&[
            "4102444800000",
            "33177117420123",
            "4102444800999",
            "4102444800500",
            "1",
            "1500000000000",
            "0",
            "-1",
            "-1500000000000",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "abc",
            "",
            "1.5",
            " 1",
        ])
        .into()
    }

    /// An expiry option with its argument, by any of its four names.
    pub(super) fn expiry_option(&mut self) -> Vec<Vec<u8>> {
        let (name, time) = match self.rng.u32(..4) {
            0 => ("EX", self.seconds()),
            1 => ("PX", self.milliseconds()),
            2 => ("EXAT", self.unix_seconds()),
            _ => ("PXAT", self.unix_milliseconds()),
        };
        vec![name.into(), time]
    }

    /// A glob pattern.
    pub(super) fn pattern(&mut self) -> Vec<u8> {
        self.pick(&[
            "*",
            "*",
            "?",
            "a",
            "[a-c]",
            "[^a]",
            "[c-a]",
            "[a",
            "[",
            "\\a",
            "\\",
            "**",
            "?*",
            "",
            "{tag}*",
            "[\\a]",
            "a\\*\\[b\\]\\?",
            "[]",
            "[^]",
            "*a*",
            "[a-]",
            "x[",
        ])
        .into()
    }

    /// A word that is rarely right anywhere, and never a short time to live.
    pub(super) fn odd_word(&mut self) -> Vec<u8> {
        self.pick(&ODD_WORDS).to_vec()
    }
}
