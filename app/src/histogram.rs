//! The data of the scope, an endpoint's time line: counts of requests over time, updated by each
//! arrival. Pure: no signals, no page.

use std::fmt::Write as _;

use crate::{
    format::joined,
    time_window::{PARTS, TimeWindow},
    wire::{Count, Counts, Summary, Timestamp},
};

/// The distinguished methods, each with the name of its colour.
pub(crate) const KINDS: [(&str, &str); 6] = [
    ("GET", "read"),
    ("POST", "post"),
    ("PUT", "put"),
    ("PATCH", "patch"),
    ("DELETE", "delete"),
    ("other", "other"),
];

/// The drawing's units: the width of a tick, the gap on each side, and the maximum height.
pub(crate) const TICK_WIDTH: usize = 10;
const GAP: usize = 1;
pub(crate) const HEIGHT: u64 = 1_000;

/// The minimum height of a tick, so that it stays visible.
const LEAST_HEIGHT: u64 = 90;

/// A tick of this many has the full height if there is no higher one: small counts are drawn low.
const FULL: u64 = 6;

/// The possible steps between labels, in seconds.
const STEPS_S: [i64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 2_592_000, 31_536_000,
];

/// The maximum number of labels.
const LABELS: i64 = 7;

/// The requests in one part of the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tick {
    /// The number of each kind, in the order of `KINDS`.
    kinds: [u64; KINDS.len()],
    /// The number of refused requests among all of them.
    pub(crate) refused: u64,
}

impl Tick {
    /// Returns the number of requests.
    pub(crate) fn total(&self) -> u64 {
        self.kinds.iter().sum()
    }

    fn add(&mut self, method: &str, count: u64) {
        let other = KINDS.len() - 1;
        let kind = KINDS.iter().position(|(name, _)| *name == method).unwrap_or(other);
        self.kinds[kind] += count;
    }

    fn merge(&mut self, other: &Self) {
        for (kind, count) in self.kinds.iter_mut().zip(other.kinds) {
            *kind += count;
        }
        self.refused += other.refused;
    }
}

/// The time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Histogram {
    span: TimeWindow,
    from_us: i64,
    part_us: i64,
    ticks: Vec<Tick>,
    /// Whether some requests may not have been counted.
    pub(crate) is_partial: bool,
}

impl Histogram {
    /// Returns the time line of `span` with the server's counts.
    pub(crate) fn new(span: TimeWindow, counts: &Counts) -> Self {
        let parts = counts.buckets.clamp(1, 500);
        let from_us = counts.from.as_micros();
        let length_us = counts.to.as_micros().saturating_sub(from_us);
        // Rounded up, so that the last part includes the end of the counted span.
        let part_us = length_us.saturating_add(i64::from(parts) - 1) / i64::from(parts);
        let mut ticks = vec![Tick::default(); usize::try_from(parts).unwrap_or_default()];
        for Count { bucket, methods, refused, .. } in &counts.counts {
            let tick = usize::try_from(*bucket).ok().and_then(|bucket| ticks.get_mut(bucket));
            let Some(tick) = tick else { continue };
            for (method, count) in methods {
                tick.add(method, *count);
            }
            tick.refused += refused;
        }
        Self { span, from_us, part_us: part_us.max(1), ticks, is_partial: !counts.is_complete }
    }

    /// Adds an arrival.
    pub(crate) fn add(&mut self, summary: &Summary) {
        self.slide(summary.received_at);
        if let Some(tick) = self.part_at(summary.received_at).and_then(|at| self.ticks.get_mut(at))
        {
            tick.add(&summary.method, 1);
            tick.refused += u64::from(summary.refused.is_some());
        }
    }

    /// Returns whether `now` is after the end of a line that moves with the time.
    pub(crate) fn is_behind(&self, now: Timestamp) -> bool {
        !matches!(self.span, TimeWindow::Between(..)) && now.as_micros() >= self.end_us()
    }

    /// Extends the line to `now`: a line with a moving start drops at the beginning what it gains
    /// at the end; a line over all requests grows, and is coarsened once it has twice its initial
    /// number of parts.
    pub(crate) fn slide(&mut self, now: Timestamp) {
        if !self.is_behind(now) {
            return;
        }
        let missing = now.as_micros().saturating_sub(self.end_us()) / self.part_us + 1;
        let parts = usize::try_from(PARTS).unwrap_or_default();
        if self.span != TimeWindow::All {
            let missing = usize::try_from(missing).unwrap_or(usize::MAX);
            let lost = missing.min(self.ticks.len());
            self.from_us += self.part_us.saturating_mul(i64::try_from(missing).unwrap_or(i64::MAX));
            self.ticks.drain(..lost);
            self.ticks.resize(self.ticks.len() + lost, Tick::default());
            return;
        }
        let mut missing = missing;
        while missing >= i64::from(PARTS) {
            self.coarsen();
            missing = now.as_micros().saturating_sub(self.end_us()) / self.part_us + 1;
        }
        self.ticks.resize(
            self.ticks.len() + usize::try_from(missing).unwrap_or_default(),
            Tick::default(),
        );
        if self.ticks.len() > 2 * parts {
            self.coarsen();
        }
    }

    /// Returns the number of all requests.
    pub(crate) fn total(&self) -> u64 {
        self.ticks.iter().map(Tick::total).sum()
    }

