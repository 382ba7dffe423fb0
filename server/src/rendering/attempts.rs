//! The attempts of a delivery on a time line: when each arrived, how long after the previous one,
//! the response, and where the gap differs from the sender's documentation. Pure.

use hookglass_query::quoted;
use hookglass_senders::sender::{Schedule, naming};
use hookglass_wire::{Attempt, Delivery, Field, Note, Row, Summary};

use super::{fields::field, link, note, pieces::SpanBuilder, row_source::ReadyRows};

/// A gap matches the documentation within this fraction of it (one fourth), or within a few
/// seconds.
const TOLERANCE_PART: i64 = 4;
/// The same in seconds, for short gaps.
const TOLERANCE_S: i64 = 10;
/// The longest line of a gap, in characters.
const LONGEST_LINE: usize = 32;

/// Returns the attempts of a request's delivery: rows, fields and notes.
pub(crate) fn sheet(
    summary: &Summary,
    delivery: Option<&Delivery>,
) -> (ReadyRows, Vec<Field>, Vec<Note>) {
    let Some(delivery) = delivery else {
        let text = "No other request is known to be a try of the same delivery: it carries no id \
                    that is known, and none with an equal body came within a day.";
        return (ReadyRows(Vec::new()), Vec::new(), vec![note("info", text)]);
    };
    let sender = summary.sender.as_deref();
    let naming = sender.and_then(naming);
    let schedule = naming.and_then(|naming| naming.schedule);
    let mut rows = Vec::new();
    let mut date = String::new();
    let mut before: Option<&Attempt> = None;
    let width = delivery.attempts.iter().map(|attempt| attempt.seq.to_string().len() + 1).max();
    for attempt in &delivery.attempts {
        if let Some(text) = missing(before.map_or(0, |before| before.attempt), attempt.attempt) {
            rows.push(heading(&text));
        }
        let at = attempt.received_at.to_string();
        let (day, clock) = at.trim_end_matches('Z').split_once('T').unwrap_or((&at, ""));
        if day != date {
            rows.push(heading(&format!("{day} UTC")));
            day.clone_into(&mut date);
        }
        let gap = before.map(|before| gap_us(before, attempt));
        let documented = before.and_then(|before| differs(schedule, before, attempt));
        rows.push(Row {
            margin: Some(attempt.attempt.to_string()),
            mark: (attempt.seq == summary.seq).then(|| "this".to_owned()),
            pieces: line(
                summary,
                attempt,
                width.unwrap_or_default(),
                clock,
                gap,
                documented.as_deref(),
            ),
            ..Row::default()
        });
        before = Some(attempt);
    }
    let mut notes = notes(delivery, schedule);
    let caveat = naming.and_then(|naming| naming.caveat).filter(|_| !delivery.guessed);
    notes.extend(caveat.map(|caveat| note("info", caveat)));
    (ReadyRows(rows), fields(summary, delivery, schedule), notes)
}

fn heading(text: &str) -> Row {
    Row { mark: Some("heading".to_owned()), pieces: SpanBuilder::of("", text), ..Row::default() }
}

/// The text for attempts that are missing between two known ones.
fn missing(last: u32, next: u32) -> Option<String> {
    let from = last + 1;
    match next.checked_sub(from)? {
        0 => None,
        1 => Some(format!("Try {from} is not kept, or did not come here.")),
        _ => Some(format!("Tries {from} to {} are not kept, or did not come here.", next - 1)),
    }
}

fn line(
    summary: &Summary,
    attempt: &Attempt,
    width: usize,
    clock: &str,
    gap: Option<i64>,
    documented: Option<&str>,
) -> Vec<hookglass_wire::Piece> {
    let mut pieces = SpanBuilder::default();
    let name = format!("#{}", attempt.seq);
    let href = format!("/inspect/{}/{}?tab=attempts", summary.endpoint, attempt.seq);
    pieces.say(&link(&href), &name);
    // Milliseconds are enough to tell attempts apart.
    let clock = clock.get(..12).unwrap_or(clock);
    pieces.say("", &format!("{:1$}{clock}  ", "", width.saturating_sub(name.len()) + 2));
    match attempt.status {
        Some(status) => {
            let kind = if status < 400 { "ok" } else { "bad" };
            pieces.say(kind, &status.to_string());
        }
        None => pieces.say("quiet", "···"),
    }
    if let Some(gap) = gap {
        pieces.say("quiet", &format!("  {:>13}  ", format!("+ {}", written(gap))));
        pieces.say("line", &"━".repeat(length(gap)));
    }
    if let Some(documented) = documented {
        pieces.say("warn", &format!("  documented: {documented}"));
    }
    pieces.done()
}

