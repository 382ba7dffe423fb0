//! How much input a decision reads. Any visitor may configure and send a lot, so this module limits
//! what can be saved, and determines when a decision moves to a blocking thread or to after the
//! request is stored.

use hookglass_query::{Query, SEARCHED_BODY_BYTES};
use hookglass_wire as wire;

use super::{
    setting_error::SettingError,
    settings::{PreparedResponse, PreparedRule, PreparedSettings},
};
use crate::respond::template::Template;

/// The most terms in all rules of an endpoint. Settings that were saved with more keep working.
const MAX_TERMS: usize = 256;
/// The most values in the headers and body of one response. Settings that were saved with more keep
/// working.
const MAX_VALUES: usize = 100;
/// Above this many bytes to read, a decision moves to a blocking thread.
const HEAVY_BYTES: usize = 64 * 1024;
/// Above this many bytes to read, a request is stored before its response is decided: about a tenth
/// of a second.
const STORED_FIRST_BYTES: usize = 4 * 1024 * 1024;

/// How often settings read a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// The number of terms in the rules.
    terms: usize,
    /// The number of values in the response with the most.
    values: usize,
}

/// Where a decision runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CostClass {
    /// Inline.
    Light,
    /// On a blocking thread.
    Heavy,
    /// On a blocking thread, once the request is stored.
    StoredFirst,
}

impl PreparedSettings {
    /// Checks settings before they are saved.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn check(set: &wire::Answering) -> Result<(), SettingError> {
        let Self { reply, rules, running, .. } = Self::read(set, 0, 0)?;
        let terms = terms(&rules);
        if terms > MAX_TERMS {
            let message = format!(
                "All rules of an endpoint together take {MAX_TERMS} terms, and these have {terms}; \
                 leave some out."
            );
            return Err(SettingError::new("rules", message));
        }
        let steps = running.iter().flat_map(|running| &running.steps);
        let mut all = reply
            .iter()
            .map(|reply| ("reply".to_owned(), reply))
            .chain(
                rules.iter().enumerate().map(|(at, it)| (format!("rules[{at}].reply"), &it.reply)),
            )
            .chain(steps.enumerate().map(|(at, it)| (format!("programme.steps[{at}].reply"), it)));
        let Some((field, reply)) = all.find(|(_, reply)| values(reply) > MAX_VALUES) else {
            return Ok(());
        };
        let message = format!(
            "The fields and the body of an answer together take {MAX_VALUES} values, and these have \
             {}; leave some out.",
            values(reply)
        );
        Err(SettingError::new(field, message))
    }
}

impl Cost {
    /// Returns the cost of settings.
    pub(super) fn of<'a>(
        rules: &'a [PreparedRule],
        others: impl Iterator<Item = &'a PreparedResponse>,
    ) -> Self {
        let replies = rules.iter().map(|rule| &rule.reply).chain(others);
        Self { terms: terms(rules), values: replies.map(values).max().unwrap_or(0) }
    }

    /// Classifies the decision on a request with a head and body of these sizes; `is_coded` means
    /// that the decoded body may be longer.
    pub(super) fn weight(self, head: usize, body: usize, is_coded: bool) -> CostClass {
        let searched = match body {
            0 => 0,
            _ if is_coded => SEARCHED_BODY_BYTES,
            _ => body.min(SEARCHED_BODY_BYTES),
        };
        let by_terms = self.terms.saturating_mul(head.saturating_add(searched));
        // The body is parsed once for all values.
        let by_values = self.values.saturating_mul(head).saturating_add(body);
        match by_terms.saturating_add(by_values) {
            ..HEAVY_BYTES => CostClass::Light,
            HEAVY_BYTES..STORED_FIRST_BYTES => CostClass::Heavy,
            STORED_FIRST_BYTES.. => CostClass::StoredFirst,
        }
    }
}

fn terms(rules: &[PreparedRule]) -> usize {
    rules.iter().filter_map(|rule| rule.when.as_ref()).map(Query::terms).sum()
}

fn values(reply: &PreparedResponse) -> usize {
    reply.templates().map(Template::values).sum()
}

#[cfg(test)]
mod tests {
    use hookglass_wire::{Answering, Programme, Reply, Rule, Step};

    use super::*;

    /// A reply with this many values in its body and one header.
    fn with_values(in_body: usize, in_field: usize) -> Reply {
        Reply {
            headers: vec![("x-a".to_owned(), "{{seq}}".repeat(in_field))],
            body: Some("{{request.query.a}}".repeat(in_body)),
            ..Reply::default()
        }
    }

    fn rule(when: &str, reply: Reply) -> Rule {
        Rule { when: when.to_owned(), reply }
    }

    fn refused(set: &Answering) -> Option<String> {
        // Settings that were saved before keep working.
        PreparedSettings::read(set, 0, 0).unwrap();
        PreparedSettings::check(set).err().map(|fault| fault.field)
    }

    #[test]
    fn values_are_counted_for_each_answer_as_a_whole() {
        let reply = |reply| Answering { reply, ..Answering::default() };
        assert_eq!(refused(&reply(with_values(60, 40))), None);
        assert_eq!(refused(&reply(with_values(60, 41))).as_deref(), Some("reply"));
        let rules = vec![rule("", with_values(100, 0)), rule("", with_values(100, 1))];
        let set = Answering { rules, ..Answering::default() };
        assert_eq!(refused(&set).as_deref(), Some("rules[1].reply"));
        let steps = vec![Step { times: 1, reply: with_values(1, 100), ..Step::default() }];
        let programme = Some(Programme { steps, ..Programme::default() });
        let set = Answering { programme, ..Answering::default() };
        assert_eq!(refused(&set).as_deref(), Some("programme.steps[0].reply"));
    }

    #[test]
    fn terms_are_counted_for_all_rules_together() {
        let full = rule(&["query.a:1"; 32].join(" OR "), Reply::default());
        let set = |rules| Answering { rules, ..Answering::default() };
        assert_eq!(refused(&set(vec![full.clone(); 8])), None);
        let more = [vec![full; 8], vec![rule("method:GET", Reply::default())]].concat();
        assert_eq!(refused(&set(more)).as_deref(), Some("rules"));
    }

    #[test]
    fn what_reads_much_again_and_again_is_heavy_however_short_the_request() {
        let none = Cost { terms: 0, values: 0 };
        assert_eq!(none.weight(500, 2000, false), CostClass::Light);
        assert_eq!(none.weight(500, 200_000, false), CostClass::Heavy);
        let few = Cost { terms: 4, values: 4 };
        assert_eq!(few.weight(500, 2000, false), CostClass::Light);
        assert_eq!(few.weight(500, 2000, true), CostClass::Heavy);
        assert_eq!(few.weight(500, 0, true), CostClass::Light);
        let many = Cost { terms: 256, values: 100 };
        assert_eq!(many.weight(500, 100, false), CostClass::Heavy);
        assert_eq!(many.weight(500, 102, true), CostClass::StoredFirst);
        assert_eq!(many.weight(30_000, 0, false), CostClass::StoredFirst);
    }
}
