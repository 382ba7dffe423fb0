//! Effects.

use leptos::prelude::Effect as Inner;

/// Code that runs when signals change.
#[derive(Debug, Clone, Copy)]
pub struct Effect;

impl Effect {
    /// Runs `run` once the page is built, and again when a signal that it read changes. `run` gets
    /// the value that it last returned.
    #[expect(
        clippy::new_ret_no_self,
        reason = "what Leptos calls it; its handle is of no use here"
    )]
    pub fn new<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
        let mut last = None;
        start(Box::new(move || last = Some(run(last.take()))));
    }
}

fn start(mut run: Box<dyn FnMut()>) {
    Inner::new(move |_: Option<()>| run());
}
