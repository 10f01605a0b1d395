//! Constants: their definition with `let`, and their expansion as text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::fault::{Expanded, Fault};
use crate::diagnostic::{Code, Diagnostic, SourceId, Span, similar};
use crate::rules::template::{NAMES, Placeholder};
use crate::syntax::ast::Word;
use crate::syntax::rules::MAX_STATEMENT;

/// The constants of a set; while it is read, the constants so far.
#[derive(Debug, Default)]
pub struct Constants {
    values: HashMap<String, Constant>,
    /// All constants of the set, with the places of their definitions.
    all: HashMap<String, Span>,
}

#[derive(Debug)]
struct Constant {
    /// `None` if the definition has an error, which is reported there and not at each use.
    value: Option<String>,
    span: Span,
}

/// The use of a text, which determines what braces may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A target: braces contain parts of the image and captures.
    Target,
    /// Another word.
    Word,
    /// A quoted text, for people.
    Text,
    /// A quoted text that is the value of a constant.
    Value,
    /// An image that is not in a file.
    Argument,
}

/// The reason why constants cannot be expanded in an image, on one line, with help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstantError(String);

impl Constants {
    /// Records that the set defines a constant somewhere.
    pub(super) fn announce(&mut self, name: &str, span: Span) {
        // The first definition counts, because a later one is an error.
        self.all.entry(name.to_owned()).or_insert(span);
    }

    /// Defines a constant.
    pub(super) fn define(&mut self, name: &str, value: Option<String>, span: Span) -> Option<Diagnostic> {
        if let Some(first) = self.values.get(name) {
            let finding = Diagnostic::error(
                Code::CONSTANT_TWICE,
                format!("two constants have the name `{name}`"),
                span,
            )
            .label("defined again")
            // Both places, because the two may be in different files.
            .also(first.span, "first defined here")
            .help("rename one of them: a constant has one value in all files");
            return Some(finding);
        }
        self.values.insert(name.to_owned(), Constant { value, span });
        None
    }

    /// Records the name that a `let` with an error defines, so that its uses are not unknown.
    pub(super) fn define_broken(&mut self, statement: &str, span: Span) {
        let mut words = statement.split_whitespace();
        if words.next() == Some("let")
            && let Some(name) = words.next().and_then(|word| word.split(['=', ':']).next())
        {
            self.define_bad(name, span);
        }
    }

    /// Records the invalid name of a constant, so that its uses are not unknown.
    pub(super) fn define_bad(&mut self, name: &str, span: Span) {
        let value = None;
        self.values
            // A valid definition of the same name wins over one with an error.
            .entry(name.to_owned())
            .or_insert(Constant { value, span });
    }

