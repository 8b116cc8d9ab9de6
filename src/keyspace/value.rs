//! What a key can hold: as readers see it, as writers give it, and in the forms that it is stored
//! in.
//!
//! Not here: the bytes of a block (`entry`), collections (`collection`), and what coordinates
//! (`primitive`).

use crate::base::number::parse_i64;
use crate::keyspace::collection::Collection;
use crate::keyspace::primitive::Primitive;

/// Values up to this many bytes live inside the entry's block; longer ones have a block of their
/// own that can grow in place.
const INLINE_BYTES_MAX: usize = 4_096;
/// Redis calls strings of up to 44 bytes `embstr` (`OBJECT ENCODING`).
const EMBSTR_BYTES_MAX: usize = 44;

const _: () = assert!(INLINE_BYTES_MAX < u16::MAX as usize, "an inline length fits the header");

pub(super) const FORM_INT: u8 = 0;
pub(super) const FORM_INLINE: u8 = 1;
pub(super) const FORM_HEAP: u8 = 2;
pub(super) const FORM_PRIMITIVE: u8 = 3;
pub(super) const FORM_COLLECTION: u8 = 4;
pub(super) const FORM_MASK: u8 = 0b111;

/// A value as readers see it.
#[derive(Clone, Copy, Debug)]
pub enum Value<'e> {
    /// A string.
    Text(Text<'e>),
    /// A hash, a list, or another collection.
    Collection(&'e Collection),
    /// A lock, a semaphore, or whatever else coordinates.
    Primitive(&'e Primitive),
}

/// A key that holds a value of another type than the command is for (`WRONGTYPE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

/// A string as readers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'e> {
    /// A string that is the canonical form of this integer.
    Int(i64),
    /// A string inside the entry's block.
    Inline(&'e [u8]),
    /// A string that was grown or written in part, or is too long for the block.
    Heap(&'e [u8]),
}

/// A value as writers give it.
#[derive(Debug)]
pub enum NewValue<'v> {
    /// Stored as an integer.
    Int(i64),
    /// Stored as an integer if it is the canonical form of one, as Redis's `tryObjectEncoding`
    /// does.
    Text(&'v [u8]),
    /// Stored as the bytes it is, never as an integer (results of INCRBYFLOAT).
    Verbatim(&'v [u8]),
    /// Bytes that already have a block of their own (SETRANGE, APPEND, COPY of a raw string).
    Heap(Vec<u8>),
    /// A collection, which has elements.
    Collection(Box<Collection>),
    /// A machine that coordinates.
    Primitive(Box<Primitive>),
}

/// A value in one of the forms that an entry's block can have.
pub(super) enum Stored<'v> {
    Int(i64),
    Inline(&'v [u8]),
    Heap(Vec<u8>),
    Collection(Box<Collection>),
    Primitive(Box<Primitive>),
}

impl<'v> NewValue<'v> {
    /// As [`NewValue::Verbatim`], without a copy of a string that is too long for the block.
    #[must_use]
    pub fn owned(bytes: &'v mut Vec<u8>) -> Self {
        if bytes.len() <= INLINE_BYTES_MAX {
            Self::Verbatim(bytes)
        } else {
            Self::Heap(std::mem::take(bytes))
        }
    }
}

impl<'v> From<NewValue<'v>> for Stored<'v> {
    fn from(value: NewValue<'v>) -> Self {
        match value {
            NewValue::Int(number) => Self::Int(number),
            NewValue::Text(text) => match parse_i64(text) {
                Some(number) => Self::Int(number),
                None => Self::bytes(text),
            },
            NewValue::Verbatim(text) => Self::bytes(text),
            NewValue::Heap(bytes) => Self::Heap(bytes),
            NewValue::Collection(collection) => Self::Collection(collection),
            NewValue::Primitive(primitive) => Self::Primitive(primitive),
        }
    }
}

impl<'v> Stored<'v> {
    fn bytes(text: &'v [u8]) -> Self {
        if text.len() <= INLINE_BYTES_MAX { Self::Inline(text) } else { Self::Heap(text.to_vec()) }
    }

    pub(super) const fn form(&self) -> u8 {
        match self {
            Self::Int(_) => FORM_INT,
            Self::Inline(_) => FORM_INLINE,
            Self::Heap(_) => FORM_HEAP,
            Self::Collection(_) => FORM_COLLECTION,
            Self::Primitive(_) => FORM_PRIMITIVE,
        }
    }

    pub(super) const fn inline_len(&self) -> usize {
        match self {
            Self::Inline(text) => text.len(),
            Self::Int(_) | Self::Heap(_) | Self::Collection(_) | Self::Primitive(_) => 0,
        }
    }
}

impl<'e> Value<'e> {
    /// The string, if it is one.
    ///
    /// # Errors
    /// It is something else.
    #[inline]
    pub const fn text(self) -> Result<Text<'e>, WrongType> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Collection(_) | Self::Primitive(_) => Err(WrongType),
        }
    }

    /// The name that TYPE gives it.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Collection(collection) => collection.type_name(),
            Self::Primitive(primitive) => primitive.type_name(),
        }
    }

    /// The name that `OBJECT ENCODING` gives it; what coordinates is called what it is.
    #[must_use]
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Text(text) => text.encoding(),
            Self::Collection(collection) => collection.encoding(),
            Self::Primitive(primitive) => primitive.type_name(),
        }
    }
}

impl Text<'_> {
    /// The name that `OBJECT ENCODING` gives it.
    #[must_use]
    pub const fn encoding(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Inline(text) if text.len() <= EMBSTR_BYTES_MAX => "embstr",
            Self::Inline(_) | Self::Heap(_) => "raw",
        }
    }

    /// Length in bytes of the string.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Int(number) => {
                let mut space = [0; crate::base::number::DECIMAL_MAX];
                crate::base::number::format_i64(*number, &mut space).len()
            }
            Self::Inline(text) | Self::Heap(text) => text.len(),
        }
    }

    /// Whether the string has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string's bytes; `space` is used when an integer has to be written out.
    pub fn bytes<'s>(&'s self, space: &'s mut [u8; crate::base::number::DECIMAL_MAX]) -> &'s [u8] {
        match self {
            Self::Int(number) => crate::base::number::format_i64(*number, space),
            Self::Inline(text) | Self::Heap(text) => text,
        }
    }

    /// A copy of the string's bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes(&mut [0; crate::base::number::DECIMAL_MAX]).to_vec()
    }

    /// The same value in the same form, to be stored under another key.
    #[must_use]
    pub fn duplicate(&self) -> NewValue<'_> {
        match self {
            Self::Int(number) => NewValue::Int(*number),
            Self::Inline(text) => NewValue::Verbatim(text),
            Self::Heap(bytes) => NewValue::Heap(bytes.to_vec()),
        }
    }
}
