//! Why a request was refused, in sentences: the limit, its value, the sender's response, and
//! possible actions.

use super::{bytes, count::grouped, joined};
use crate::wire::Refused;

/// The unit of a limit's value.
#[derive(Clone, Copy)]
enum Unit {
    Bytes,
    Count,
    Seconds,
    /// The limit has no value.
    None,
}

/// The wording for a limit: the text before its value and after it, the sender's response, and
/// possible actions.
struct Words(&'static str, Unit, &'static str, &'static str, &'static str);

const TOO_SLOW: &str = "The sender or its network was too slow.";
const COMES_AGAIN: &str = "429 and when to come again";
const FEW_LISTED: &str = "At most 10 such requests a minute are listed.";

/// Returns the sentences for a refusal. Unknown limits appear under their wire name.
#[must_use]
pub fn sentences(refused: &Refused) -> String {
    let limit = refused.limit.as_str();
    let Words(before, unit, behind, got, advice) = match limit {
        "max-body" => Words(
            "the body is larger than ",
            Unit::Bytes,
            "",
            "413",
            "Let it send less, or raise --max-body of this server.",
        ),
        "max-head" => Words(
            "the head is larger than ",
            Unit::Bytes,
            "",
            "431",
            "Look for a cookie or token that grew out of hand.",
        ),
        "max-fields" => Words(
            "the head has more than ",
            Unit::Count,
            " fields",
            "431",
            "Let it send fewer header fields.",
        ),
        "framing" => Words(
            "where it ends could not be told safely from its head or its chunks",
            Unit::None,
            "",
            "400",
            "The sender, or a proxy on the way, writes HTTP that programs read differently.",
        ),
        "head-timeout" => {
            Words("the head was not complete after ", Unit::Seconds, "", "408", TOO_SLOW)
        }
        "body-timeout" => Words(
            "the body came to a halt, or took longer than ",
            Unit::Seconds,
            "",
            "408",
            TOO_SLOW,
        ),
        "max-rate-per-endpoint" => Words(
            "more than ",
            Unit::Count,
            " requests a second came to this endpoint",
            COMES_AGAIN,
            FEW_LISTED,
        ),
        "max-rate-per-address" => Words(
            "more than ",
            Unit::Count,
            " requests a second came from this address",
            COMES_AGAIN,
            FEW_LISTED,
        ),
        "max-requests" => Words(
            "the endpoint was full at ",
            Unit::Count,
            " requests",
            "429",
            "Clear it, or let it drop the oldest instead: both are in its menu.",
        ),
        "max-storage" => Words(
            "the storage of this server was full at ",
            Unit::Bytes,
            "",
            "429",
            "Delete what nobody needs any more, or raise --max-storage.",
        ),
        _ => {
            return joined(&[
                "Refused by the limit ",
                limit,
                " of ",
                &grouped(refused.value),
                ". Reload the page: a newer one may say more.",
            ]);
        }
    };
    let value = match unit {
        Unit::Bytes => size(refused.value),
        Unit::Count => grouped(refused.value),
        Unit::Seconds => grouped(refused.value) + " s",
        Unit::None => String::new(),
    };
    joined(&["Refused: ", before, &value, behind, ". The sender got ", got, ". ", advice])
}

/// Returns `26.2 MB (26,214,400 bytes)`; small sizes without the part in brackets.
#[must_use]
pub fn size(size: u64) -> String {
    let short = bytes(size);
    if size < 1_000 { short } else { joined(&[&short, " (", &grouped(size), " bytes)"]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(limit: &str, value: u64) -> String {
        sentences(&Refused { limit: limit.to_owned(), value })
    }

    #[test]
    fn a_refusal_says_which_limit_its_value_the_answer_and_what_to_do() {
        assert_eq!(
            of("max-body", 26_214_400),
            "Refused: the body is larger than 26.2 MB (26,214,400 bytes). The sender got 413. \
             Let it send less, or raise --max-body of this server."
        );
        assert_eq!(
            of("max-rate-per-endpoint", 1_000),
            "Refused: more than 1,000 requests a second came to this endpoint. The sender got 429 \
             and when to come again. At most 10 such requests a minute are listed."
        );
        assert_eq!(
            of("head-timeout", 10),
            "Refused: the head was not complete after 10 s. The sender got 408. The sender or its \
             network was too slow."
        );
    }

    #[test]
    fn every_limit_has_its_own_words() {
        let limits = [
            ("max-body", "413"),
            ("max-head", "431"),
            ("max-fields", "431"),
            ("framing", "400"),
            ("head-timeout", "408"),
            ("body-timeout", "408"),
            ("max-rate-per-endpoint", "429"),
            ("max-rate-per-address", "429"),
            ("max-requests", "429"),
            ("max-storage", "429"),
        ];
        let mut seen = std::collections::BTreeSet::new();
        for (limit, status) in limits {
            let text = of(limit, 64_000);
            assert!(text.contains(&format!("The sender got {status}")), "{limit}: {text}");
            assert!(!text.contains("Reload"), "{limit}: {text}");
            // Only `framing` has no value.
            assert_eq!(text.contains("64"), limit != "framing", "{limit}: {text}");
            assert!(seen.insert(text), "{limit}");
        }
    }

    #[test]
    fn a_limit_of_a_newer_server_is_named() {
        assert_eq!(
            of("max-moons", 3),
            "Refused by the limit max-moons of 3. Reload the page: a newer one may say more."
        );
    }

    #[test]
    fn small_sizes_are_not_said_twice() {
        assert_eq!(size(512), "512 B");
        assert_eq!(size(65_536), "65.5 kB (65,536 bytes)");
    }
}
