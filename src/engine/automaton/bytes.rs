//! Sets of bytes.

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// A bit for each byte below 128.
    ascii: u128,
    /// A bit for each byte from 128.
    other: u128,
}

/// What stands for a class of bytes in a witness, best first.
const READABLE: [Bytes; 3] = [
    Bytes::range(b'a', b'z'),
    Bytes::range(b'0', b'9'),
    Bytes::range(b'!', b'~'),
];

impl Bytes {
    /// No byte.
    pub(crate) const fn none() -> Self {
        Self { ascii: 0, other: 0 }
    }

    /// Every byte.
    pub(crate) const fn all() -> Self {
        Self::none().complement()
    }

    /// These bytes.
    pub(crate) const fn from_slice(mut bytes: &[u8]) -> Self {
        let mut set = Self::none();
        while let [byte, rest @ ..] = bytes {
            set = set.union(Self::one(*byte));
            bytes = rest;
        }
        set
    }

    /// The bytes from the first to the last, both included.
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

    /// One byte.
    pub(crate) const fn one(byte: u8) -> Self {
        let bit = 1 << (byte & 127);
        match byte {
            0..128 => Self { ascii: bit, other: 0 },
            128.. => Self { ascii: 0, other: bit },
        }
    }

    /// All bytes that are not in it.
    pub(crate) const fn complement(self) -> Self {
        Self {
            ascii: !self.ascii,
            other: !self.other,
        }
    }

    /// What is in either.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self {
            ascii: self.ascii | other.ascii,
            other: self.other | other.other,
        }
    }

    /// What is in both.
    pub(crate) const fn intersect(self, other: Self) -> Self {
        Self {
            ascii: self.ascii & other.ascii,
            other: self.other & other.other,
        }
    }

    /// What is in this and not in the other.
    pub(crate) const fn minus(self, other: Self) -> Self {
        self.intersect(other.complement())
    }

    /// All but these.
    pub(crate) const fn except(self, bytes: &[u8]) -> Self {
        self.minus(Self::from_slice(bytes))
    }

    /// Whether the byte is in it.
    pub(crate) const fn contains(self, byte: u8) -> bool {
        !self.intersect(Self::one(byte)).is_empty()
    }

    /// Whether all of the other is in it.
    pub(crate) const fn covers(self, other: Self) -> bool {
        other.minus(self).is_empty()
    }

    /// Whether it holds no byte.
    pub(crate) const fn is_empty(self) -> bool {
        self.ascii == 0 && self.other == 0
    }

    /// The lowest byte.
    pub(crate) fn first(self) -> Option<u8> {
        let lowest = |half: u128| u8::try_from(half.trailing_zeros()).ok();
        match (self.ascii, self.other) {
            (0, 0) => None,
            (0, other) => lowest(other).map(|low| 128 | low),
            (ascii, _) => lowest(ascii),
        }
    }

    /// The byte that reads best: a lower-case letter, else a digit, else what can be seen, else any.
    pub(crate) fn readable(self) -> Option<u8> {
        READABLE
            .iter()
            .find_map(|preferred| self.intersect(*preferred).first())
            .or_else(|| self.first())
    }
}
