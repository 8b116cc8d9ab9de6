//! One key and its value in one heap block behind a thin pointer, so that a small key costs one
//! allocation.
//!
//! Uses `unsafe` because the block's layout is chosen at run time: header, optional timer, key,
//! value, with no padding between them. Everything unsafe stays in this file, and `Entry` owns its
//! block. Not here: where entries live (`table`), and when they change (`edit`).
//! Invariant: `layout()` computed from the header is always the layout the block was allocated
//! with.

use crate::base::time::Mono;
use crate::keyspace::access::Access;
use crate::keyspace::collection::Collection;
use crate::keyspace::primitive::Primitive;
use crate::keyspace::value::{
    FORM_COLLECTION, FORM_HEAP, FORM_INLINE, FORM_INT, FORM_MASK, FORM_PRIMITIVE, NewValue, Stored,
    Text, Value,
};
use crate::keyspace::wheel::TimerId;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};

/// A key of this length or more stores its length in eight extra bytes.
const LONG_KEY: usize = u16::MAX as usize;
const HEADER_BYTES: usize = 8;
const TIMER_BYTES: usize = 12;
const LONG_BYTES: usize = 8;
const BLOCK_ALIGN: usize = 8;
/// Blocks are rounded up to this, so that a value may change its length a little and stay in place.
const BLOCK_ROUND: usize = 16;

const _: () = assert!(size_of::<Header>() == HEADER_BYTES);
const _: () =
    assert!(size_of::<Option<Entry>>() == size_of::<usize>(), "a table cell is a pointer");

const HAS_TIMER: u8 = 0b1000;

const _: () = assert!(HAS_TIMER & FORM_MASK == 0, "a form and a timer are told apart");

#[derive(Clone, Copy)]
#[repr(C)]
struct Header {
    kind: u8,
    access: [u8; 3],
    key_len: u16,
    /// Length of an inline value; unused by the other forms.
    value_len: u16,
}

/// When an entry ends, and which timer of the shard's wheel says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The instant from which the key is gone.
    pub deadline: Mono,
    /// The wheel's name for it.
    pub id: TimerId,
}

/// An owned entry. Dropping it frees the block and the value.
#[derive(Debug)]
pub struct Entry(NonNull<u8>);

// SAFETY: an entry owns its block and has no interior mutability; it moves between threads with its
// shard.
unsafe impl Send for Entry {}
// SAFETY: as above; `&Entry` only reads.
unsafe impl Sync for Entry {}

/// The layout of a block whose parts add up to `bytes`.
const fn block_layout(bytes: usize) -> Layout {
    let rounded = bytes.next_multiple_of(BLOCK_ROUND);
    // Only an allocation beyond the address space could overflow, and key lengths are limited long
    // before.
    match Layout::from_size_align(rounded, BLOCK_ALIGN) {
        Ok(layout) => layout,
        Err(_) => panic!("an entry is smaller than the address space"),
    }
}

const fn block_bytes(kind: u8, key_len: usize, inline_len: usize) -> usize {
    let timer = if kind & HAS_TIMER != 0 { TIMER_BYTES } else { 0 };
    let long = if key_len >= LONG_KEY { LONG_BYTES } else { 0 };
    let value = if kind & FORM_MASK == FORM_INLINE { inline_len } else { 8 };
    HEADER_BYTES + timer + long + key_len + value
}

impl Entry {
    /// A new entry.
    #[must_use]
    pub fn new(key: &[u8], value: NewValue<'_>, timer: Option<Timer>, access: Access) -> Self {
        Self::build(key, value.into(), timer, access)
    }