/// The length of a gap's line: one more character for each doubling.
fn length(gap_us: i64) -> usize {
    let ms = gap_us.unsigned_abs() / 1_000;
    let bits = u64::BITS - ms.leading_zeros();
    usize::try_from(bits).unwrap_or_default().clamp(1, LONGEST_LINE)
}

fn gap_us(before: &Attempt, attempt: &Attempt) -> i64 {
    attempt.received_at.as_micros().saturating_sub(before.received_at.as_micros())
}

/// The documented gap before an attempt, if the previous attempt is known and the gap differs.
fn differs(schedule: Option<Schedule>, before: &Attempt, attempt: &Attempt) -> Option<String> {
    let schedule = schedule?;
    if before.attempt.checked_add(1)? != attempt.attempt || before.status.is_some_and(is_taken) {
        return None;
    }
    let place = usize::try_from(before.attempt.checked_sub(1)?).ok()?;
    let documented = i64::from(*schedule.gaps_s.get(place)?);
    let off = gap_us(before, attempt).saturating_sub(documented * 1_000_000).saturating_abs();
    let allowed = (documented / TOLERANCE_PART).max(TOLERANCE_S) * 1_000_000;
    (off > allowed).then(|| match documented {
        0 => "at once".to_owned(),
        seconds => format!("+ {}", written(seconds * 1_000_000)),
    })
}

/// Whether senders take this status for a success.
const fn is_taken(status: u16) -> bool {
    status >= 200 && status < 300
}

/// Formats a duration in its two largest useful units.
pub(crate) fn written(us: i64) -> String {
    let sign = if us < 0 { "−" } else { "" };
    let ms = us.unsigned_abs() / 1_000;
    let (s, min, h) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    let two = |large: u64, unit: &str, small: u64, other: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {other}"),
    };
    let text = match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => match ms % 1_000 / 10 {
            0 => format!("{s} s"),
            part => format!("{s}.{part:02} s"),
        },
        60_000..3_600_000 => two(min, "min", s % 60, "s"),
        3_600_000..86_400_000 => two(h, "h", min % 60, "min"),
        _ => two(h / 24, "d", h % 24, "h"),
    };
    format!("{sign}{text}")
}

fn fields(summary: &Summary, delivery: &Delivery, schedule: Option<Schedule>) -> Vec<Field> {
    let mut fields = Vec::new();
    let about = if delivery.guessed {
        "A name of ours: the number of the first with this body."
    } else {
        "The sender's own id, the same in each of its tries."
    };
    fields.push(Field {
        about: Some(about.to_owned()),
        ..field(b"Delivery", delivery.id.as_bytes(), "")
    });
    let count = delivery.attempts.len();
    if count > 1 {
        let query = escaped(&format!("delivery:{}", quoted(&delivery.id)));
        let href = format!("/inspect/{}/{}?tab=attempts&q={query}", summary.endpoint, summary.seq);
        fields.push(Field {
            value: vec![link_piece(&href, &format!("Show the {count} tries alone"))],
            ..field(b"In the list", b"", "")
        });
    }
    if let Some(schedule) = schedule {
        fields.push(Field {
            about: Some("What the sender documents on trying again.".to_owned()),
            standard: Some(schedule.source.to_owned()),
            ..field(b"Documented", schedule.said.as_bytes(), "")
        });
    }
    fields
}

fn link_piece(href: &str, text: &str) -> hookglass_wire::Piece {
    hookglass_wire::Piece(text.to_owned(), link(href))
}

