//! A short summary of an endpoint's response settings.

use hookglass_wire::{Answering, Reply};

use crate::respond::failure_sequence;

/// Returns the summary; `None` if the settings amount to the default.
pub(crate) fn words(set: &Answering, answered: u64) -> Option<String> {
    let mut words = Vec::new();
    if let Some(programme) = &set.programme
        && !failure_sequence::is_over(programme, answered)
    {
        let standing = failure_sequence::standing(programme, answered);
        words.push(format!("{} ({standing})", failure_sequence::describe(programme)));
    }
    match set.rules.len() {
        0 => {}
        1 => words.push("1 rule".to_owned()),
        rules => words.push(format!("{rules} rules")),
    }
    if set.reply != Reply::default() {
        let Reply { status, delay_ms, .. } = &set.reply;
        words.push(match delay_ms {
            0 => format!("answers {status}"),
            _ if delay_ms.is_multiple_of(1000) => {
                format!("answers {status} after {} s", delay_ms / 1000)
            }
            _ => format!("answers {status} after {delay_ms} ms"),
        });
    }
    if set.reject_bad_signatures {
        words.push("401 on a bad signature".to_owned());
    }
    if !set.handshakes {
        words.push("no handshakes".to_owned());
    }
    (!words.is_empty()).then(|| words.join(" \u{b7} "))
}

#[cfg(test)]
mod tests {
    use hookglass_wire::{Programme, Rule, Step};

    use super::*;

    #[test]
    fn what_is_not_plain_is_said_and_a_programme_that_is_over_is_not() {
        assert_eq!(words(&Answering::default(), 0), None);
        let step = Step { reply: Reply { status: 503, ..Reply::default() }, ..Step::default() };
        let set = Answering {
            reply: Reply { status: 404, delay_ms: 5000, ..Reply::default() },
            rules: vec![Rule::default()],
            programme: Some(Programme { steps: vec![step], ..Programme::default() }),
            handshakes: false,
            ..Answering::default()
        };
        let said = words(&set, 0).unwrap();
        assert_eq!(
            said,
            "503 (0 of 1 done) \u{b7} 1 rule \u{b7} answers 404 after 5 s \u{b7} no handshakes"
        );
        assert!(!words(&set, 1).unwrap().contains("503"));
    }
}
