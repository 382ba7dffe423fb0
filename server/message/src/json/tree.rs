//! Finds the values at many paths of one JSON text, in one pass.

use std::{borrow::Cow, collections::HashMap};

use super::{Walker, readable};

/// The requested paths as a tree: shared steps are followed once.
#[derive(Debug)]
pub struct PathTree {
    /// The first is the root. A node's index is also that of its value in the results.
    nodes: Vec<PathNode>,
}

#[derive(Debug, Default)]
struct PathNode {
    is_wanted: bool,
    names: HashMap<Box<str>, usize>,
    /// The same for names that are also array indices.
    indices: HashMap<usize, usize>,
}

/// A value at a requested path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonMatch<'a> {
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// The same as bytes, from a form.
    Bytes(Cow<'a, [u8]>),
    /// Anything else, as written.
    Json(Cow<'a, str>),
}

impl Default for PathTree {
    fn default() -> Self {
        Self { nodes: vec![PathNode::default()] }
    }
}

impl PathTree {
    /// The index of the root value.
    pub const ROOT: usize = 0;

    /// Requests the value at a path; a step is a member's name or an element's index.
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

    /// Returns the index of a path's value in the results, if it was requested.
    pub fn place(&self, path: &[Box<str>]) -> Option<usize> {
        let place = path.iter().try_fold(Self::ROOT, |at, step| self.child(at, step))?;
        self.is_wanted(place).then_some(place)
    }

    /// Returns the index of a child of the value at an index.
    pub fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.nodes.get(at)?.names.get(name).copied()
    }

    /// Whether the value at an index was requested itself, and not only its children.
    pub fn is_wanted(&self, at: usize) -> bool {
        self.nodes.get(at).is_some_and(|node| node.is_wanted)
    }

    /// How many places there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
}

/// Returns the values of a JSON text at the requested paths, by index; `from` is the index of the
/// text itself. Of several members with one name the last counts, as for `JSON.parse`. A text that
/// is truncated or invalid is read up to that point.
pub fn gather<'a>(json: &'a [u8], tree: &PathTree, from: usize) -> Vec<Option<JsonMatch<'a>>> {
    let mut found = vec![None; tree.count()];
    if let Some(text) = readable(json) {
        Walker { text, at: 0 }.gather(tree, from, &mut found);
    }
    found
}

impl<'a> Walker<'a> {
    /// Skips the next value. Recurses as deep as the tree and no deeper.
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