/// Percent-encodes text as a query value (WHATWG URL §5.2).
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn notes(delivery: &Delivery, schedule: Option<Schedule>) -> Vec<Note> {
    let mut notes = Vec::new();
    if delivery.guessed {
        let text = "A guess: these came to the same path with equal bodies within a day. No id of \
                    their delivery is known.";
        notes.push(note("info", text));
    }
    if let [only] = delivery.attempts.as_slice()
        && only.attempt == 1
    {
        notes.push(note("info", "The only try of its delivery so far."));
    }
    let taken = delivery.attempts.windows(2).find_map(|pair| {
        let before = &pair[0];
        before.status.filter(|status| is_taken(*status)).map(|status| (before.seq, status))
    });
    if let Some((seq, status)) = taken
        && !delivery.guessed
    {
        let text = format!(
            "#{seq} was answered {status} and was sent once more all the same: by hand, or the \
             answer came too late for the sender."
        );
        notes.push(note("info", &text));
    }
    let has_other_gaps =
        delivery.attempts.windows(2).any(|pair| differs(schedule, &pair[0], &pair[1]).is_some());
    if has_other_gaps {
        let text = "The gaps are not those that the sender documents.";
        notes.push(note("warn", text));
    }
    notes
}

#[cfg(test)]
mod tests {
    use hookglass_wire::Timestamp;

    use super::*;

    fn attempt(attempt: u32, second: i64, status: u16) -> Attempt {
        Attempt {
            seq: i64::from(attempt) + 10,
            attempt,
            received_at: Timestamp::from_micros(1_795_262_587_000_000 + second * 1_000_000),
            status: Some(status),
        }
    }

    fn shown(sender: &str, attempts: Vec<Attempt>) -> (Vec<String>, Vec<String>) {
        let summary = Summary {
            endpoint: "in".to_owned(),
            seq: 12,
            sender: Some(sender.to_owned()),
            ..Summary::default()
        };
        let delivery = Delivery { id: "msg_1".to_owned(), attempt: 2, attempts, guessed: false };
        let (rows, _, notes) = sheet(&summary, Some(&delivery));
        let text = |row: &Row| row.pieces.iter().map(|piece| piece.0.as_str()).collect();
        (rows.0.iter().map(text).collect(), notes.into_iter().map(|note| note.text).collect())
    }

    #[test]
    fn tries_stand_on_a_line_with_the_gaps_between_them() {
        let tries = vec![attempt(1, 0, 503), attempt(2, 5, 503), attempt(3, 305, 200)];
        let (rows, notes) = shown("Svix", tries);
        assert_eq!(rows[0], "2026-11-21 UTC");
        assert_eq!(rows[1], "#11  12:03:07.000  503");
        assert_eq!(rows[2], format!("#12  12:03:12.000  503          + 5 s  {}", "━".repeat(13)));
        assert!(rows[3].contains("+ 5 min"), "{rows:?}");
        assert_eq!((rows.len(), notes), (4, Vec::<String>::new()));
    }

    #[test]
    fn a_gap_that_is_not_the_documented_one_says_so() {
        let (rows, notes) = shown("Svix", vec![attempt(1, 0, 503), attempt(2, 60, 503)]);
        assert!(rows[2].ends_with("documented: + 5 s"), "{rows:?}");
        assert!(notes[0].contains("documents"), "{notes:?}");
        let (rows, notes) = shown("nobody", vec![attempt(1, 0, 503), attempt(2, 60, 503)]);
        assert!(!rows[2].contains("documented") && notes.is_empty());
    }

    #[test]
    fn tries_that_are_missing_leave_a_line() {
        let (rows, _) = shown("Svix", vec![attempt(2, 0, 503), attempt(5, 60, 503)]);
        assert_eq!(rows[0], "Try 1 is not kept, or did not come here.");
        assert_eq!(rows[3], "Tries 3 to 4 are not kept, or did not come here.");
    }

    #[test]
    fn what_was_taken_and_came_again_is_told() {
        let (rows, notes) = shown("Svix", vec![attempt(1, 0, 200), attempt(2, 900, 200)]);
        assert!(notes[0].starts_with("#11 was answered 200"), "{notes:?}");
        assert!(!rows[2].contains("documented"), "nobody documents that");
    }

    #[test]
    fn durations_are_written_in_two_units() {
        for (us, text) in [
            (0, "0 ms"),
            (999_999, "999 ms"),
            (5_020_000, "5.02 s"),
            (60_000_000, "1 min"),
            (303_000_000, "5 min 3 s"),
            (7_500_000_000, "2 h 5 min"),
            (93_600_000_000, "1 d 2 h"),
            (-1_000_000, "−1 s"),
        ] {
            assert_eq!(written(us), text);
        }
    }
}
