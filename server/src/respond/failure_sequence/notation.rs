//! The text notation of failure sequences: one step per line, `503 x2`, `429 retry-after 30`,
//! `cut`.

use hookglass_wire::{Act, Reply, Step};

use super::{MAX_SECONDS, MAX_STEPS, MAX_TIMES};

/// Parses steps, one per line, or several with `then` between them; ignores empty lines.
///
/// # Errors
/// Which line is wrong, and what to write instead.
pub(crate) fn steps(text: &str) -> Result<Vec<Step>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let steps = lines.flat_map(|(place, line)| {
        let step =
            move |part: String| step(&part).map_err(|what| format!("Line {}: {what}", place + 1));
        parts(line).into_iter().map(step).collect::<Vec<_>>()
    });
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return Err(format!("Write 1 to {MAX_STEPS} steps, such as 503 x2."));
    }
    Ok(steps)
}

/// Splits a line into steps: it may have several, as in the preset name `503, 503, then 200`.
fn parts(line: &str) -> Vec<String> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    let (mut is_after_then, mut is_after_comma) = (false, false);
    for word in line.split_inclusive(',').flat_map(str::split_whitespace) {
        let bare = word.trim_end_matches(',');
        if bare.eq_ignore_ascii_case("then") {
            is_after_then = true;
        } else if !bare.is_empty() {
            if parts.is_empty() || is_after_then || is_after_comma && begins(bare) {
                parts.push(Vec::new());
            }
            parts.last_mut().into_iter().for_each(|part| part.push(bare));
            is_after_then = false;
        }
        is_after_comma = word.ends_with(',');
    }
    parts.into_iter().map(|words| words.join(" ")).collect()
}

/// Whether a word can start a step.
fn begins(word: &str) -> bool {
    let acts = ["cut", "stall", "slow"];
    acts.iter().any(|act| act.eq_ignore_ascii_case(word)) || number(Some(word), 200, 599).is_some()
}

fn step(line: &str) -> Result<Step, String> {
    let mut step = Step { reply: Reply { status: 0, ..Reply::default() }, ..Step::default() };
    let mut words = line.split([' ', '\t', ',', '=', ':']).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "cut" => step.act = Act::Cut,
            "stall" | "slow" => {
                step.act = if word == "slow" { Act::Slow } else { Act::Stall };
                step.seconds = number(words.next(), 1, MAX_SECONDS).ok_or_else(|| {
                    format!("write {word} and 1 to {MAX_SECONDS} seconds: {word} 20.")
                })?;
            }
            "retry-after" => {
                let seconds = number(words.next(), 0, u32::MAX)
                    .ok_or("write retry-after and seconds: 429 retry-after 30.")?;
                step.reply.headers.push(("Retry-After".to_owned(), seconds.to_string()));
            }
            "twice" => step.times = 2,
            word => {
                if let Some(times) = word.strip_prefix('x').or_else(|| word.strip_suffix('x')) {
                    // Also accept `503 x 2`.
                    let times = if times.is_empty() { words.next() } else { Some(times) };
                    step.times = number(times, 1, MAX_TIMES)
                        .ok_or_else(|| format!("write x and 1 to {MAX_TIMES} times: 503 x2."))?;
                } else if step.reply.status == 0
                    && let Some(status) = number(Some(word), 200, 599)
                {
                    step.reply.status = u16::try_from(status).unwrap_or(200);
                } else {
                    return Err(format!(
                        "`{word}` is no step. Write a status (503), cut, stall 60 or slow 20, and \
                         how often (x2); one step a line."
                    ));
                }
            }
        }
    }
    let status = &mut step.reply.status;
    if *status == 0 {
        if step.act == Act::Answer {
            return Err("write a status, 200 to 599.".to_owned());
        }
        *status = 200;
    }
    step.reply.body = match *status {
        204 | 205 | 304 => None,
        200 => Some("ok".to_owned()),
        status => Some(format!("{status} as asked for\n")),
    };
    if step.act == Act::Slow && step.reply.body.is_none() {
        return Err(format!("{} has no body that could be slow.", step.reply.status));
    }
    Ok(step)
}

fn number(word: Option<&str>, from: u32, to: u32) -> Option<u32> {
    word?.parse().ok().filter(|number| (from..=to).contains(number))
}

#[cfg(test)]
mod tests {
    use hookglass_wire::Programme;
    use proptest::prelude::*;

    use super::{super::describe, *};

    #[test]
    fn steps_are_written_a_line_each() {
        let text = "503 x2\n\n429 retry-after 30\r\n429 Retry-After: 5 x 3\ncut\nstall 60\n\
                    slow 20 202\n204\n500 twice";
        let programme = Programme { steps: steps(text).unwrap(), ..Programme::default() };
        assert_eq!(
            describe(&programme),
            "503 twice, 429 with Retry-After: 30, 429 with Retry-After: 5 3 times, cut connection, \
             200 and nothing for 60 s, 202 over 20 s, 204, then 500 twice"
        );
        assert_eq!(programme.steps[6].reply.body, None);
        let read =
            |text| describe(&Programme { steps: steps(text).unwrap(), ..Programme::default() });
        assert_eq!(read("503, 503, then 200"), read("503\n503\n200"));
        assert_eq!(read("503,x2,200 Then cut"), read("503 x2\n200\ncut"));
        assert_eq!(read("429, retry-after 30, stall, 60"), read("429 retry-after 30\nstall 60"));
    }

    #[test]
    fn what_is_no_step_is_said_with_its_line() {
        for (text, says) in [
            ("", "1 to 50 steps"),
            ("503\n100", "Line 2: `100` is no step"),
            ("503 504", "`504` is no step"),
            ("503\n\nabc", "Line 3: `abc`"),
            ("503 x0", "1 to 1000 times"),
            ("503 x1001", "1 to 1000 times"),
            ("stall", "1 to 120 seconds"),
            ("slow 121", "1 to 120 seconds"),
            ("slow 5 204", "204 has no body"),
            ("x2", "write a status"),
            ("429 retry-after soon", "retry-after and seconds"),
        ] {
            let error = steps(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(steps(&"503\n".repeat(50)).is_ok());
        assert!(steps(&"503\n".repeat(51)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_within_bounds(
            text in "((503|cut|stall|slow|x|2|20| |retry-after|\n|99999999999|\u{e9}){0,20})",
        ) {
            for step in steps(&text).unwrap_or_default() {
                prop_assert!((1..=MAX_TIMES).contains(&step.times));
                prop_assert!((1..=MAX_SECONDS).contains(&step.seconds));
                prop_assert!((200..=599).contains(&step.reply.status));
            }
        }
    }
}
