//! Keys as paths: `{shop}/orders/42` lies below `{shop}/orders`, and that below `{shop}`.
//!
//! Not here: what is held above a lock (`mode.rs`), and whether the parts share a slot.

/// The paths above `key`, the highest first. A slash in the hash tag is a part of the name, and
/// nothing lies above a slash at the beginning.
pub fn above(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let open = key.iter().position(|&byte| byte == b'{');
    let tag = open.and_then(|open| {
        let length = key[open..].iter().position(|&byte| byte == b'}')?;
        Some(open..open + length)
    });
    let is_slash =
        move |at: &usize| key[*at] == b'/' && !tag.as_ref().is_some_and(|tag| tag.contains(at));
    (1..key.len()).filter(is_slash).map(|end| &key[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above_of(key: &str) -> Vec<&str> {
        above(key.as_bytes()).map(|part| std::str::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn every_slash_outside_the_tag_ends_a_path() {
        assert_eq!(above_of("{shop}/orders/42"), ["{shop}", "{shop}/orders"]);
        assert_eq!(above_of("{a/b}/c"), ["{a/b}"]);
        assert_eq!(above_of("{a/b"), ["{a"]);
        assert_eq!(above_of("/a//b/"), ["/a", "/a/", "/a//b"]);
        assert!(above_of("shop").is_empty() && above_of("").is_empty() && above_of("/").is_empty());
    }
}
