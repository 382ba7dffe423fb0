//! Deletions that the viewer can still undo: the page hides the data at once, and the call to the
//! server waits. It outlives the page of the deletion, and is sent when the viewer leaves.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api, browser,
    feed::Hidden,
    format::{count::counted, joined},
    wire::{DeletedFound, Problem, Timestamp},
};

/// How long a deletion can be undone: long enough to read the line and to reach the button.
const HOLD: Duration = Duration::from_secs(10);

/// How long after a deletion the feed has certainly reported it.
const TOLD: Duration = Duration::from_secs(3);

/// A deletion at one endpoint that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PendingDeletion {
    /// These requests.
    Requests(Vec<i64>),
    /// All up to the number `through`, of which there are `count`; with `q` those that it found
    /// `at` that time. Arrivals while the call waits are not included.
    Found { q: Option<String>, through: i64, count: u64, at: Timestamp },
    /// The whole endpoint. Until the call is made, senders get responses as before.
    Endpoint,
}

impl PendingDeletion {
    fn sentence(&self) -> String {
        let count = match self {
            Self::Requests(seqs) => match seqs.as_slice() {
                [seq] => return joined(&["Deleted #", &seq.to_string(), "."]),
                seqs => u64::try_from(seqs.len()).unwrap_or(u64::MAX),
            },
            Self::Found { count, .. } => *count,
            Self::Endpoint => return "Deleted the endpoint with all its requests.".to_owned(),
        };
        joined(&["Deleted ", &counted(count, "request", "requests"), "."])
    }

    /// Returns the API's parameters for the deletion; `now` is the current time.
    fn found(&self, now: Timestamp) -> Option<DeletedFound> {
        let Self::Found { q, through, at, .. } = self else { return None };
        let age_ms = u64::try_from(now.as_millis() - at.as_millis()).unwrap_or_default();
        Some(match q {
            Some(q) => DeletedFound { q: q.clone(), through: Some(*through), age_ms },
            // Without a search it would be everything, including later arrivals.
            None => DeletedFound {
                q: joined(&["seq:<=", &through.to_string()]),
                through: None,
                age_ms: 0,
            },
        })
    }
}

/// A deletion that can still be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HeldDeletion {
    endpoint: String,
    deletion: PendingDeletion,
    until: Timestamp,
    /// The page to return to on undo, and the one that replaced it.
    pages: Option<(String, String)>,
}

/// Pending deletions, one at a time, and those that were sent. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UndoQueue {
    held: RwSignal<Option<HeldDeletion>>,
    /// Sent deletions: hidden until the feed reports them, too; numbers are never reused.
    sent: RwSignal<Vec<(String, PendingDeletion)>>,
    trouble: RwSignal<Option<Problem>>,
}

impl UndoQueue {
    /// Waits for deletions; sends the pending one when the viewer leaves.
    pub(crate) fn new() -> Self {
        let pending = Self {
            held: RwSignal::new(None),
            sent: RwSignal::new(Vec::new()),
            trouble: RwSignal::new(None),
        };
        Effect::new(move |_| {
            let leaving = window_event_listener(leptos::ev::pagehide, move |_| pending.flush());
            on_cleanup(move || leaving.remove());
        });
        pending
    }

    /// Returns this page's handle.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Hides the deleted data, and waits. Sends the deletion that was pending before, unless both
    /// are single requests of one endpoint: those are undone together. `pages` are the page to
    /// return to and the one that is shown instead.
    pub(crate) fn hold(
        self,
        endpoint: String,
        mut deletion: PendingDeletion,
        mut pages: Option<(String, String)>,
    ) {
        if let Some(held) = self.held.get_untracked() {
            match (held.deletion, &mut deletion) {
                (PendingDeletion::Requests(before), PendingDeletion::Requests(seqs))
                    if held.endpoint == endpoint =>
                {
                    seqs.splice(0..0, before);
                    pages = pages.zip(held.pages).map(|((_, now), (back, _))| (back, now));
                }
                _ => self.send(),
            }
        }
        let now = browser::now();
        let until = Timestamp::from_micros(now.as_micros() + 10_000_000);
        self.trouble.set(None);
        self.held.set(Some(HeldDeletion { endpoint, deletion, until, pages }));
        set_timeout(
            move || {
                // A later deletion waits for its own time.
                let is_due = |held: &Option<HeldDeletion>| {
                    held.as_ref().is_some_and(|held| held.until == until)
                };
                if self.held.with_untracked(is_due) {
                    self.send();
                }
            },
            HOLD,
        );
    }

    /// Undoes the pending deletion. Returns its pages.
    pub(crate) fn undo(self) -> Option<(String, String)> {
        self.held.try_update(Option::take).flatten().and_then(|held| held.pages)
    }

    /// Sends the pending deletion.
    pub(crate) fn send(self) {
        let Some(held) = self.release() else { return };
        spawn_local(async move {
            let answer = match (held.deletion.found(browser::now()), &held.deletion) {
                (Some(found), _) => api::delete_found(&held.endpoint, &found).await.map(drop),
                (None, PendingDeletion::Endpoint) => api::delete_endpoint(&held.endpoint).await,
                (None, _) => delete_each(&held).await,
            };
            // Numbers of requests are never reused; the URL of an endpoint may be, and a search may
            // find something that it did not find before.
            let is_over = answer.is_err() || held.deletion == PendingDeletion::Endpoint;
            let is_told = matches!(held.deletion, PendingDeletion::Found { .. });
            let forget = move || {
                self.sent.update(|sent| {
                    sent.retain(|(id, deletion)| {
                        *id != held.endpoint || *deletion != held.deletion
                    });
                });
            };
            if is_over {
                forget();
            } else if is_told {
                set_timeout(forget, TOLD);
            }
            if let Err(problem) = answer {
                self.trouble.set(Some(problem));
            }
        });
    }

