//! JSON as a tree of rows: one member, element or closing bracket per row, with every token exactly
//! as sent. Folded rows are left out; the rest after a syntax error follows as text.

mod index;
mod path;

use std::collections::HashSet;

use hookglass_message::json::token::scalar_end;
pub(crate) use hookglass_message::json::token::{space_end, string_end};
use hookglass_wire::Row;

pub(crate) use self::{index::JsonIndex, path::value};
use super::{
    find::Highlighter,
    lines::{ROW_BYTES, TextRows},
    pieces::{SpanBuilder, grouped},
    row_source::{FOUND_ROWS, RowSource, number},
    tokens::{self, Tokens},
};

/// A tree with at most this many lines starts unfolded.
const OPEN_LINES: usize = 300;
/// Larger trees are folded below this depth.
const FOLD_DEPTH: u16 = 2;

/// Which blocks are folded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folds {
    /// Blocks at this depth or deeper are folded, none at the maximum value; `None` for the best
    /// fit.
    pub(crate) depth: Option<u16>,
    /// The lines of blocks in the opposite state.
    pub(crate) toggled: HashSet<u64>,
}

/// A JSON tree, partly folded.
pub(crate) struct JsonRows<'a> {
    bytes: &'a [u8],
    index: &'a JsonIndex,
    tokens: &'a Tokens,
    /// The visible lines, each with whether it is a folded block.
    visible: Vec<(u32, bool)>,
    /// The lines that match the search text.
    matched: Vec<usize>,
    /// The depth from which blocks are folded.
    pub(crate) depth: Option<u16>,
}

impl<'a> JsonRows<'a> {
    /// Builds the tree of `bytes`, from which `index` was made. Blocks with a match are unfolded.
    pub(crate) fn new(
        (bytes, index, tokens): (&'a [u8], &'a JsonIndex, &'a Tokens),
        folds: &Folds,
        needle: Option<&Highlighter>,
    ) -> Self {
        let fits = if index.lines() <= OPEN_LINES { None } else { Some(FOLD_DEPTH) };
        let depth = folds.depth.or(fits);
        let matched = needle.map(|needle| matched(bytes, index, needle)).unwrap_or_default();
        let held_open = around(index, &matched);
        let is_shut = |block: usize| {
            let line = index.blocks[block].line;
            let is_deep = depth
                .is_some_and(|depth| depth < u16::MAX && index.depths[as_index(line)] >= depth);
            let is_toggled = folds.toggled.contains(&u64::from(line));
            is_deep != is_toggled && !held_open.contains(&block)
        };
        let visible = visible(index, is_shut);
        Self { bytes, index, tokens, visible, matched, depth }
    }

    fn rest(&self) -> TextRows<'a> {
        let start = self.index.rest;
        let bytes = self.bytes.get(start..).unwrap_or_default();
        let (tokens, lines) = (self.tokens, &self.index.rest_lines);
        TextRows { bytes, tokens, start, lines, kind: "invalid" }
    }

    fn line(&self, line: usize, is_shut: bool) -> Row {
        let start = self.index.start(line);
        let block = self.index.block_at(line);
        let mut row = Row {
            line: number(line),
            depth: self.index.depths.get(line).copied().unwrap_or_default(),
            fold: block.map(|_| if is_shut { "shut" } else { "open" }.to_owned()),
            ..Row::default()
        };
        let mut pieces = SpanBuilder::default();
        let mut at = start;
        let mut is_token = false;
        let mut room = ROW_BYTES;
        if self.peek(at) == Some(b'"')
            && let Ok(end) = string_end(self.bytes, at)
        {
            let colon = space_end(self.bytes, end);
            if self.peek(colon) == Some(b':') {
                let key = &self.bytes[at..end];
                is_token = tokens::is_member(&key[1..key.len() - 1]);
                pieces.push_start("key", key, ROW_BYTES / 2);
                room -= key.len().min(ROW_BYTES / 2);
                pieces.say("", ": ");
                at = space_end(self.bytes, colon + 1);
            }
        }
        let end = match self.peek(at) {
            Some(bracket @ (b'{' | b'[')) => {
                let (open, close) = if bracket == b'{' { ("{", "}") } else { ("[", "]") };
                pieces.say("punctuation", open);
                match block.map(|block| self.index.blocks[block]) {
                    None => {
                        pieces.say("punctuation", close);
                        Some(space_end(self.bytes, at + 1) + 1)
                    }
                    Some(block) if is_shut => {
                        let many = grouped(as_index(block.members));
                        let what = match (bracket, block.members) {
                            (b'{', 1) => "member",
                            (b'{', _) => "members",
                            (_, 1) => "element",
                            _ => "elements",
                        };
                        pieces.say("summary", &format!("… {many} {what} "));
                        if block.closed {
                            pieces.say("punctuation", close);
                        }
                        block.closed.then(|| self.index.start(as_index(block.end) - 1) + 1)
                    }
                    Some(_) => None,
                }
            }
            Some(b'}') => {
                pieces.say("punctuation", "}");
                Some(at + 1)
            }
            Some(b']') => {
                pieces.say("punctuation", "]");
                Some(at + 1)
            }
            _ => scalar_end(self.bytes, at).ok().map(|(kind, end)| {
                let kind = if is_token { tokens::marked(kind) } else { kind.to_owned() };
                pieces.push_start(&kind, &self.bytes[at..end], room);
                end
            }),
        };
        let comma = end.map(|end| space_end(self.bytes, end));
        if comma.is_some_and(|at| at < self.index.rest && self.peek(at) == Some(b',')) {
            pieces.say("punctuation", ",");
        }
        row.pieces = pieces.done();
        row
    }

    fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }
}

impl RowSource for JsonRows<'_> {
    fn total(&self) -> usize {
        self.visible.len() + self.index.rest_lines.rows()
    }

    fn row(&self, at: usize) -> Option<Row> {
        if let Some(&(line, is_shut)) = self.visible.get(at) {
            return Some(self.line(as_index(line), is_shut));
        }
        let mut row = self.rest().row(at - self.visible.len())?;
        row.line += number(self.index.lines());
        Some(row)
    }

    fn find(&self, needle: &Highlighter) -> Vec<usize> {
        let lines = self.matched.iter().filter_map(|&line| {
            self.visible.binary_search_by_key(&line, |&(line, _)| as_index(line)).ok()
        });
        let rest = self.rest().find(needle).into_iter().map(|row| self.visible.len() + row);
        lines.chain(rest).take(FOUND_ROWS).collect()
    }
}

/// Returns the lines that match `needle`.
fn matched(bytes: &[u8], index: &JsonIndex, needle: &Highlighter) -> Vec<usize> {
    let mut matched: Vec<usize> = Vec::new();
    let set_out = &bytes[..index.rest.min(bytes.len())];
    // The end of the last matching line: further matches before it are in the same line.
    let mut end = 0;
    needle.each(set_out, |hit| {
        if hit.start >= end {
            let is_before = |&start: &u32| as_index(start) <= hit.start;
            let after = index.starts.partition_point(is_before);
            matched.extend(after.checked_sub(1));
            end = index.start(after);
        }
        matched.len() < FOUND_ROWS
    });
    matched
}

/// Returns the blocks around the given lines, which are in order.
fn around(index: &JsonIndex, lines: &[usize]) -> HashSet<usize> {
    let mut around = HashSet::new();
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for &line in lines {
        while let Some(block) = index.blocks.get(next).filter(|block| as_index(block.line) < line) {
            while open.last().is_some_and(|&last| index.blocks[last].end <= block.line) {
                open.pop();
            }
            open.push(next);
            next += 1;
        }
        while open.last().is_some_and(|&last| as_index(index.blocks[last].end) <= line) {
            open.pop();
        }
        // If a block is known, so are those around it.
        for &block in open.iter().rev() {
            if !around.insert(block) {
                break;
            }
        }
    }
    around
}

/// Returns the lines that are not inside a folded block.
fn visible(index: &JsonIndex, is_shut: impl Fn(usize) -> bool) -> Vec<(u32, bool)> {
    let lines = u32::try_from(index.lines()).unwrap_or(u32::MAX);
    let mut visible = Vec::new();
    let (mut line, mut next) = (0, 0);
    while line < lines {
        match index.blocks.get(next).filter(|block| block.line == line) {
            Some(block) if is_shut(next) => {
                visible.push((line, true));
                line = block.end;
                next += index.blocks[next..].partition_point(|inner| inner.line < line);
            }
            Some(_) => {
                visible.push((line, false));
                line += 1;
                next += 1;
            }
            None => {
                visible.push((line, false));
                line += 1;
            }
        }
    }
    visible
}

/// Converts a number of the index to `usize`.
fn as_index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
