//! The server's half: writes data blocks.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use leptos::prelude::{ArcAsyncDerived, Owner, WithUntracked as _, use_context};
use serde::Serialize;

use super::id;

/// Returns a resource's data as JSON once it is loaded.
type ReadData = Box<dyn FnOnce() -> Option<String> + Send>;

/// The resources of a page that is being rendered. Provide it as a context, and append `scripts` to
/// the document once it has rendered. A cheap-clone handle.
#[derive(Clone, Default)]
pub struct PageData(
    /// Locked only to push or take.
    Arc<Mutex<Vec<(&'static str, ReadData)>>>,
);

impl PageData {
    /// Returns the data blocks of the resources that are loaded, in order of creation. A data block
    /// is not a script for a content security policy, and needs no nonce.
    #[must_use]
    pub fn scripts(&self) -> String {
        let resources = self.0.lock().map(|mut resources| std::mem::take(&mut *resources));
        let mut html = String::new();
        for (name, read) in resources.unwrap_or_default() {
            if let Some(json) = read() {
                push_block(&mut html, name, &json);
            }
        }
        html
    }
}

impl fmt::Debug for PageData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageData")
    }
}

/// Writes one data block. Anything that can start with `<`, such as `</script`, would end it or
/// confuse the HTML parser (HTML §4.12.1.3); in JSON, `<` occurs only inside strings, where it can
/// be escaped.
fn push_block(html: &mut String, name: &str, json: &str) {
    html.push_str("<script type=\"application/json\" id=\"");
    html.push_str(&id(name));
    html.push_str("\">");
    html.push_str(&json.replace('<', "\\u003c"));
    html.push_str("</script>");
}

/// Returns nothing: data flows from the server to the browser.
pub(in crate::load) fn take<T>(_name: &str) -> Option<T> {
    None
}

/// Writes the data of a resource into the page, which waits for it.
pub(in crate::load) fn register<T>(name: &'static str, data: &ArcAsyncDerived<T>)
where
    T: Serialize + Send + Sync + 'static,
{
    let Some(page) = use_context::<PageData>() else { return };
    if let Some(shared) = Owner::current_shared_context() {
        shared.defer_stream(Box::pin(data.ready()));
    }
    let data = data.clone();
    let read = Box::new(move || {
        data.with_untracked(|answer| serde_json::to_string(answer.as_ref()?).ok())
    });
    if let Ok(mut resources) = page.0.lock() {
        resources.push((name, read));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    #[test]
    fn no_text_ends_a_data_block() {
        let sent = "</script><script>alert(1)</script><!-- <script \u{2028}\\ \"";
        let mut html = String::new();
        push_block(&mut html, "x", &serde_json::to_string(sent).unwrap());
        let json = html
            .strip_prefix("<script type=\"application/json\" id=\"data-x\">")
            .and_then(|rest| rest.strip_suffix("</script>"))
            .unwrap();
        assert!(!json.contains('<'), "{json}");
        assert_eq!(json::read::<String>(json).unwrap(), sent);
        assert_eq!(serde_json::from_str::<String>(json).unwrap(), sent);
    }
}