    fn build(key: &[u8], value: Stored<'_>, timer: Option<Timer>, access: Access) -> Self {
        let kind = value.form() | if timer.is_some() { HAS_TIMER } else { 0 };
        let layout = block_layout(block_bytes(kind, key.len(), value.inline_len()));
        // SAFETY: the layout is never empty: a header is 8 bytes.
        let block = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        let header = Header {
            kind,
            access: access.0,
            key_len: key.len().min(LONG_KEY) as u16,
            value_len: value.inline_len() as u16,
        };
        // SAFETY: the block is aligned for a header and `layout` holds all parts written below.
        unsafe {
            block.cast::<Header>().write(header);
            if key.len() >= LONG_KEY {
                block.add(Self::long_at(kind)).cast::<usize>().write_unaligned(key.len());
            }
        }
        let mut entry = Self(block);
        if let Some(timer) = timer {
            entry.write_timer(timer);
        }
        // SAFETY: the key's place lies inside the block and `key` cannot overlap a fresh block.
        unsafe {
            ptr::copy_nonoverlapping(key.as_ptr(), block.add(entry.key_at()).as_ptr(), key.len());
        }
        entry.write_value(value);
        entry
    }

    const fn long_at(kind: u8) -> usize {
        HEADER_BYTES + if kind & HAS_TIMER != 0 { TIMER_BYTES } else { 0 }
    }

    /// Fetches the block into the cache.
    #[inline]
    pub(crate) fn prefetch(&self) {
        crate::base::prefetch::prefetch(self.0.as_ptr());
    }

    #[inline]
    const fn header(&self) -> &Header {
        // SAFETY: every block starts with an initialised, aligned header.
        unsafe { self.0.cast::<Header>().as_ref() }
    }

    #[inline]
    const fn header_mut(&mut self) -> &mut Header {
        // SAFETY: as in `header`, and `&mut self` is the only reference.
        unsafe { self.0.cast::<Header>().as_mut() }
    }

    #[inline]
    fn key_len(&self) -> usize {
        let header = self.header();
        if (header.key_len as usize) < LONG_KEY {
            return header.key_len as usize;
        }
        // SAFETY: a key with this mark has its length stored there, see `build`.
        unsafe { self.0.add(Self::long_at(header.kind)).cast::<usize>().read_unaligned() }
    }

    #[inline]
    const fn key_at(&self) -> usize {
        let header = self.header();
        let long = if (header.key_len as usize) < LONG_KEY { 0 } else { LONG_BYTES };
        Self::long_at(header.kind) + long
    }

    #[inline]
    fn value_at(&self) -> NonNull<u8> {
        // SAFETY: the value follows the key inside the block.
        unsafe { self.0.add(self.key_at() + self.key_len()) }
    }

    #[inline]
    fn layout(&self) -> Layout {
        let header = self.header();
        block_layout(block_bytes(header.kind, self.key_len(), header.value_len as usize))
    }

    /// The key's bytes.
    #[must_use]
    #[inline]
    pub fn key(&self) -> &[u8] {
        // SAFETY: `build` initialised these bytes and nothing changes them until the block is
        // freed.
        unsafe { std::slice::from_raw_parts(self.0.add(self.key_at()).as_ptr(), self.key_len()) }
    }

