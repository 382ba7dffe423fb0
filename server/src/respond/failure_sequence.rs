//! Failure sequences (`programme` in the API): the current position, the next step, and
//! descriptions for people. Pure: knows neither the sender nor how a step is carried out.

mod notation;

use hookglass_wire::{Act, By, Programme, Reply, Step};

pub(crate) use self::notation::steps;

/// The most steps in a sequence.
pub(crate) const MAX_STEPS: usize = 50;
/// The most repetitions of one step.
pub(crate) const MAX_TIMES: u32 = 1_000;
/// The longest delay of a step, in seconds.
pub(crate) const MAX_SECONDS: u32 = 120;

/// The next step of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next<'p> {
    /// The step's index, from 0.
    pub(crate) index: usize,
    pub(crate) step: &'p Step,
}

/// Returns the next step for a request; `None` if the sequence is over, or the roll spared the
/// request.
///
/// `answered` is the number of requests it has answered before, `attempt` the attempt of the
/// delivery, from 1, if known, `roll` a random number below 100.
pub(crate) fn next(
    programme: &Programme,
    answered: u64,
    attempt: Option<u32>,
    roll: u8,
) -> Option<Next<'_>> {
    let taken = match programme.by {
        By::All => answered,
        By::Attempt => u64::from(attempt.unwrap_or(1).saturating_sub(1)),
    };
    match programme.percent {
        Some(percent) if roll >= percent => None,
        // Endless: the steps in turn.
        Some(_) => step(programme, answered.checked_rem(length(programme))?),
        None => step(programme, taken),
    }
}

/// The step after `taken` responses.
fn step(programme: &Programme, taken: u64) -> Option<Next<'_>> {
    let mut before = 0;
    programme.steps.iter().enumerate().find_map(|(index, step)| {
        before += u64::from(step.times);
        (taken < before).then_some(Next { index, step })
    })
}

/// The number of responses of all steps together.
fn length(programme: &Programme) -> u64 {
    programme.steps.iter().map(|step| u64::from(step.times)).sum()
}

/// How many more requests the sequence answers; `None` if it is endless.
pub(crate) fn remaining(programme: &Programme, answered: u64) -> Option<u64> {
    let ends = programme.percent.is_none() && programme.by == By::All;
    ends.then(|| length(programme).saturating_sub(answered))
}

/// Whether the sequence is complete.
pub(crate) fn is_over(programme: &Programme, answered: u64) -> bool {
    remaining(programme, answered) == Some(0)
}

/// Describes the sequence briefly: `503 twice, then 200`.
pub(crate) fn describe(programme: &Programme) -> String {
    let steps: Vec<String> = programme.steps.iter().map(describe_step).collect();
    let steps = match steps.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{}, then {last}", first.join(", ")),
    };
    match (programme.percent, programme.by) {
        (Some(percent), _) => format!("{percent} % of requests: {steps}"),
        (None, By::Attempt) => format!("{steps}; each delivery by itself"),
        (None, By::All) => steps,
    }
}

/// Describes the position briefly: `1 of 3 done`.
pub(crate) fn standing(programme: &Programme, answered: u64) -> String {
    let plural = if answered == 1 { "" } else { "s" };
    match remaining(programme, answered) {
        None => format!("{answered} request{plural} answered"),
        Some(_) => {
            let length = length(programme);
            format!("{} of {length} done", answered.min(length))
        }
    }
}

/// Describes a step.
pub(crate) fn describe_step(step: &Step) -> String {
    let status = step.reply.status;
    let seconds = step.seconds;
    let retry =
        step.reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    let done = match step.act {
        Act::Answer => match retry {
            Some((_, after)) => format!("{status} with Retry-After: {after}"),
            None => status.to_string(),
        },
        Act::Stall => format!("{status} and nothing for {seconds} s"),
        Act::Slow => format!("{status} over {seconds} s"),
        Act::Cut => "cut connection".to_owned(),
    };
    match step.times {
        0 | 1 => done,
        2 => format!("{done} twice"),
        times => format!("{done} {times} times"),
    }
}

/// A sequence that is set with one click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SequencePreset {
    /// Its stable id in forms.
    pub(crate) id: &'static str,
    /// The text of its button.
    pub(crate) label: &'static str,
    /// Its use.
    pub(crate) purpose: &'static str,
    pub(crate) programme: Programme,
}

/// The most common failure sequences.
pub(crate) fn presets() -> Vec<SequencePreset> {
    let answers = |status, times| Step { times, ..answering(status, &[]) };
    let all = |steps| Programme { steps, ..Programme::default() };
    vec![
        SequencePreset {
            id: "503-503-200",
            label: "503, 503, then 200",
            purpose: "Does the sender try again, and when?",
            programme: all(vec![answers(503, 2), answers(200, 1)]),
        },
        SequencePreset {
            id: "429-retry-after",
            label: "429 with Retry-After: 30",
            purpose: "Does it wait as long as it is told?",
            programme: all(vec![answering(429, &[("Retry-After", "30")])]),
        },
        SequencePreset {
            id: "cut",
            label: "Cut connection",
            purpose: "What does it do without an answer?",
            programme: all(vec![Step { act: Act::Cut, ..Step::default() }]),
        },
        SequencePreset {
            id: "stall",
            label: "Stall after the head",
            purpose: "How long does it wait for the body?",
            programme: all(vec![Step { act: Act::Stall, seconds: 60, ..answering(200, &[]) }]),
        },
        SequencePreset {
            id: "slow",
            label: "Slow body",
            purpose: "Does it read an answer that takes 20 seconds?",
            programme: all(vec![Step { act: Act::Slow, seconds: 20, ..answering(200, &[]) }]),
        },
        SequencePreset {
            id: "30-percent",
            label: "30 % fail",
            purpose: "Does every event arrive in the end?",
            programme: Programme { percent: Some(30), ..all(vec![answers(500, 1)]) },
        },
        SequencePreset {
            id: "each-fails-once",
            label: "Each delivery fails once",
            purpose: "Is each delivery tried again?",
            programme: Programme { by: By::Attempt, ..all(vec![answers(503, 1)]) },
        },
    ]
}

