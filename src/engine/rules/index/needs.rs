//! Parts of texts that an image and its context must have so that a rule can match.
//!
//! A text that a glob matches contains each run of literal characters of the glob. So an image that lacks any piece of
//! such a run cannot match, and neither can a context without the value that a condition names.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use smallvec::SmallVec;

use crate::context::{Context, ContextValue, Subject, ValueKind};
use crate::rules::condition::Condition;
use crate::rules::image::Image;
use crate::rules::pattern::{Pattern, PatternParts};

/// Length of a piece, in bytes. A shorter run is one piece.
const LONGEST: usize = 4;
/// Minimum length of a piece: nearly every image has each single character.
const SHORTEST: usize = 2;
/// Maximum number of pieces of a text from which one is chosen.
const CONSIDERED: usize = 256;

/// A byte at the ends of names, tags and values, so that pieces at an end differ from those within.
const END: u8 = 0;

/// A text in which pieces are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
    /// The canonical name, with tag and digest.
    Name,
    /// The original image.
    Original,
    /// A value of the context.
    Value(Subject),
}

/// The length of a part, as a bit; one bit is for whole values.
pub(super) type Lengths = u8;

const WHOLE: Lengths = 1;

/// Returns the bit of a length of pieces.
const fn length_of(bytes: usize) -> Lengths {
    1 << (bytes - 1)
}

/// A part of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct NeededPart {
    pub(super) field: Field,
    pub(super) length: Lengths,
    pub(super) hash: u64,
}

/// Parts of each of several texts. A rule that needs them matches only if one of the texts is there, with all of its
/// parts.
pub(super) type Texts = Vec<Vec<NeededPart>>;

/// Returns what a rule needs: the parts of its pattern, and those of each condition.
pub(super) fn of_rule<'c>(pattern: &Pattern, conditions: impl Iterator<Item = &'c Condition>) -> Vec<Texts> {
    let parts = of_pattern(pattern);
    let parts = (!parts.is_empty()).then(|| vec![parts]);
    parts
        .into_iter()
        .chain(conditions.filter_map(of_condition))
        .collect()
}

fn of_pattern(pattern: &Pattern) -> Vec<NeededPart> {
    match pattern {
        Pattern::Written(written) => {
            let runs = written.glob.literals();
            pieces(Field::Original, None, runs.iter().map(String::as_bytes))
        }
        Pattern::Parts(parts) => {
            let mut runs = runs_of_name(parts);
            for (sign, glob) in [(':', &parts.tag), ('@', &parts.digest)] {
                if let Some(glob) = glob {
                    runs_of_glob(&[&[sign as u8], glob.as_bytes(), &[END]].concat(), &mut runs);
                }
            }
            pieces(Field::Name, None, runs.iter().map(Vec::as_slice))
        }
    }
}

/// Returns the runs of literal bytes of a name.
fn runs_of_name(parts: &PatternParts) -> Vec<Vec<u8>> {
    let mut runs = Vec::new();
    // `None` behind a `**`, which may match no segment at all, so the text before it need not have a `/` behind it.
    let mut block: Option<Vec<u8>> = Some(vec![END]);
    let mut is_first = true;
    for segment in parts.name.split('/') {
        if segment == "**" {
            if let Some(block) = block.take().filter(|_| !is_first) {
                runs_of_glob(&block, &mut runs);
            }
        } else {
            let block = block.get_or_insert_default();
            if !is_first {
                block.push(b'/');
            }
            block.extend(segment.bytes());
        }
        is_first = false;
    }
    if let Some(mut block) = block {
        block.push(if parts.below { b'/' } else { END });
        runs_of_glob(&block, &mut runs);
    }
    runs
}

fn runs_of_glob(glob: &[u8], runs: &mut Vec<Vec<u8>>) {
    runs.extend(glob.split(|byte| *byte == b'*').map(<[u8]>::to_vec));
}

/// Returns the pieces of runs: all of the full length, and the shorter runs.
fn pieces<'r>(field: Field, key: Option<&str>, runs: impl Iterator<Item = &'r [u8]>) -> Vec<NeededPart> {
    let all = runs.flat_map(|run| run.windows(run.len().clamp(SHORTEST, LONGEST)));
    let text = hash_of_text(field, key);
    let of_piece = |piece: &[u8]| NeededPart {
        field,
        length: length_of(piece.len()),
        hash: hash_of_piece(text, piece),
    };
    all.take(CONSIDERED).map(of_piece).collect()
}

