//! Compares text by line.

use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::rows::ComparedRows;
use crate::rendering::pieces::grouped;

/// Texts with more lines are not compared.
const MAX_LINES: usize = 20_000;

/// Compares line by line, including line ends.
pub(super) fn compare(old: &[u8], new: &[u8], deadline: Instant, rows: &mut ComparedRows) {
    let lines =
        |text| -> Vec<&[u8]> { <[u8]>::split_inclusive(text, |&byte| byte == b'\n').collect() };
    let (all_old, all_new): (Vec<&[u8]>, Vec<&[u8]>) = (lines(old), lines(new));
    let old = &all_old[..all_old.len().min(MAX_LINES)];
    let new = &all_new[..all_new.len().min(MAX_LINES)];
    let ops = capture_diff_slices_deadline(Algorithm::Patience, old, new, Some(deadline));
    for op in ops {
        let (before, after) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            for line in after {
                rows.same("", without_end(new[line]));
                rows.numbered(line);
            }
            continue;
        }
        for line in before {
            rows.removed("", without_end(old[line]));
            rows.numbered(line);
        }
        for line in after {
            rows.added("", without_end(new[line]));
            rows.numbered(line);
        }
    }
    let left = all_old.len().max(all_new.len()).saturating_sub(MAX_LINES);
    if left > 0 {
        rows.say("same", &format!("… {} more lines are not compared", grouped(left)));
    }
}

/// A line without its line feed; a carriage return stays, so that it is visible.
fn without_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}