    /// Expands the constants of an image that is not in a file, as in the image of a `test`.
    ///
    /// # Errors
    ///
    /// Returns an error if braces contain an unknown name, or a constant whose value is not allowed in an image.
    pub fn put_into<'t>(&self, image: &'t str) -> Result<Cow<'t, str>, ConstantError> {
        self.put_in(image, Use::Argument).map_err(|fault| {
            ConstantError(fault.map_or_else(
                || "a constant in this image has an error in the rules".to_owned(),
                |fault| fault.to_string(),
            ))
        })
    }

    /// Expands the constants of a word. Returns `None` if an error was reported.
    pub(super) fn expand<'t>(
        &self,
        word: Word,
        source: SourceId,
        text: &'t str,
        used: Use,
    ) -> Result<Expanded<'t>, Option<Box<Diagnostic>>> {
        let raw = word.of(text);
        let exact = Expanded::exact(raw, word, source);
        // Most words have no brace, and then need no copy.
        if !raw.contains(['{', '}']) {
            return Ok(exact);
        }
        match self.put_in(raw, used) {
            Ok(Cow::Borrowed(_)) => Ok(exact),
            Ok(Cow::Owned(expanded)) => Ok(Expanded::with_constants(expanded, word, source)),
            Err(fault) => Err(fault.map(|fault| Box::new(exact.finding(fault)))),
        }
    }

    /// Reads a quoted text. Returns `None` if an error was reported.
    pub(super) fn unquote(
        &self,
        word: Word,
        source: SourceId,
        text: &str,
        used: Use,
    ) -> Result<String, Option<Box<Diagnostic>>> {
        let inside = Word {
            start: word.start + 1,
            end: word.end.saturating_sub(1),
        };
        let raw = inside.of(text);
        let exact = Expanded::exact(raw, inside, source);
        match self.put_in(raw, used) {
            Ok(text) => Ok(text.into_owned()),
            Err(fault) => Err(fault.map(|fault| Box::new(exact.finding(fault)))),
        }
    }

    fn put_in<'t>(&self, raw: &'t str, used: Use) -> Result<Cow<'t, str>, Option<Fault>> {
        let is_text = matches!(used, Use::Text | Use::Value);
        let mut out = String::new();
        // A quoted text is copied in any case, because its escapes have to be removed.
        let mut is_changed = is_text;
        let mut rest = raw;
        while let Some(at) = rest.find(['{', '}', '\\']) {
            let start = raw.len() - rest.len() + at;
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.push_str(before);
            let mut characters = from.chars();
            match characters.next() {
                Some('\\') if is_text => {
                    // The escapes were checked when the words were read.
                    out.extend(characters.next());
                    rest = characters.as_str();
                }
                Some('{') => {
                    let Some((name, behind)) = characters.as_str().split_once('}') else {
                        let what = if is_text {
                            "write `\\{` for a brace in a text"
                        } else {
                            "add the `}`"
                        };
                        return Err(Some(
                            Fault::new(Code::BRACE, "the placeholder is not closed")
                                .at(start..raw.len())
                                .label("expected `}`")
                                .help(what),
                        ));
                    };
                    let range = start..start + name.len() + 2;
                    match (self.values.get(name), used) {
                        // The error of the definition is reported there.
                        (Some(Constant { value: None, .. }), _) => return Err(None),
                        (
                            Some(Constant {
                                value: Some(value), ..
                            }),
                            _,
                        ) => {
                            check_value(name, value, used).map_err(|fault| Some(fault.at(range)))?;
                            out.push_str(value);
                            is_changed = true;
                        }
                        // In a target, placeholders stay: each image has other values for them.
                        (None, Use::Target) if Placeholder::parse(name).is_some() => {
                            out.push('{');
                            out.push_str(name);
                            out.push('}');
                        }
                        (None, _) => return Err(Some(self.unknown(name, used).at(range))),
                    }
                    rest = behind;
                }
                // In a text for people, a `}` without a `{` is an ordinary character.
                Some('}') if !is_text => {
                    return Err(Some(
                        Fault::new(Code::BRACE, "the `}` closes no placeholder")
                            .at(start..start + 1)
                            .help("remove it, or add the `{` before the name"),
                    ));
                }
                Some(character) => {
                    out.push(character);
                    rest = characters.as_str();
                }
                None => break,
            }
            // Checked within the loop, so that doubling constants cannot use up memory first.
            if out.len() > MAX_STATEMENT {
                return Err(Some(
                    Fault::new(
                        Code::CONSTANT_TOO_LONG,
                        format!("after its constants are expanded, this has more than {MAX_STATEMENT} bytes"),
                    )
                    .help("shorten the constants; one that contains others grows with each step"),
                ));
            }
        }
        if is_changed {
            out.push_str(rest);
            Ok(Cow::Owned(out))
        } else {
            Ok(Cow::Borrowed(raw))
        }
    }

    fn unknown(&self, name: &str, used: Use) -> Fault {
        // A name may have up to 4,096 bytes, which no message should repeat.
        let shown: String = name.chars().take(80).collect();
        let fault = Fault::new(
            Code::UNKNOWN_PLACEHOLDER,
            format!("unknown placeholder `{{{shown}}}`"),
        );
        if Placeholder::parse(name).is_some() {
            return fault
                .label("a part of the image, not a constant")
                .help("use parts of the image and captures only in targets");
        }
        if name.is_empty() || name.contains(|character: char| !is_of_name(character)) {
            return fault.label("expected a name").help(match used {
                Use::Target => {
                    "write the name of a constant, the number of a capture or a part of the image between the braces"
                }
                Use::Word | Use::Argument => "write the name of a constant between the braces",
                Use::Text | Use::Value => {
                    "write the name of a constant between the braces, or `\\{` for a brace"
                }
            });
        }
        let fault = fault.label(match used {
            Use::Target => "not a constant, a capture or a part of the image",
            _ => "not a constant",
        });
        if self.all.contains_key(name) {
            // The name is known, only too late: a hint about similar names would mislead.
            return fault.help(format!("move the `let` of `{name}` above this line"));
        }
        let parts: &[&str] = if used == Use::Target { &NAMES } else { &[] };
        let mut names: Vec<&str> = self.values.keys().map(String::as_str).collect();
        // Sorted, because the order of a hash map would change the suggestion from run to run.
        names.sort_unstable();
        if used == Use::Target && matches!(name, "registry" | "repository" | "repo" | "image" | "reference") {
            // Words that users of other tools expect; none of them says which part is meant.
            return fault.help(format!("use `{{{}}}`", NAMES.join("}`, `{")));
        }
        match similar(name, names.into_iter().chain(parts.iter().copied())) {
            Some(meant) if parts.contains(&meant) => fault.help(format!(
                "use `{{{meant}}}`, a part of the image with a similar name"
            )),
            Some(meant) => fault.help(format!("use `{{{meant}}}`, a constant with a similar name")),
            None if matches!(used, Use::Text | Use::Value) => fault.help(format!(
                "define it above with `let {shown} = ...`, or write `\\{{` for a brace"
            )),
            None if used == Use::Argument => {
                fault.help(format!("define it in the rules with `let {shown} = ...`"))
            }
            None => fault.help(format!("define it above with `let {shown} = ...`")),
        }
    }
}

/// Returns true if a name may contain this character.
pub(super) fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// Checks the value of a constant: it is expanded as text, and cannot add a list or further words.
fn check_value(name: &str, value: &str, used: Use) -> Result<(), Fault> {
    if matches!(used, Use::Text | Use::Value) {
        return Ok(());
    }
    let what = match () {
        () if value.contains(char::is_whitespace) => "white space",
        () if value.contains(',') => "a comma",
        () if value.contains("->") => "`->`",
        () => return Ok(()),
    };
    Err(Fault::new(
        Code::CONSTANT_VALUE,
        format!("the constant `{name}` has {what}, which is not allowed here"),
    )
    .label(format!("it is `{value}`"))
    .help("define a constant for each value: a constant does not expand to a list or to several words"))
}

impl fmt::Display for ConstantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConstantError {}
