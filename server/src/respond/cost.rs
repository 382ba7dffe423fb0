//! How much deciding on an answer reads, for any visitor may set much and send much: what may be
//! saved, and from where on deciding is no work for the threads that serve connections, or none
//! that storing waits for.

use hookglass_wire as wire;

use super::{
    setting_error::SettingError,
    settings::{PreparedResponse, PreparedRule, PreparedSettings},
};
use crate::respond::template::Template;
use hookglass_query::{Query, SEARCHED_BODY_BYTES};

/// How many terms all rules of an endpoint have together. Settings that were saved with more keep
/// working.
const MAX_TERMS: usize = 256;
/// How many values the fields and the body of one answer have together. The same.
const MAX_VALUES: usize = 100;
/// From so many bytes to be read on, deciding is no work for the threads that serve connections.
const HEAVY_BYTES: usize = 64 * 1024;
/// From so many bytes to be read on, a request is stored before its answer is decided on: a tenth of
/// a second or so.
const STORED_FIRST_BYTES: usize = 4 * 1024 * 1024;

/// How often settings look into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// How many terms the rules have.
    terms: usize,
    /// How many values the answer with the most has.
    values: usize,
}

/// Where deciding belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CostClass {
    /// Wherever it comes up.
    Light,
    /// On a thread of its own.
    Heavy,
    /// The same, once the request is stored.
    StoredFirst,
}

impl PreparedSettings {
    /// Checks settings that are to be saved.
    ///
    /// # Errors
    /// The first thing that is wrong.
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
    /// That of settings.
    pub(super) fn of<'a>(
        rules: &'a [PreparedRule],
        others: impl Iterator<Item = &'a PreparedResponse>,
    ) -> Self {
        let replies = rules.iter().map(|rule| &rule.reply).chain(others);
        Self { terms: terms(rules), values: replies.map(values).max().unwrap_or(0) }
    }

    /// What deciding on a request with a head and a body of so many bytes weighs; `is_coded` says
    /// that the body may be longer once it is decoded.
    pub(super) fn weight(self, head: usize, body: usize, is_coded: bool) -> CostClass {
        let searched = match body {
            0 => 0,
            _ if is_coded => SEARCHED_BODY_BYTES,
            _ => body.min(SEARCHED_BODY_BYTES),
        };
        let by_terms = self.terms.saturating_mul(head.saturating_add(searched));
        // The body is read once for all values.
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

    /// A reply whose body and one field have so many values.
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
        // What was saved before keeps working.
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
