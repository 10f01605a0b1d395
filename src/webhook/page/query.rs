//! The parameters of a request, as a form sends them.

/// Maximum length of all parameters, in bytes.
pub(super) const MAX_QUERY: usize = 8 << 10;
/// Maximum number of parameters.
const MAX_PARAMETERS: usize = 128;

/// The parameters, in their order.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

/// The reason why parameters are rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryError {
    /// They are longer than [`MAX_QUERY`].
    TooLong,
    /// They are more than [`MAX_PARAMETERS`].
    TooMany,
    /// One of them is not UTF-8.
    NotUtf8,
}

impl Query {
    /// Parses the part of a target after its `?`.
    ///
    /// # Errors
    ///
    /// Returns an error if it is too long, has too many parameters, or is not UTF-8.
    pub(super) fn parse(query: &str) -> Result<Self, QueryError> {
        if query.len() > MAX_QUERY {
            return Err(QueryError::TooLong);
        }
        let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
        let parameters = parameters.map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        let parameters: Vec<_> = parameters.collect::<Result<_, _>>()?;
        if parameters.len() > MAX_PARAMETERS {
            return Err(QueryError::TooMany);
        }
        Ok(Self(parameters))
    }

    /// Returns the values of a parameter.
    pub(super) fn all<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q str> {
        let parameters = self.0.iter().filter(move |(known, _)| known == name);
        parameters.map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a parameter, without the white space around it; empty if there is none.
    pub(super) fn first(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// Returns true if there is such a parameter.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// Returns a text without its percent encoding. A `%` without two digits stands for itself, as in browsers.
fn decoded(text: &str) -> Result<String, QueryError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.split_first_chunk()) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some((&[high, low], after)))
                if let (Some(high), Some(low)) = (digit(high), digit(low)) =>
            {
                bytes.push(high << 4 | low);
                rest = after;
            }
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| QueryError::NotUtf8)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_as_a_browser_encodes_them() {
        let query =
            Query::parse("image=a%2Fb%3A1&label=x%3Dy%0D%0Az&label=%C3%A4+&&odd=%zz%4&empty").unwrap();
        assert_eq!(query.first("image"), "a/b:1");
        assert_eq!(query.all("label").collect::<Vec<_>>(), ["x=y\r\nz", "\u{e4} "]);
        assert_eq!(query.first("odd"), "%zz%4");
        assert!(query.has("empty") && !query.has("image2"));
    }

    #[test]
    fn parameters_are_bounded() {
        assert_eq!(
            Query::parse(&"a".repeat(MAX_QUERY + 1)).unwrap_err(),
            QueryError::TooLong
        );
        assert_eq!(
            Query::parse(&"a&".repeat(MAX_PARAMETERS + 1)).unwrap_err(),
            QueryError::TooMany
        );
        assert_eq!(Query::parse("a=%ff").unwrap_err(), QueryError::NotUtf8);
    }
}
