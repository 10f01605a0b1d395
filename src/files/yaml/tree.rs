//! YAML as a tree whose nodes know their place.
//!
//! The text may be hostile. What an alias stands for is one node, however often it is named, and what it would be
//! if it were written out is counted: whoever walks over the tree does work in proportion to the text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::place::{Offsets, YamlError};

/// How deep mappings and lists may be nested. No object of Kubernetes is nested half as deep.
const MAX_DEPTH: usize = 128;
/// How much there may be of a text of any length, and how many bytes for each unit beyond it. A value is a unit, and
/// so are 16 bytes of a scalar.
const FREE_WEIGHT: usize = 100_000;
const BYTES_PER_WEIGHT: usize = 4;

/// The index of a node of a [`Tree`].
pub(crate) type NodeId = usize;

/// All documents of a text.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Node<'a>>,
    pub(crate) documents: Vec<NodeId>,
}

/// A value, and the bytes that it is written in.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) value: Value<'a>,
    pub(crate) range: Range<usize>,
}

#[derive(Debug)]
pub(crate) enum Value<'a> {
    Scalar(Scalar<'a>),
    List(Vec<NodeId>),
    /// The keys are scalars, and each is there once. What is merged in (`<<`) has been.
    Mapping(Vec<(NodeId, NodeId)>),
}

#[derive(Debug)]
pub(crate) struct Scalar<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) style: ScalarStyle,
    /// Tagged as text, so never a number or a truth value.
    pub(crate) is_text: bool,
    /// Has an anchor or a tag, where the bytes of the node begin.
    pub(crate) has_properties: bool,
}

impl<'a> Tree<'a> {
    /// Reads all documents.
    ///
    /// # Errors
    ///
    /// Where the text is no YAML, has a key twice or a key that is no scalar, or is too deep or too large once its
    /// aliases are written out.
    pub(crate) fn read(text: &'a str) -> Result<Self, YamlError> {
        let mut reader = Reader {
            tree: Self {
                text,
                nodes: Vec::new(),
                documents: Vec::new(),
            },
            offsets: Offsets::new(text),
            open: Vec::new(),
            anchors: HashMap::new(),
            weight: 0,
            max_weight: FREE_WEIGHT + text.len() / BYTES_PER_WEIGHT,
        };
        for event in Parser::new_from_str(reader.offsets.body()) {
            match event {
                Ok((event, span)) => reader.take(event, span)?,
                Err(error) => return Err(reader.no_yaml(error.marker(), error.info())),
            }
        }
        Ok(reader.tree)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id]
    }

    /// The text of a scalar.
    pub(crate) fn text_of(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let Value::Mapping(pairs) = &self.node(id).value else {
            return None;
        };
        let is_it = |pair: &&(NodeId, NodeId)| self.text_of(pair.0) == Some(key);
        pairs.iter().find(is_it).map(|(_, value)| *value)
    }

    /// An error at a node.
    pub(crate) fn error(&self, id: NodeId, message: impl Into<String>) -> YamlError {
        YamlError::new(self.text, self.node(id).range.start, message)
    }
}

/// What is made of the events.
struct Reader<'a> {
    tree: Tree<'a>,
    offsets: Offsets<'a>,
    /// The mappings and lists that are not yet at their end.
    open: Vec<Open>,
    /// What has an anchor and is at its end.
    anchors: HashMap<usize, Anchored>,
    /// That of all there is, aliases written out.
    weight: usize,
    max_weight: usize,
}

struct Open {
    is_mapping: bool,
    anchor: usize,
    start: usize,
    /// The weight of all that came before.
    weight: usize,
    /// How deep the children are nested.
    depth: usize,
    children: Vec<NodeId>,
}

