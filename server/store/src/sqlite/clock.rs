//! The current time for expiry, on a machine whose clock may step.
//!
//! A clock may be wrong for a moment: before the first response of a time server, or by an
//! operator's mistake. Expiry is final, so a step of the wall clock is only trusted after the clock
//! has continued from there for a while. Until then the monotonic clock decides what has expired,
//! and the later of the two clocks decides how long something stays.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hookglass_wire::Timestamp;

/// How far the wall clock may drift from the monotonic one between two readings, in microseconds.
const TOLERANCE_US: i64 = 60 * 1_000_000;
/// How long a wall clock must continue after a step until it is trusted.
const BELIEVED_AFTER: Duration = Duration::from_secs(10 * 60);

/// One reading of the system's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock: microseconds since the epoch.
    pub wall_us: i64,
    /// The monotonic clock: time since some moment before the first reading.
    pub monotonic: Duration,
}

/// Reads the clocks.
pub type ReadClock = Arc<dyn Fn() -> ClockReading + Send + Sync>;

/// Returns the clocks of the system.
pub(super) fn system() -> ReadClock {
    let started = Instant::now();
    Arc::new(move || ClockReading {
        wall_us: Timestamp::now().as_micros(),
        monotonic: started.elapsed(),
    })
}

/// The bounds of the current time, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertainTime {
    /// It is not earlier: whatever ends before this has ended.
    pub(super) earliest_us: i64,
    /// It is not later: durations are counted from this.
    pub(super) latest_us: i64,
}

/// A clock that does not trust every step. A cheap-clone handle.
#[derive(Clone)]
pub(super) struct StoreClock {
    read: ReadClock,
    /// Locked only to compare a few numbers.
    state: Arc<Mutex<ClockState>>,
}

struct ClockState {
    /// The last trusted reading.
    believed: ClockReading,
    step: Option<UnconfirmedStep>,
}

/// A step that is not trusted yet.
#[derive(Clone, Copy)]
struct UnconfirmedStep {
    offset_us: i64,
    /// By the monotonic clock.
    since: Duration,
}

impl StoreClock {
    /// Creates the clock of a database whose newest row is from `last_us`. If that is long ago,
    /// either the wall clock has stepped or the server was unused; the two look the same.
    pub(super) fn new(read: ReadClock, last_us: Option<i64>) -> Self {
        let now = read();
        let believed = ClockReading { wall_us: last_us.unwrap_or(now.wall_us), ..now };
        Self { read, state: Arc::new(Mutex::new(ClockState { believed, step: None })) }
    }

    /// Returns the bounds of the current time.
    pub(super) fn time(&self) -> CertainTime {
        let now = (self.read)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.time(now)
    }
}

impl ClockState {
    fn time(&mut self, now: ClockReading) -> CertainTime {
        let passed = now.monotonic.saturating_sub(self.believed.monotonic);
        let passed_us = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        let expected_us = self.believed.wall_us.saturating_add(passed_us);
        let offset_us = now.wall_us.saturating_sub(expected_us);
        let is_near = |offset_us: i64| offset_us.abs() <= TOLERANCE_US;
        let step = match self.step {
            Some(step) if is_near(offset_us.saturating_sub(step.offset_us)) => step,
            _ => UnconfirmedStep { offset_us, since: now.monotonic },
        };
        if is_near(offset_us) || now.monotonic.saturating_sub(step.since) >= BELIEVED_AFTER {
            (self.believed, self.step) = (now, None);
            return CertainTime { earliest_us: now.wall_us, latest_us: now.wall_us };
        }
        self.step = Some(step);
        CertainTime {
            earliest_us: now.wall_us.min(expected_us),
            latest_us: now.wall_us.max(expected_us),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const YEAR: i64 = 365 * 24 * 60 * 60 * SECOND;
    const START: i64 = 50 * YEAR;

    /// Returns the bounds for readings of wall and monotonic clock, in seconds since the start.
    fn times(last: Option<i64>, readings: &[(i64, u64)]) -> Vec<(i64, i64)> {
        let at = |(wall, monotonic): (i64, u64)| ClockReading {
            wall_us: START + wall * SECOND,
            monotonic: Duration::from_secs(monotonic),
        };
        let mut state = ClockState {
            believed: ClockReading {
                wall_us: START + last.unwrap_or(0) * SECOND,
                monotonic: Duration::ZERO,
            },
            step: None,
        };
        readings
            .iter()
            .map(|&reading| {
                let CertainTime { earliest_us, latest_us } = state.time(at(reading));
                ((earliest_us - START) / SECOND, (latest_us - START) / SECOND)
            })
            .collect()
    }

    #[test]
    fn a_clock_that_goes_on_is_believed() {
        let drifts: Vec<(i64, u64)> =
            (0..100).map(|n| (n * 130, u64::try_from(n).unwrap() * 100)).collect();
        let expected: Vec<(i64, i64)> = drifts.iter().map(|&(wall, _)| (wall, wall)).collect();
        assert_eq!(times(None, &drifts), expected);
    }

    #[test]
    fn a_step_for_a_moment_ends_nothing_and_shortens_nothing() {
        let decade = 10 * YEAR / SECOND;
        let forward = [(1, 1), (decade, 2), (decade + 1, 3), (4, 4)];
        assert_eq!(times(None, &forward), [(1, 1), (2, decade), (3, decade + 1), (4, 4)]);
        let back = [(1, 1), (2 - decade, 2), (3 - decade, 3), (4, 4)];
        assert_eq!(times(None, &back), [(1, 1), (2 - decade, 2), (3 - decade, 3), (4, 4)]);
    }

    #[test]
    fn a_step_that_lasts_is_believed_after_ten_minutes() {
        let day = 24 * 60 * 60;
        for step in [day, -day] {
            let before = (step + 609, 609);
            let readings =
                [(10, 10), (step + 20, 20), before, (step + 621, 621), (step + 622, 622)];
            let told = times(None, &readings);
            assert_eq!(told[2], (step.min(0) + 609, step.max(0) + 609));
            assert_eq!(told[3], (step + 621, step + 621), "believed");
            assert_eq!(told[4], (step + 622, step + 622));
        }
    }

    #[test]
    fn a_clock_that_keeps_stepping_is_not_believed() {
        let readings: Vec<(i64, u64)> =
            (1..20).map(|n: i64| (n * 100_000, u64::try_from(n).unwrap() * 100)).collect();
        for (told, (wall, monotonic)) in times(None, &readings).into_iter().zip(readings) {
            assert_eq!(told, (i64::try_from(monotonic).unwrap(), wall));
        }
    }

    #[test]
    fn after_a_start_what_passed_since_the_newest_row_has_to_be_confirmed() {
        let week = 7 * 24 * 60 * 60;
        let told = times(Some(-week), &[(1, 1), (2, 2), (602, 602)]);
        assert_eq!(told, [(1 - week, 1), (2 - week, 2), (602, 602)]);
        // A clock that starts in the past, before a time server responds.
        let told = times(Some(0), &[(1 - week, 1), (2, 2)]);
        assert_eq!(told, [(1 - week, 1), (2, 2)]);
    }
}