/// Returns the hash of a text, with which the hashes of its pieces begin.
fn hash_of_text(field: Field, key: Option<&str>) -> u64 {
    FixedState::with_seed(0).hash_one((field, key))
}

/// Returns the hash of a piece of a text. An image has hundreds of pieces, so it is only a multiplication.
fn hash_of_piece(text: u64, piece: &[u8]) -> u64 {
    let bytes = piece
        .iter()
        .fold(piece.len() as u64, |bytes, byte| (bytes << 8) | u64::from(*byte));
    let mixed = (text ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

fn whole(field: Field, key: Option<&str>, value: &[u8]) -> NeededPart {
    NeededPart {
        field,
        length: WHOLE,
        hash: FixedState::with_seed(1).hash_one((field, key, value)),
    }
}

/// Returns what a condition needs; `None` if nothing is known.
fn of_condition(condition: &Condition) -> Option<Texts> {
    if condition.negated {
        return None;
    }
    let field = Field::Value(condition.subject);
    let key = condition.key.as_deref();
    match condition.subject.kind() {
        ValueKind::None => return None,
        ValueKind::Pairs(_) if condition.values.is_empty() => {
            return Some(vec![vec![whole(field, key, b"")]]);
        }
        // The words are few, so each would be in very many rules.
        ValueKind::Word(_) => return None,
        ValueKind::Pairs(_) | ValueKind::Text(_) | ValueKind::Owner => {}
    }
    let of_value = |value: &crate::rules::text::Text| {
        if !value.contains('*') {
            return Some(vec![whole(field, key, value.as_bytes())]);
        }
        // An owner is compared with a glob in two ways.
        if condition.subject.kind() == ValueKind::Owner {
            return None;
        }
        let mut runs = Vec::new();
        runs_of_glob(&[&[END], value.as_bytes(), &[END]].concat(), &mut runs);
        let parts = pieces(field, key, runs.iter().map(Vec::as_slice));
        (!parts.is_empty()).then_some(parts)
    };
    condition.values.iter().map(of_value).collect()
}

/// Visits the parts that an image and its context have, in fields and with lengths of interest.
pub(super) fn each_part(
    fields: &[(Field, Lengths)],
    image: &Image<'_>,
    context: &Context<'_>,
    mut visit: impl FnMut(u64),
) {
    // Nearly all names and values fit, so nothing is allocated.
    let mut text: SmallVec<[u8; 512]> = SmallVec::new();
    for (field, lengths) in fields {
        let mut visit = |key: Option<&str>, text: &[u8]| {
            let hash = hash_of_text(*field, key);
            let sizes = (SHORTEST..=LONGEST).filter(|size| lengths & length_of(*size) != 0);
            for piece in sizes.flat_map(|size| text.windows(size)) {
                visit(hash_of_piece(hash, piece));
            }
            if lengths & WHOLE != 0 {
                let value = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                visit(whole(*field, key, value).hash);
            }
        };
        let mut value = |key: Option<&str>, parts: &[&str]| {
            text.clear();
            text.push(END);
            for part in parts {
                text.extend_from_slice(part.as_bytes());
            }
            text.push(END);
            visit(key, &text);
        };
        match field {
            Field::Original => visit(None, image.text.as_bytes()),
            Field::Name => {
                text.clear();
                text.push(END);
                text.extend_from_slice(image.name().as_bytes());
                text.push(END);
                for (sign, part) in [(b':', image.compared_tag()), (b'@', image.digest)] {
                    let Some(part) = part else { continue };
                    text.push(sign);
                    text.extend_from_slice(part.as_bytes());
                    text.push(END);
                }
                visit(None, &text);
            }
            Field::Value(subject) => match subject.value(context) {
                ContextValue::Text(text) => text.iter().for_each(|text| value(None, &[text])),
                ContextValue::Owner(owner) => {
                    if let Some(owner) = owner {
                        value(None, &[owner.kind]);
                        value(None, &[owner.kind, ".", owner.group]);
                    }
                }
                ContextValue::Pairs(pairs) => {
                    for (key, text) in pairs {
                        value(Some(key), &[text]);
                        // A condition may only require the key.
                        value(Some(key), &[]);
                    }
                }
                ContextValue::OfImage => {}
            },
        }
    }
}