    /// Returns the parts of the time line, oldest first.
    pub(crate) fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Returns the start of a part; the number of parts gives the end of the line.
    pub(crate) fn time_of(&self, part: usize) -> Timestamp {
        let part = i64::try_from(part).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.from_us.saturating_add(self.part_us.saturating_mul(part)))
    }

    /// Returns the part with the most requests; `None` if there are none.
    pub(crate) fn busiest(&self) -> Option<usize> {
        let most = self.ticks.iter().map(Tick::total).max().filter(|most| *most > 0)?;
        self.ticks.iter().position(|tick| tick.total() == most)
    }

    /// Returns the sum of these parts.
    pub(crate) fn count(&self, from: usize, to: usize) -> Tick {
        let mut sum = Tick::default();
        for tick in self.ticks.iter().take(to).skip(from) {
            sum.merge(tick);
        }
        sum
    }

    /// Returns the outlines of all ticks as SVG paths, one for each of `KINDS` and one for refused
    /// requests. The height grows less than linearly: a single request is visible beside a
    /// thousand.
    pub(crate) fn paths(&self) -> [String; KINDS.len() + 1] {
        let most = self.ticks.iter().map(Tick::total).max().unwrap_or_default().max(FULL);
        let mut paths = [const { String::new() }; KINDS.len() + 1];
        for (part, tick) in self.ticks.iter().enumerate() {
            let total = tick.total();
            if total == 0 {
                continue;
            }
            let height = (total * HEIGHT * HEIGHT / most).isqrt().max(LEAST_HEIGHT);
            let mut below = 0;
            for (kind, count) in tick.kinds.iter().enumerate().filter(|(_, count)| **count > 0) {
                let from = HEIGHT - height * below / total;
                below += count;
                bar(&mut paths[kind], part, from, HEIGHT - height * below / total);
            }
            if tick.refused > 0 {
                let refused = (height * tick.refused / total).max(LEAST_HEIGHT / 2);
                let top = HEIGHT - height;
                bar(&mut paths[KINDS.len()], part, top + refused, top);
            }
        }
        paths
    }

    /// Returns the positions of labels, in thousandths of the width, with the time of each, and the
    /// precision of the labels: days, seconds, or else minutes.
    pub(crate) fn labels(&self) -> (Vec<(i64, Timestamp)>, Fineness) {
        let length_us = self.end_us().saturating_sub(self.from_us).max(1);
        let step_s = STEPS_S.into_iter().find(|step| length_us / (step * 1_000_000) <= LABELS);
        let step_s = step_s.unwrap_or(length_us / LABELS / 1_000_000).max(1);
        let step_us = step_s * 1_000_000;
        let mut labels = Vec::new();
        let mut at_us = (self.from_us.div_euclid(step_us) + 1).saturating_mul(step_us);
        while at_us < self.end_us() && labels.len() < 12 {
            let place = i128::from(at_us - self.from_us) * 1_000 / i128::from(length_us);
            let place = i64::try_from(place).unwrap_or_default();
            // At the very edges they would be cut off.
            if (30..=970).contains(&place) {
                labels.push((place, Timestamp::from_micros(at_us)));
            }
            at_us = at_us.saturating_add(step_us);
        }
        let fineness = match step_s {
            86_400.. => Fineness::Days,
            60..86_400 => Fineness::Minutes,
            _ => Fineness::Seconds,
        };
        (labels, fineness)
    }

    /// Returns the precision that the time of a part needs.
    pub(crate) fn fineness(&self) -> Fineness {
        if self.end_us().saturating_sub(self.from_us) > 86_400_000_000 {
            Fineness::Full
        } else if self.part_us < 60_000_000 {
            Fineness::Seconds
        } else {
            Fineness::Minutes
        }
    }

    fn end_us(&self) -> i64 {
        let parts = i64::try_from(self.ticks.len()).unwrap_or(i64::MAX);
        self.from_us.saturating_add(self.part_us.saturating_mul(parts))
    }

    fn part_at(&self, at: Timestamp) -> Option<usize> {
        let since = at.as_micros().checked_sub(self.from_us)?;
        if since < 0 { None } else { usize::try_from(since / self.part_us).ok() }
    }

    /// Merges each pair of parts into one.
    fn coarsen(&mut self) {
        let mut ticks = Vec::with_capacity(self.ticks.len().div_ceil(2));
        for pair in self.ticks.chunks(2) {
            let mut tick = Tick::default();
            pair.iter().for_each(|part| tick.merge(part));
            ticks.push(tick);
        }
        self.ticks = ticks;
        self.part_us = self.part_us.saturating_mul(2);
    }
}

/// The precision of a time on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fineness {
    /// The date.
    Days,
    /// The date, hours and minutes.
    Full,
    /// Hours and minutes.
    Minutes,
    /// Seconds too.
    Seconds,
}

/// Returns a position on the line in SVG's form: `12.5%` for 125 thousandths.
pub(crate) fn percent(thousandths: i64) -> String {
    joined(&[&(thousandths / 10).to_string(), ".", &(thousandths % 10).to_string(), "%"])
}

/// Adds the outline of a bar in one part, from one height (counted from above) up to another.
fn bar(path: &mut String, part: usize, from: u64, to: u64) {
    let x = part * TICK_WIDTH + GAP;
    let width = TICK_WIDTH - 2 * GAP;
    // Writing to a string cannot fail.
    let _ = write!(path, "M{x} {from}V{to}h{width}V{from}z");
}

#[cfg(test)]
mod tests;
