//! Timers and event listeners of the browser that end when they are dropped.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget, Window};

/// A callback after a time, once or repeatedly; dropping it cancels it.
pub(super) struct Timer {
    window: Window,
    handle: i32,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls back once. Returns `None` outside of a page.
    pub(super) fn once(after_ms: u32, callback: impl FnMut() + 'static) -> Option<Self> {
        let window = web_sys::window()?;
        let callback = Closure::<dyn FnMut()>::new(callback);
        let handle = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(
                callback.as_ref().unchecked_ref(),
                i32::try_from(after_ms).unwrap_or(i32::MAX),
            )
            .ok()?;
        Some(Self { window, handle, _callback: callback })
    }

    /// Calls back periodically. Returns `None` outside of a page.
    pub(super) fn every(period_ms: u32, callback: impl FnMut() + 'static) -> Option<Self> {
        let window = web_sys::window()?;
        let callback = Closure::<dyn FnMut()>::new(callback);
        let handle = window
            .set_interval_with_callback_and_timeout_and_arguments_0(
                callback.as_ref().unchecked_ref(),
                i32::try_from(period_ms).unwrap_or(i32::MAX),
            )
            .ok()?;
        Some(Self { window, handle, _callback: callback })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Timeouts and intervals share one list of handles (WHATWG HTML §8.6).
        self.window.clear_timeout_with_handle(self.handle);
    }
}

/// A listener on an event target; dropping it removes it.
pub(super) struct EventListener {
    target: EventTarget,
    name: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl EventListener {
    /// Listens for `name` on `target`.
    pub(super) fn new(
        target: &EventTarget,
        name: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Self {
        let callback = Closure::<dyn FnMut(Event)>::new(callback);
        // Cannot fail for the targets that we use.
        let _ = target.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
        Self { target: target.clone(), name, callback }
    }
}

impl Drop for EventListener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}
