//! The delay before a lost feed is reopened: pure.

/// The delay before the first attempt, in milliseconds: a server restart takes about this long.
const FIRST_MS: u32 = 500;

/// The maximum delay before later attempts, in milliseconds: as long as a watching person would
/// accept.
const LONGEST_MS: u32 = 8_000;

/// Returns the delay before the attempt number `attempt`, counted from 0, in milliseconds.
/// `random`, from 0 to 1, spreads it over the upper half of its step, so that pages do not all
/// reconnect at once.
pub(super) fn delay_ms(attempt: u32, random: f64) -> u32 {
    let step = FIRST_MS.saturating_mul(1 << attempt.min(16)).min(LONGEST_MS);
    let half = f64::from(step / 2);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to LONGEST_MS, and float casts saturate"
    )]
    let spread = (half * random.clamp(0.0, 1.0)) as u32;
    step / 2 + spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_half_a_second_to_eight() {
        let longest: Vec<u32> = (0..7).map(|attempt| delay_ms(attempt, 1.0)).collect();
        assert_eq!(longest, [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        assert_eq!(delay_ms(u32::MAX, 1.0), LONGEST_MS);
    }

    #[test]
    fn jitter_never_shortens_a_wait_below_half() {
        assert_eq!(delay_ms(0, 0.0), 250);
        assert_eq!(delay_ms(4, 0.5), 6_000);
        assert_eq!(delay_ms(4, f64::NAN), 4_000);
    }
}