#[derive(Clone, Copy)]
struct Anchored {
    id: NodeId,
    weight: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, event: Event<'a>, span: Span) -> Result<(), YamlError> {
        let start = self.offsets.byte(span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let end = self.offsets.byte(span.end).max(start);
                let weight = 1 + text.len() / 16;
                let has_properties = anchor > 0 || tag.is_some();
                let is_core = |tag: &saphyr_parser::Tag| tag.is_yaml_core_schema() && tag.suffix == "str";
                let is_plain_mark = |tag: &saphyr_parser::Tag| tag.handle.is_empty() && tag.suffix == "!";
                let is_text = tag.is_some_and(|tag| is_core(&tag) || is_plain_mark(&tag));
                let scalar = Scalar {
                    text,
                    style,
                    is_text,
                    has_properties,
                };
                self.weigh(weight, start)?;
                self.close(Value::Scalar(scalar), start..end, anchor, weight, 0);
            }
            Event::SequenceStart(anchor, _) => self.open(false, anchor, start)?,
            Event::MappingStart(anchor, _) => self.open(true, anchor, start)?,
            Event::SequenceEnd | Event::MappingEnd => {
                let end = self.offsets.byte(span.end);
                if let Some(open) = self.open.pop() {
                    let weight = self.weight - open.weight;
                    let value = if open.is_mapping {
                        Value::Mapping(self.pairs(&open.children)?)
                    } else {
                        Value::List(open.children)
                    };
                    let range = open.start..end.max(open.start);
                    self.close(value, range, open.anchor, weight, open.depth + 1);
                }
            }
            Event::Alias(anchor) => {
                let Some(anchored) = self.anchors.get(&anchor).copied() else {
                    return Err(self.error(start, "an alias refers to a value that contains it"));
                };
                self.weigh(anchored.weight, start)?;
                if self.open.len() + anchored.depth > MAX_DEPTH {
                    return Err(self.too_deep(start));
                }
                self.attach(anchored.id, anchored.depth);
            }
            // An anchor is known in its own document only.
            Event::DocumentEnd => self.anchors.clear(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(())
    }

    fn open(&mut self, is_mapping: bool, anchor: usize, start: usize) -> Result<(), YamlError> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.too_deep(start));
        }
        let weight = self.weight;
        self.weigh(1, start)?;
        self.open.push(Open {
            is_mapping,
            anchor,
            start,
            weight,
            depth: 0,
            children: Vec::new(),
        });
        Ok(())
    }

    fn close(&mut self, value: Value<'a>, range: Range<usize>, anchor: usize, weight: usize, depth: usize) {
        let id = self.tree.nodes.len();
        self.tree.nodes.push(Node { value, range });
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { id, weight, depth });
        }
        self.attach(id, depth);
    }

    fn attach(&mut self, id: NodeId, depth: usize) {
        match self.open.last_mut() {
            Some(open) => {
                open.depth = open.depth.max(depth);
                open.children.push(id);
            }
            None => self.tree.documents.push(id),
        }
    }

    /// Keys with their values, out of the two by turns.
    fn pairs(&self, children: &[NodeId]) -> Result<Vec<(NodeId, NodeId)>, YamlError> {
        let tree = &self.tree;
        let mut pairs = Vec::with_capacity(children.len() / 2);
        let mut merged = Vec::new();
        let mut keys = HashSet::with_capacity(children.len() / 2);
        for pair in children.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            let Value::Scalar(scalar) = &tree.node(key).value else {
                return Err(tree.error(key, "a key is a list or a mapping: expected a string"));
            };
            if scalar.text == "<<" && scalar.style == ScalarStyle::Plain && !scalar.is_text {
                merged.push(value);
            } else if keys.insert(scalar.text.as_ref()) {
                pairs.push((key, value));
            } else {
                return Err(tree.error(key, format!("duplicate key `{}`", scalar.text)));
            }
        }
        for from in merged {
            let from = match &tree.node(from).value {
                Value::List(mappings) => mappings.as_slice(),
                _ => std::slice::from_ref(&from),
            };
            for from in from {
                let Value::Mapping(more) = &tree.node(*from).value else {
                    return Err(tree.error(*from, "expected a mapping or a list of mappings after `<<`"));
                };
                let is_new =
                    |(key, _): &&(NodeId, NodeId)| tree.text_of(*key).is_some_and(|key| keys.insert(key));
                pairs.extend(more.iter().filter(is_new));
            }
        }
        Ok(pairs)
    }

    fn weigh(&mut self, weight: usize, at: usize) -> Result<(), YamlError> {
        self.weight += weight;
        if self.weight > self.max_weight {
            return Err(self.error(at, "more values than a text of this length may have"));
        }
        Ok(())
    }

    fn too_deep(&self, at: usize) -> YamlError {
        self.error(at, format!("nested more than {MAX_DEPTH} levels deep"))
    }

    fn error(&self, at: usize, message: impl Into<String>) -> YamlError {
        YamlError::new(self.tree.text, at, message)
    }

    fn no_yaml(&self, at: &Marker, why: &str) -> YamlError {
        self.error(self.offsets.byte(*at), format!("invalid YAML: {why}"))
    }
}