    /// Sends the pending deletion so that it arrives although the page unloads.
    fn flush(self) {
        let Some(held) = self.release() else { return };
        match (held.deletion.found(browser::now()), held.deletion) {
            (Some(found), _) => api::delete_found_on_leave(&held.endpoint, &found),
            (None, PendingDeletion::Requests(seqs)) => {
                for seq in seqs {
                    api::delete_on_leave(&held.endpoint, seq);
                }
            }
            (None, PendingDeletion::Endpoint) => api::delete_endpoint_on_leave(&held.endpoint),
            (None, PendingDeletion::Found { .. }) => {}
        }
    }

    /// Moves the pending deletion to the sent ones.
    fn release(self) -> Option<HeldDeletion> {
        let held = self.held.try_update(Option::take).flatten()?;
        self.sent.update(|sent| sent.push((held.endpoint.clone(), held.deletion.clone())));
        Some(held)
    }

    /// Returns what is deleted at an endpoint as far as the viewer is concerned: in the list of
    /// all, or in the results of the search `q`.
    pub(crate) fn hidden(self, endpoint: &str, q: Option<&str>) -> Hidden {
        let mut hidden = Hidden::default();
        let (held, sent) = (self.held.read(), self.sent.read());
        let held = held.iter().map(|held| (&held.endpoint, &held.deletion));
        for (id, deletion) in held.chain(sent.iter().map(|(id, deletion)| (id, deletion))) {
            match deletion {
                _ if id != endpoint => {}
                PendingDeletion::Endpoint => {}
                PendingDeletion::Requests(seqs) => hidden.seqs.extend(seqs),
                PendingDeletion::Found { q: found, through, .. } => {
                    if found.is_none() || found.as_deref() == q {
                        hidden.through = hidden.through.max(*through);
                    }
                }
            }
        }
        hidden
    }

    /// Returns whether a whole endpoint is deleted as far as the viewer is concerned.
    pub(crate) fn is_endpoint_hidden(self, endpoint: &str) -> bool {
        let is_it = |id: &str, deletion: &PendingDeletion| {
            id == endpoint && *deletion == PendingDeletion::Endpoint
        };
        self.held.read().as_ref().is_some_and(|held| is_it(&held.endpoint, &held.deletion))
            || self.sent.read().iter().any(|(id, deletion)| is_it(id, deletion))
    }

    /// Returns the pending deletion in a sentence.
    pub(crate) fn sentence(self) -> Option<String> {
        self.held.read().as_ref().map(|held| held.deletion.sentence())
    }

    /// Returns for how many more seconds it can be undone.
    pub(crate) fn seconds_left(self, now: Timestamp) -> i64 {
        let until = self.held.read().as_ref().map_or(now, |held| held.until);
        (until.as_millis() - now.as_millis() + 999).div_euclid(1_000).clamp(0, 10)
    }

    /// Returns why the last deletion failed.
    pub(crate) fn trouble(self) -> RwSignal<Option<Problem>> {
        self.trouble
    }
}

/// Deletes one after the other; requests that no longer exist count as deleted.
async fn delete_each(held: &HeldDeletion) -> Result<(), Problem> {
    let PendingDeletion::Requests(seqs) = &held.deletion else { return Ok(()) };
    for &seq in seqs {
        if let Err(problem) = api::delete_request(&held.endpoint, seq).await
            && !problem.is_final()
        {
            return Err(problem);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(q: Option<&str>) -> PendingDeletion {
        let at = Timestamp::from_micros(5_000_000);
        PendingDeletion::Found { q: q.map(str::to_owned), through: 7, count: 1_204, at }
    }

    #[test]
    fn what_comes_while_the_call_waits_is_out_of_its_search() {
        let now = Timestamp::from_micros(15_250_000);
        let asked = |q: &str, through, age_ms| DeletedFound { q: q.to_owned(), through, age_ms };
        assert_eq!(found(None).found(now), Some(asked("seq:<=7", None, 0)));
        assert_eq!(found(Some("a OR b")).found(now), Some(asked("a OR b", Some(7), 10_250)));
        assert_eq!(found(Some("a")).found(Timestamp::default()), Some(asked("a", Some(7), 0)));
        assert_eq!(PendingDeletion::Requests(vec![1]).found(now), None);
    }

    #[test]
    fn the_line_says_what_is_gone() {
        assert_eq!(PendingDeletion::Requests(vec![1_234]).sentence(), "Deleted #1234.");
        assert_eq!(PendingDeletion::Requests(vec![1, 2]).sentence(), "Deleted 2 requests.");
        assert_eq!(found(None).sentence(), "Deleted 1,204 requests.");
        assert_eq!(
            PendingDeletion::Endpoint.sentence(),
            "Deleted the endpoint with all its requests."
        );
    }
}
