//! The values at many paths of one JSON text, in one pass over it.

use std::{borrow::Cow, collections::HashMap};

use super::{Walker, readable};

/// Paths that are wanted, as a tree: each step from a value to those within it is taken once.
#[derive(Debug)]
pub struct PathTree {
    /// The first is the root. A node's place here is also that of its value in what is found.
    nodes: Vec<PathNode>,
}

#[derive(Debug, Default)]
struct PathNode {
    is_wanted: bool,
    names: HashMap<Box<str>, usize>,
    /// The same for those names that are also places in an array.
    indices: HashMap<usize, usize>,
}

/// A value that stood at a wanted path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonMatch<'a> {
    /// A string, its escapes undone.
    Text(Cow<'a, str>),
    /// The same where it came as bytes, from a form.
    Bytes(Cow<'a, [u8]>),
    /// Anything else, as it was written.
    Json(Cow<'a, str>),
}

impl Default for PathTree {
    fn default() -> Self {
        Self { nodes: vec![PathNode::default()] }
    }
}

impl PathTree {
    /// The place of the value that everything is within.
    pub const ROOT: usize = 0;

    /// Asks for the value at a path; a step is a member's name or an element's index.
    pub fn insert(&mut self, path: &[Box<str>]) {
        let mut at = Self::ROOT;
        for step in path {
            at = match self.nodes[at].names.get(step) {
                Some(next) => *next,
                None => {
                    let next = self.nodes.len();
                    self.nodes.push(PathNode::default());
                    let node = &mut self.nodes[at];
                    node.names.insert(step.clone(), next);
                    if let Ok(index) = step.parse::<usize>()
                        && index.to_string() == **step
                    {
                        node.indices.insert(index, next);
                    }
                    next
                }
            };
        }
        self.nodes[at].is_wanted = true;
    }

    /// Where the value at a path stands in what is found, if it was asked for.
    pub fn place(&self, path: &[Box<str>]) -> Option<usize> {
        let place = path.iter().try_fold(Self::ROOT, |at, step| self.child(at, step))?;
        self.is_wanted(place).then_some(place)
    }

    /// The place of what is within the value at a place.
    pub fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.nodes.get(at)?.names.get(name).copied()
    }

    /// Whether the value at a place is wanted itself, and not only something within it.
    pub fn is_wanted(&self, at: usize) -> bool {
        self.nodes.get(at).is_some_and(|node| node.is_wanted)
    }

    /// How many places there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
}

/// What a JSON text has at the wanted paths, by place; `from` is the place of the text itself. Of
/// several members of one name the last counts, as for `JSON.parse`. A text that was cut off, or is
/// no JSON from somewhere on, is read as far as it goes.
pub fn gather<'a>(json: &'a [u8], tree: &PathTree, from: usize) -> Vec<Option<JsonMatch<'a>>> {
    let mut found = vec![None; tree.count()];
    if let Some(text) = readable(json) {
        Walker { text, at: 0 }.gather(tree, from, &mut found);
    }
    found
}

impl<'a> Walker<'a> {
    /// Goes past the next value. As deep as the tree and no deeper.
    fn gather(
        &mut self,
        tree: &PathTree,
        place: usize,
        found: &mut [Option<JsonMatch<'a>>],
    ) -> Option<()> {
        self.skip_space();
        let start = self.at;
        let node = tree.nodes.get(place)?;
        match self.peek()? {
            b'"' if node.is_wanted => {
                let text = self.string()?;
                *found.get_mut(place)? = Some(JsonMatch::Text(text));
                return Some(());
            }
            b'{' if !node.names.is_empty() => self.gather_members(tree, node, found)?,
            b'[' if !node.indices.is_empty() => self.gather_elements(tree, node, found)?,
            _ => self.skip()?,
        }
        if node.is_wanted {
            *found.get_mut(place)? = Some(JsonMatch::Json(self.text[start..self.at].into()));
        }
        Some(())
    }

    fn gather_members(
        &mut self,
        tree: &PathTree,
        node: &PathNode,
        found: &mut [Option<JsonMatch<'a>>],
    ) -> Option<()> {
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek()? {
                b'}' => break,
                b',' => {
                    self.at += 1;
                    continue;
                }
                b'"' => {}
                _ => return None,
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            match node.names.get(&*name) {
                Some(&place) => self.gather(tree, place, found)?,
                None => self.skip()?,
            }
        }
        self.at += 1;
        Some(())
    }

    fn gather_elements(
        &mut self,
        tree: &PathTree,
        node: &PathNode,
        found: &mut [Option<JsonMatch<'a>>],
    ) -> Option<()> {
        self.at += 1;
        for index in 0.. {
            self.skip_space();
            if self.peek()? == b',' {
                self.at += 1;
                self.skip_space();
            }
            if self.peek()? == b']' {
                break;
            }
            match node.indices.get(&index) {
                Some(&place) => self.gather(tree, place, found)?,
                None => self.skip()?,
            }
        }
        self.at += 1;
        Some(())
    }
}