    /// The value.
    #[must_use]
    #[inline]
    pub fn value(&self) -> Value<'_> {
        let header = self.header();
        let at = self.value_at();
        match header.kind & FORM_MASK {
            // SAFETY: the form says that eight bytes of an integer are stored there.
            FORM_INT => Value::Text(Text::Int(unsafe { at.cast::<i64>().read_unaligned() })),
            // SAFETY: the form says that `value_len` initialised bytes are stored there.
            FORM_INLINE => Value::Text(Text::Inline(unsafe {
                std::slice::from_raw_parts(at.as_ptr(), header.value_len as usize)
            })),
            FORM_HEAP => {
                // SAFETY: the form says that an owned `Box<Vec<u8>>` is stored there; it lives as
                // long as `self`.
                Value::Text(Text::Heap(unsafe { &*at.cast::<*mut Vec<u8>>().read_unaligned() }))
            }
            FORM_PRIMITIVE => {
                // SAFETY: the form says that an owned `Box<Primitive>` is stored there; it lives as
                // long as `self`.
                Value::Primitive(unsafe { &*at.cast::<*mut Primitive>().read_unaligned() })
            }
            // SAFETY: the one form left says that an owned `Box<Collection>` is stored there; it
            // lives as long as `self`.
            _ => Value::Collection(unsafe { &*at.cast::<*mut Collection>().read_unaligned() }),
        }
    }

    /// Whether a machine that coordinates is stored here.
    #[must_use]
    #[inline]
    pub const fn coordinates(&self) -> bool {
        self.header().kind & FORM_MASK == FORM_PRIMITIVE
    }

    /// When the entry ends, if it does.
    #[must_use]
    #[inline]
    pub fn timer(&self) -> Option<Timer> {
        if self.header().kind & HAS_TIMER == 0 {
            return None;
        }
        // SAFETY: the flag says that a deadline and a timer id follow the header.
        unsafe {
            let at = self.0.add(HEADER_BYTES);
            let deadline = Mono(at.cast::<u64>().read_unaligned());
            let id = TimerId(at.add(8).cast::<u32>().read_unaligned());
            Some(Timer { deadline, id })
        }
    }

    /// Whether its time has run out.
    #[must_use]
    #[inline]
    pub fn has_ended(&self, now: Mono) -> bool {
        self.timer().is_some_and(|timer| timer.deadline <= now)
    }

    fn write_timer(&mut self, timer: Timer) {
        assert!(self.header().kind & HAS_TIMER != 0, "the block has room for a timer");
        // SAFETY: the flag says that the block has these twelve bytes.
        unsafe {
            let at = self.0.add(HEADER_BYTES);
            at.cast::<u64>().write_unaligned(timer.deadline.0);
            at.add(8).cast::<u32>().write_unaligned(timer.id.0);
        }
    }

    /// Writes a value of the form and length that the header says. The old one must be gone
    /// already.
    fn write_value(&mut self, value: Stored<'_>) {
        let at = self.value_at();
        // SAFETY: the block was laid out for this form and length, and `at` lies inside it.
        unsafe {
            match value {
                Stored::Int(number) => at.cast::<i64>().write_unaligned(number),
                Stored::Inline(text) => {
                    ptr::copy_nonoverlapping(text.as_ptr(), at.as_ptr(), text.len());
                }
                Stored::Heap(bytes) => {
                    at.cast::<*mut Vec<u8>>().write_unaligned(Box::into_raw(Box::new(bytes)));
                }
                Stored::Collection(collection) => {
                    at.cast::<*mut Collection>().write_unaligned(Box::into_raw(collection));
                }
                Stored::Primitive(primitive) => {
                    at.cast::<*mut Primitive>().write_unaligned(Box::into_raw(primitive));
                }
            }
        }
    }

    /// Frees what the value owns outside the block. The caller writes a new value or frees the
    /// block.
    fn drop_heap(&mut self) {
        let at = self.value_at();
        match self.header().kind & FORM_MASK {
            // SAFETY: the form says that an owned box is stored there, and it is not read again.
            FORM_HEAP => drop(unsafe { Box::from_raw(at.cast::<*mut Vec<u8>>().read_unaligned()) }),
            FORM_PRIMITIVE => {
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(at.cast::<*mut Primitive>().read_unaligned()) });
            }
            FORM_COLLECTION => {
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(at.cast::<*mut Collection>().read_unaligned()) });
            }
            _ => {}
        }
    }

    /// When it was last used, or how often.
    #[must_use]
    #[inline]
    pub const fn access(&self) -> Access {
        Access(self.header().access)
    }

    /// Notes a use.
    #[inline]
    pub const fn set_access(&mut self, access: Access) {
        self.header_mut().access = access.0;
    }

    /// Writes an integer over an integer; whether there was one. Nothing else about the entry
    /// changes.
    #[inline]
    pub fn overwrite_int(&mut self, number: i64) -> bool {
        let is_int = self.header().kind & FORM_MASK == FORM_INT;
        if is_int {
            self.write_value(Stored::Int(number));
        }
        is_int
    }

    /// Replaces the value and the timer; in place when the block's size allows it.
    pub fn replace(&mut self, value: NewValue<'_>, timer: Option<Timer>) {
        let value = Stored::from(value);
        let key_len = self.key_len();
        let kind = value.form() | if timer.is_some() { HAS_TIMER } else { 0 };
        let layout = block_layout(block_bytes(kind, key_len, value.inline_len()));
        let same_shape = (kind ^ self.header().kind) & HAS_TIMER == 0;
        if !same_shape || layout != self.layout() {
            let next = Self::build(self.key(), value, timer, self.access());
            *self = next;
            return;
        }
        self.drop_heap();
        let header = self.header_mut();
        header.kind = kind;
        header.value_len = value.inline_len() as u16;
        if let Some(timer) = timer {
            self.write_timer(timer);
        }
        self.write_value(value);
    }

    /// Gives the entry another end, or none, and keeps the value.
    pub fn set_timer(&mut self, timer: Option<Timer>) {
        if let (Some(timer), true) = (timer, self.header().kind & HAS_TIMER != 0) {
            return self.write_timer(timer);
        }
        if timer.is_none() && self.header().kind & HAS_TIMER == 0 {
            return;
        }
        let next = match self.take_boxed() {
            Some(value) => Self::build(self.key(), value.into(), timer, self.access()),
            None => {
                let value = match self.value() {
                    Value::Text(Text::Int(number)) => Stored::Int(number),
                    Value::Text(Text::Inline(text) | Text::Heap(text)) => Stored::Inline(text),
                    Value::Collection(_) | Value::Primitive(_) => {
                        unreachable!("what is boxed has been taken")
                    }
                };
                Self::build(self.key(), value, timer, self.access())
            }
        };
        *self = next;
    }

    /// The value as bytes that can grow in place; from now on its encoding is `raw`. Anything but a
    /// string is replaced by an empty one.
    pub fn heap_mut(&mut self) -> &mut Vec<u8> {
        if self.header().kind & FORM_MASK != FORM_HEAP {
            let bytes = self.value().text().map(|text| text.to_vec()).unwrap_or_default();
            let timer = self.timer();
            self.replace(NewValue::Heap(bytes), timer);
        }
        // SAFETY: the form is now heap, so an owned box is stored there; the borrow lasts as long
        // as `&mut self`.
        unsafe { &mut *self.value_at().cast::<*mut Vec<u8>>().read_unaligned() }
    }

    /// What coordinates under this key, if it is that.
    pub fn primitive_mut(&mut self) -> Option<&mut Primitive> {
        if self.header().kind & FORM_MASK != FORM_PRIMITIVE {
            return None;
        }
        // SAFETY: the form says that an owned box is stored there; the borrow lasts as long as
        // `&mut self`.
        Some(unsafe { &mut *self.value_at().cast::<*mut Primitive>().read_unaligned() })
    }

    /// The collection, if it is one.
    pub fn collection_mut(&mut self) -> Option<&mut Collection> {
        if self.header().kind & FORM_MASK != FORM_COLLECTION {
            return None;
        }
        // SAFETY: the form says that an owned box is stored there; the borrow lasts as long as
        // `&mut self`.
        Some(unsafe { &mut *self.value_at().cast::<*mut Collection>().read_unaligned() })
    }

    /// Whether freeing the value takes so long that nobody should wait for it with a shard in hand.
    #[must_use]
    #[inline]
    pub fn is_big(&self) -> bool {
        self.header().kind & FORM_MASK == FORM_COLLECTION
            && matches!(self.value(), Value::Collection(collection) if collection.is_big())
    }

    /// Moves out a value that has a block of its own; what is left is the string `0`.
    pub(crate) fn take_boxed(&mut self) -> Option<NewValue<'static>> {
        let at = self.value_at();
        let value = match self.header().kind & FORM_MASK {
            // SAFETY: the form says that an owned box is stored there, and it is overwritten below.
            FORM_HEAP => NewValue::Heap(*unsafe {
                Box::from_raw(at.cast::<*mut Vec<u8>>().read_unaligned())
            }),
            // SAFETY: as above.
            FORM_PRIMITIVE => NewValue::Primitive(unsafe {
                Box::from_raw(at.cast::<*mut Primitive>().read_unaligned())
            }),
            // SAFETY: as above.
            FORM_COLLECTION => NewValue::Collection(unsafe {
                Box::from_raw(at.cast::<*mut Collection>().read_unaligned())
            }),
            _ => return None,
        };
        let header = self.header_mut();
        header.kind = header.kind & !FORM_MASK | FORM_INT;
        self.write_value(Stored::Int(0));
        Some(value)
    }

    /// Heap bytes that the entry owns: its block, and the value's own block if it has one.
    #[must_use]
    pub fn memory(&self) -> usize {
        let block = self.layout().size();
        match self.value() {
            Value::Text(Text::Int(_) | Text::Inline(_)) => block,
            Value::Text(Text::Heap(_)) => {
                // SAFETY: the form says that an owned box is stored there; it is only read.
                let bytes = unsafe { &*self.value_at().cast::<*mut Vec<u8>>().read_unaligned() };
                block + size_of::<Vec<u8>>() + bytes.capacity()
            }
            Value::Collection(collection) => block + size_of::<Collection>() + collection.memory(),
            Value::Primitive(primitive) => block + size_of::<Primitive>() + primitive.memory(),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.drop_heap();
        // SAFETY: the block was allocated with this layout (the invariant above) and is not used
        // again.
        unsafe { dealloc(self.0.as_ptr(), self.layout()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMER: Timer = Timer { deadline: Mono(77), id: TimerId(5) };

    #[test]
    fn a_small_key_costs_one_block_of_32_bytes() {
        let entry =
            Entry::new(b"0123456789abcdef", NewValue::Text(b"xxxxxxxx"), None, Access::default());
        assert_eq!(entry.memory(), 32);
    }

    #[test]
    fn a_string_that_is_an_integer_is_stored_as_one() {
        let entry = Entry::new(b"k", NewValue::Text(b"-12"), None, Access::default());
        assert_eq!(entry.value().text().unwrap(), Text::Int(-12));
        let entry = Entry::new(b"k", NewValue::Verbatim(b"-12"), None, Access::default());
        assert_eq!(entry.value().text().unwrap(), Text::Inline(b"-12"));
    }

    #[test]
    fn a_key_longer_than_the_header_can_say_is_kept_whole() {
        for length in [LONG_KEY - 1, LONG_KEY, LONG_KEY + 1, 100_000] {
            let key = vec![b'k'; length];
            let mut entry = Entry::new(&key, NewValue::Text(b"v"), Some(TIMER), Access::default());
            assert_eq!(entry.key(), key);
            entry.set_timer(None);
            assert_eq!(
                (entry.key(), entry.value().text().unwrap()),
                (&key[..], Text::Inline(b"v"))
            );
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Replace(Vec<u8>, bool),
        Timer(bool),
        Append(Vec<u8>),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let text = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(b"1234567".to_vec()),
            prop::collection::vec(any::<u8>(), 4090..4100)
        ];
        let step = prop_oneof![
            (text.clone(), any::<bool>()).prop_map(|(text, timer)| Step::Replace(text, timer)),
            any::<bool>().prop_map(Step::Timer),
            text.prop_map(Step::Append),
        ];
        prop::collection::vec(step, 0..12)
    }

    proptest! {
        #[test]
        fn an_entry_keeps_what_was_written(
            key in prop::collection::vec(any::<u8>(), 0..50), steps in steps()
        ) {
            let mut entry = Entry::new(&key, NewValue::Text(b""), None, Access::default());
            let (mut text, mut timer) = (Vec::new(), None);
            for step in steps {
                match step {
                    Step::Replace(next, timed) => {
                        timer = timed.then_some(TIMER);
                        entry.replace(NewValue::Text(&next), timer);
                        text = next;
                    }
                    Step::Timer(timed) => {
                        timer = timed.then_some(TIMER);
                        entry.set_timer(timer);
                    }
                    Step::Append(more) => {
                        entry.heap_mut().extend_from_slice(&more);
                        text.extend_from_slice(&more);
                    }
                }
                prop_assert_eq!(entry.key(), &key[..]);
                prop_assert_eq!(entry.value().text().unwrap().to_vec(), text.clone());
                prop_assert_eq!(entry.timer(), timer);
                prop_assert!(entry.memory() >= key.len());
            }
        }
    }
}
