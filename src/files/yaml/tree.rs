//! YAML as a tree whose nodes have their positions.
//!
//! The text may be hostile. An alias refers to the node of its anchor, so the tree has that node only once. The
//! size that the tree would have with all aliases expanded is limited: a walk over the tree takes time in proportion
//! to the text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::place::{Offsets, YamlError};

/// Maximum depth of mappings and lists. No Kubernetes object has half of it.
const MAX_DEPTH: usize = 128;
/// Weight that a text of any length may have, and the bytes of text that allow each further unit. A value has a
/// weight of one, and so have 16 bytes of a scalar.
const FREE_WEIGHT: usize = 100_000;
const BYTES_PER_WEIGHT: usize = 4;

/// Index of a node of a [`Tree`].
pub(crate) type NodeId = usize;

/// All documents of a text.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Node<'a>>,
    pub(crate) documents: Vec<NodeId>,
}

/// Value, with the bytes of the text that it is written in.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) value: Value<'a>,
    pub(crate) range: Range<usize>,
}

#[derive(Debug)]
pub(crate) enum Value<'a> {
    Scalar(Scalar<'a>),
    List(Vec<NodeId>),
    /// Keys are scalars without duplicates. Merged mappings (`<<`) are expanded.
    Mapping(Vec<(NodeId, NodeId)>),
}

#[derive(Debug)]
pub(crate) struct Scalar<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) style: ScalarStyle,
    /// True if the scalar is tagged as a string, so that it is never a number or a boolean.
    pub(crate) is_text: bool,
    /// True if the bytes of the node begin with an anchor or a tag.
    pub(crate) has_properties: bool,
}

impl<'a> Tree<'a> {
    /// Reads all documents.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not YAML, if a mapping has a duplicate key or a key that is not a scalar, or
    /// if the text is too deep, or too large with its aliases expanded.
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

    /// Returns the text of a scalar.
    pub(crate) fn text_of(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// Returns the value of a key.
    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let Value::Mapping(pairs) = &self.node(id).value else {
            return None;
        };
        let is_it = |pair: &&(NodeId, NodeId)| self.text_of(pair.0) == Some(key);
        pairs.iter().find(is_it).map(|(_, value)| *value)
    }

    /// Returns an error at a node.
    pub(crate) fn error(&self, id: NodeId, message: impl Into<String>) -> YamlError {
        YamlError::new(self.text, self.node(id).range.start, message)
    }
}

/// Builder of the tree from the events of the parser.
struct Reader<'a> {
    tree: Tree<'a>,
    offsets: Offsets<'a>,
    /// Mappings and lists that are not closed.
    open: Vec<Open>,
    /// Closed nodes that have an anchor.
    anchors: HashMap<usize, Anchored>,
    /// Weight of the whole tree, with aliases expanded.
    weight: usize,
    max_weight: usize,
}

struct Open {
    is_mapping: bool,
    anchor: usize,
    start: usize,
    /// Weight of everything before the node.
    weight: usize,
    /// Depth of the children.
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
            // An anchor is valid only in its own document.
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

    /// Returns the pairs of keys and values from a list in which they alternate.
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
