//! Sets of bytes.

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// One bit for each byte below 128.
    ascii: u128,
    /// One bit for each byte from 128.
    other: u128,
}

/// Bytes that represent a class in a witness, the most readable first.
const READABLE: [Bytes; 3] = [
    Bytes::range(b'a', b'z'),
    Bytes::range(b'0', b'9'),
    Bytes::range(b'!', b'~'),
];

impl Bytes {
    /// Returns the empty set.
    pub(crate) const fn none() -> Self {
        Self { ascii: 0, other: 0 }
    }

    /// Returns the set of all bytes.
    pub(crate) const fn all() -> Self {
        Self::none().complement()
    }

    /// Returns the set of these bytes.
    pub(crate) const fn from_slice(mut bytes: &[u8]) -> Self {
        let mut set = Self::none();
        while let [byte, rest @ ..] = bytes {
            set = set.union(Self::one(*byte));
            bytes = rest;
        }
        set
    }

    /// Returns the set of the bytes from the first to the last, both included.
    pub(crate) const fn range(first: u8, last: u8) -> Self {
        let mut set = Self::none();
        let mut byte = first;
        while byte <= last {
            set = set.union(Self::one(byte));
            if byte == u8::MAX {
                break;
            }
            byte += 1;
        }
        set
    }

    /// Returns the set of one byte.
    pub(crate) const fn one(byte: u8) -> Self {
        let bit = 1 << (byte & 127);
        match byte {
            0..128 => Self { ascii: bit, other: 0 },
            128.. => Self { ascii: 0, other: bit },
        }
    }

    /// Returns the bytes that are not in the set.
    pub(crate) const fn complement(self) -> Self {
        Self {
            ascii: !self.ascii,
            other: !self.other,
        }
    }

    /// Returns the bytes in either set.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self {
            ascii: self.ascii | other.ascii,
            other: self.other | other.other,
        }
    }

    /// Returns the bytes in both sets.
    pub(crate) const fn intersect(self, other: Self) -> Self {
        Self {
            ascii: self.ascii & other.ascii,
            other: self.other & other.other,
        }
    }

    /// Returns the bytes in this set that are not in the other.
    pub(crate) const fn minus(self, other: Self) -> Self {
        self.intersect(other.complement())
    }

    /// Returns the bytes in this set but these.
    pub(crate) const fn except(self, bytes: &[u8]) -> Self {
        self.minus(Self::from_slice(bytes))
    }

    /// Returns true if the set contains the byte.
    pub(crate) const fn contains(self, byte: u8) -> bool {
        !self.intersect(Self::one(byte)).is_empty()
    }

    /// Returns true if the set contains all of the other.
    pub(crate) const fn covers(self, other: Self) -> bool {
        other.minus(self).is_empty()
    }

    /// Returns true if the set is empty.
    pub(crate) const fn is_empty(self) -> bool {
        self.ascii == 0 && self.other == 0
    }

    /// Returns the lowest byte.
    pub(crate) fn first(self) -> Option<u8> {
        let lowest = |half: u128| u8::try_from(half.trailing_zeros()).ok();
        match (self.ascii, self.other) {
            (0, 0) => None,
            (0, other) => lowest(other).map(|low| 128 | low),
            (ascii, _) => lowest(ascii),
        }
    }

    /// Returns the most readable byte: a lower-case letter, else a digit, else a visible byte, else any.
    pub(crate) fn readable(self) -> Option<u8> {
        READABLE
            .iter()
            .find_map(|preferred| self.intersect(*preferred).first())
            .or_else(|| self.first())
    }
}
