//! Values of JSON, read by the type that the caller wants.

use std::borrow::Cow;

/// A text and the position of the reader.
#[derive(Debug)]
pub(in crate::admission::read) struct Json<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Opening brackets, `{` or `[`, around the position in the value that is being skipped.
    pub(super) open: Vec<u8>,
}

/// The text is not valid JSON from this position on.
#[derive(Debug)]
pub(in crate::admission::read) struct Malformed;

/// A member of an object that should be an object itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::admission) enum Presence {
    /// The member is missing or null.
    #[default]
    Missing,
    /// The member is an object.
    Object,
    /// The member is a value of another type.
    OtherType,
}

/// Maximum number of labels, annotations or keys of an object. The API server rejects an object whose texts are longer
/// than 1 MiB, and a body has room for more, which would take several times its memory.
const MAX_PAIRS: usize = 100_000;

pub(super) type Result<T> = std::result::Result<T, Malformed>;

/// The members of a JSON object that the webhook needs.
pub(in crate::admission::read) trait Fields<'a>: Default {
    /// Reads the value of a member. Every implementation must consume the value: [`Json::skip`] skips it.
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<()>;
}

impl<'a, T: Fields<'a>> Fields<'a> for Box<T> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<()> {
        T::field(self, key, json)
    }
}

impl<'a> Json<'a> {
    pub(in crate::admission::read) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
        }
    }

    /// Returns an error if anything follows.
    pub(in crate::admission::read) fn end(&mut self) -> Result<()> {
        match self.next_token() {
            None => Ok(()),
            Some(_) => Err(Malformed),
        }
    }

    /// Reads an object into `place`, which stays empty if the value has another type. Returns true if it is an
    /// object.
    pub(in crate::admission::read) fn object<T: Fields<'a>>(&mut self, place: &mut T) -> Result<bool> {
        *place = T::default();
        self.members(|key, json| place.field(&key, json))
    }

    /// The same where it makes no difference whether it is one.
    pub(in crate::admission::read) fn fill<T: Fields<'a>>(&mut self, place: &mut T) -> Result<()> {
        self.object(place).map(|_| ())
    }

    /// The same for a place that tells an object from the lack of one.
    pub(in crate::admission::read) fn optional<T: Fields<'a>>(
        &mut self,
        place: &mut Option<T>,
    ) -> Result<()> {
        if !self.object(place.insert(T::default()))? {
            *place = None;
        }
        Ok(())
    }

    /// Reads a list of objects, and calls a function for each with its index, with an empty one for an element of another
    /// type. Returns true if the value is a list.
    pub(in crate::admission::read) fn each<T: Fields<'a>>(
        &mut self,
        mut element: impl FnMut(usize, T),
    ) -> Result<bool> {
        if self.next_token() != Some(b'[') {
            return self.skip().map(|()| false);
        }
        self.at += 1;
        if self.next_token() == Some(b']') {
            self.at += 1;
            return Ok(true);
        }
        for index in 0.. {
            let mut value = T::default();
            self.object(&mut value)?;
            element(index, value);
            if !self.goes_on(b']')? {
                break;
            }
        }
        Ok(true)
    }

    /// Returns the members of an object whose values are strings, in order, up to [`MAX_PAIRS`]; none if the value has
    /// another type.
    pub(in crate::admission::read) fn pairs(&mut self) -> Result<Vec<(Cow<'a, str>, Cow<'a, str>)>> {
        let mut pairs = Vec::new();
        self.members(|key, json| {
            let value = json.text()?.filter(|_| pairs.len() < MAX_PAIRS);
            pairs.extend(value.map(|value| (key, value)));
            Ok(())
        })?;
        Ok(pairs)
    }

    /// Calls a function for each member of an object, to read its value. Skips a value of another type. Returns true if it
    /// is an object.
    #[inline]
    fn members(&mut self, mut member: impl FnMut(Cow<'a, str>, &mut Self) -> Result<()>) -> Result<bool> {
        if self.next_token() != Some(b'{') {
            return self.skip().map(|()| false);
        }
        self.at += 1;
        if self.next_token() == Some(b'}') {
            self.at += 1;
            return Ok(true);
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            member(key, self)?;
            if !self.goes_on(b'}')? {
                return Ok(true);
            }
        }
    }

    /// Returns a string; `None` if the value has another type.
    pub(in crate::admission::read) fn text(&mut self) -> Result<Option<Cow<'a, str>>> {
        match self.next_token() {
            Some(b'"') => self.string().map(Some),
            _ => self.skip().map(|()| None),
        }
    }

    /// Returns true if the value is `true`.
    pub(in crate::admission::read) fn is_true(&mut self) -> Result<bool> {
        let is_true = self.next_token() == Some(b't');
        self.skip().map(|()| is_true)
    }

    /// Returns the type of the value that follows, and does not read it.
    pub(in crate::admission::read) fn presence(&mut self) -> Presence {
        match self.next_token() {
            Some(b'{') => Presence::Object,
            Some(b'n') => Presence::Missing,
            _ => Presence::OtherType,
        }
    }

    /// Returns true if the value is not `null`.
    pub(in crate::admission::read) fn is_present(&mut self) -> Result<bool> {
        let is_present = self.next_token() != Some(b'n');
        self.skip().map(|()| is_present)
    }

    /// Reads a string. It is a slice of the text unless it has an escape.
    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>> {
        if self.next_token() != Some(b'"') {
            return Err(Malformed);
        }
        let start = self.at;
        let has_escape = self.pass_string()?;
        if has_escape {
            let quoted = self.text.get(start..self.at).ok_or(Malformed)?;
            return serde_json::from_str(quoted)
                .map(Cow::Owned)
                .map_err(|_| Malformed);
        }
        self.text
            .get(start + 1..self.at - 1)
            .map(Cow::Borrowed)
            .ok_or(Malformed)
    }
}
