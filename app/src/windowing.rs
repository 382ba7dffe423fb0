//! Which rows of a long list are rendered: the visible ones, and a few around them. Pure; the
//! list's component measures its position on the screen.

use std::ops::Range;

/// The number of rows rendered beyond the visible ones: about as many as a flick moves within a
/// frame or two.
const BEYOND_ROWS: usize = 12;

/// The rendered rows change in steps of this many, so that most scrolling changes nothing.
const STEP_ROWS: usize = 8;

/// The visible area of a list whose rows have equal heights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sight {
    /// How far the list's first row is above the upper edge of the visible area; negative below it.
    pub(crate) top_px: f64,
    /// The height of the visible area.
    pub(crate) height_px: f64,
    /// The height of a row, above 0.
    pub(crate) row_px: f64,
}

impl Sight {
    /// Returns which rows of `total` are rendered.
    pub(crate) fn drawn(&self, total: usize) -> Range<usize> {
        // A list that was shortened may end above the visible area: then its end is rendered.
        let first = self.row_at(self.top_px).min(total).saturating_sub(BEYOND_ROWS);
        let last = self.row_at(self.top_px + self.height_px) + BEYOND_ROWS;
        first / STEP_ROWS * STEP_ROWS..last.next_multiple_of(STEP_ROWS).min(total)
    }

    /// Returns the first row that is entirely below the upper edge: the one being read.
    pub(crate) fn first(&self) -> usize {
        self.row_at(self.top_px + self.row_px - 1.0)
    }

    /// Returns the row after the last one that is at least partly visible.
    pub(crate) fn end(&self) -> usize {
        self.row_at(self.top_px + self.height_px) + 1
    }

    /// Returns by how many pixels the list must be scrolled forward (or back, if negative) to make
    /// a row visible.
    pub(crate) fn way_to(&self, row: usize) -> f64 {
        let top = px(row) * self.row_px - self.top_px;
        let below = top + self.row_px - self.height_px;
        if top < 0.0 { top } else { below.max(0.0) }
    }

    fn row_at(&self, px: f64) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let row = (px / self.row_px).max(0.0) as usize;
        row
    }
}

/// Converts a number of rows for computations with pixels.
pub(crate) fn px(rows: usize) -> f64 {
    // No list is longer than 2^32 rows.
    u32::try_from(rows).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn sight(top_px: f64) -> Sight {
        Sight { top_px, height_px: 600.0, row_px: 36.0 }
    }

    #[test]
    fn what_is_seen_is_drawn_with_a_few_around_it() {
        assert_eq!(sight(0.0).drawn(10_000), 0..32);
        assert_eq!(sight(36_000.0).drawn(10_000), 984..1_032);
        assert_eq!(sight(0.0).drawn(5), 0..5);
        assert_eq!(sight(0.0).drawn(0), 0..0);
        assert_eq!(sight(36_000.0).drawn(10), 0..10);
        assert_eq!(sight(36_000.0).drawn(500), 488..500);
    }

    #[test]
    fn the_row_that_one_reads_is_the_first_whole_one() {
        assert_eq!(sight(-20.0).first(), 0);
        assert_eq!(sight(0.0).first(), 0);
        assert_eq!(sight(1.0).first(), 1);
        assert_eq!(sight(36.0).first(), 1);
    }

    #[test]
    fn a_row_is_brought_into_sight_by_the_shortest_way() {
        assert!((sight(0.0).way_to(3)).abs() < 0.1);
        assert!((sight(360.0).way_to(3) + 252.0).abs() < 0.1);
        assert!((sight(0.0).way_to(100) - 3_036.0).abs() < 0.1);
    }

    proptest! {
        #[test]
        fn every_row_in_sight_is_drawn_and_never_many(top in -1e6..1e7_f64, total in 0..100_000_usize) {
            let sight = sight(top);
            let drawn = sight.drawn(total);
            prop_assert!(drawn.len() <= 64);
            prop_assert!(drawn.start <= drawn.end && drawn.end <= total);
            prop_assert!(!drawn.is_empty() || total == 0);
            for row in sight.first()..sight.end().min(total) {
                prop_assert!(drawn.contains(&row));
            }
        }
    }
}
