//! The browser's half: reads data blocks.

use leptos::prelude::document;

use super::id;
use crate::wire::json::{self, Readable};

/// Takes the data that the server wrote for a resource out of the page. Returns `None` if there is
/// none, also after the first call: a page that the viewer returns to fetches it.
pub(in crate::load) fn take<T: Readable>(name: &str) -> Option<T> {
    let block = document().get_element_by_id(&id(name))?;
    block.remove();
    json::read(&block.text_content()?).ok()
}

/// Does nothing: only the server writes data blocks.
#[cfg(feature = "stock-leptos")]
pub(in crate::load) fn register<T>(_name: &'static str, _data: &T) {}
