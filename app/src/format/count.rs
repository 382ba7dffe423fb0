//! Counts and durations for people.

/// Returns a count with its noun: `1 request`, `1,204 requests`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Returns a number with thousands separators: `26,214,400`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a duration, given in microseconds, in a suitable unit: `420 µs`, `12.4 ms`, `3.0 s`,
/// `125 s`.
#[must_use]
pub fn duration(micros: u64) -> String {
    if micros < 1_000 {
        format!("{micros} µs")
    } else if micros < 1_000_000 {
        tenths(micros / 100, "ms")
    } else {
        tenths(micros / 100_000, "s")
    }
}

fn tenths(tenths: u64, unit: &str) -> String {
    if tenths < 1_000 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(26_214_400), "26,214,400");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "request", "requests"), "1 request");
        assert_eq!(counted(0, "request", "requests"), "0 requests");
        assert_eq!(counted(1_204, "request", "requests"), "1,204 requests");
    }

    #[test]
    fn durations_take_the_unit_that_suits_them() {
        assert_eq!(duration(0), "0 µs");
        assert_eq!(duration(999), "999 µs");
        assert_eq!(duration(12_449), "12.4 ms");
        assert_eq!(duration(999_999), "999 ms");
        assert_eq!(duration(3_000_000), "3.0 s");
        assert_eq!(duration(125_400_000), "125 s");
    }
}