fn answering(status: u16, headers: &[(&str, &str)]) -> Step {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let body = (status != 200).then(|| format!("{status} as asked for\n"));
    let body = Some(body.unwrap_or_else(|| "ok".to_owned()));
    Step { reply: Reply { status, headers, body, ..Reply::default() }, ..Step::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn preset(id: &str) -> Programme {
        presets().into_iter().find(|preset| preset.id == id).unwrap().programme
    }

    fn statuses(programme: &Programme, attempts: &[Option<u32>]) -> Vec<Option<u16>> {
        let status = |(answered, attempt): (usize, &Option<u32>)| {
            next(programme, answered.try_into().unwrap(), *attempt, 0)
                .map(|next| next.step.reply.status)
        };
        attempts.iter().enumerate().map(status).collect()
    }

    #[test]
    fn steps_follow_each_other_and_then_it_is_over() {
        let programme = preset("503-503-200");
        let answered = statuses(&programme, &[None; 5]);
        assert_eq!(answered, [Some(503), Some(503), Some(200), None, None]);
        assert_eq!(next(&programme, 2, None, 99).unwrap().index, 1);
        assert_eq!(remaining(&programme, 0), Some(3));
        assert_eq!(remaining(&programme, 2), Some(1));
        assert!(!is_over(&programme, 2) && is_over(&programme, 3) && is_over(&programme, 9));
    }

    #[test]
    fn each_delivery_goes_through_the_steps_by_itself() {
        let programme = Programme { by: By::Attempt, ..preset("503-503-200") };
        let attempts = [Some(1), Some(1), Some(2), Some(3), Some(2), Some(4), None, Some(0)];
        assert_eq!(
            statuses(&programme, &attempts),
            [Some(503), Some(503), Some(503), Some(200), Some(503), None, Some(503), Some(503)]
        );
        assert_eq!(remaining(&programme, 100), None);
        assert!(!is_over(&programme, 100));
    }

    #[test]
    fn a_share_fails_without_an_end() {
        let mut programme = preset("30-percent");
        let failed = (0..100).filter(|roll| next(&programme, 7, None, *roll).is_some()).count();
        assert_eq!(failed, 30);
        assert!(next(&programme, 1_000_000, None, 29).is_some());
        programme.steps.push(Step { times: 2, ..answering(502, &[]) });
        let answered = statuses(&programme, &[None; 4]);
        assert_eq!(answered, [Some(500), Some(502), Some(502), Some(500)]);
        programme.percent = Some(0);
        assert!(next(&programme, 0, None, 0).is_none());
    }

    #[test]
    fn a_programme_without_steps_does_nothing() {
        for percent in [None, Some(100)] {
            let programme = Programme { percent, ..Programme::default() };
            assert_eq!(next(&programme, 0, Some(1), 0), None);
        }
        assert!(is_over(&Programme::default(), 0));
    }

    #[test]
    fn programmes_are_told_in_a_few_words() {
        for (id, text) in [
            ("503-503-200", "503 twice, then 200"),
            ("429-retry-after", "429 with Retry-After: 30"),
            ("cut", "cut connection"),
            ("stall", "200 and nothing for 60 s"),
            ("slow", "200 over 20 s"),
            ("30-percent", "30 % of requests: 500"),
            ("each-fails-once", "503; each delivery by itself"),
        ] {
            assert_eq!(describe(&preset(id)), text);
        }
        let four = Step { times: 4, ..answering(500, &[]) };
        let programme =
            Programme { steps: vec![four, answering(404, &[])], ..Programme::default() };
        assert_eq!(describe(&programme), "500 4 times, then 404");
        assert_eq!(standing(&programme, 1), "1 of 5 done");
        assert_eq!(standing(&programme, 9), "5 of 5 done");
        assert_eq!(standing(&preset("30-percent"), 1), "1 request answered");
        assert_eq!(standing(&preset("30-percent"), 0), "0 requests answered");
    }

    #[test]
    fn presets_are_within_the_bounds_that_are_asked_of_others() {
        for SequencePreset { id, programme, .. } in presets() {
            assert!(!programme.steps.is_empty() && programme.steps.len() <= MAX_STEPS, "{id}");
            for step in &programme.steps {
                assert!((1..=MAX_TIMES).contains(&step.times), "{id}");
                assert!((1..=MAX_SECONDS).contains(&step.seconds), "{id}");
                assert!((200..=599).contains(&step.reply.status), "{id}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_programme_answers_as_often_as_its_steps_say(
            times in proptest::collection::vec(0..5_u32, 0..6),
        ) {
            let steps = times.iter().map(|times| Step { times: *times, ..Step::default() }).collect();
            let programme = Programme { steps, ..Programme::default() };
            let total: u64 = times.iter().map(|times| u64::from(*times)).sum();
            for answered in 0..total + 3 {
                let next = next(&programme, answered, None, 0);
                prop_assert_eq!(next.is_some(), answered < total);
                prop_assert_eq!(remaining(&programme, answered), Some(total.saturating_sub(answered)));
            }
        }
    }
}
