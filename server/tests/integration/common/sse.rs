//! A client for server-sent events, as strict as the contract.

use std::collections::VecDeque;

use http_body_util::BodyExt as _;
use hyper::{Method, Response, StatusCode, body::Incoming};
use serde_json::Value;

use super::{Client, PATIENCE};

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// An open feed.
pub(crate) struct Events {
    pub(crate) response: Response<Incoming>,
    text: String,
    ready: VecDeque<Event>,
}

impl Client {
    /// Opens a feed; panics if there is none.
    pub(crate) async fn feed(&self, path: &str, last_event_id: Option<&str>) -> Events {
        let fields: Vec<_> = last_event_id.map(|id| ("last-event-id", id)).into_iter().collect();
        let response = self.open(Method::GET, path, &fields, Default::default()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Events { response, text: String::new(), ready: VecDeque::new() }
    }
}

impl Events {
    /// Returns the next event that is not a beat, or `None` at the end of the feed.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.next_of_all().await?;
            if event.name != "alive" {
                return Some(event);
            }
        }
    }

    /// Returns the next event, beats included.
    pub(crate) async fn next_of_all(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let frame = tokio::time::timeout(PATIENCE, self.response.body_mut().frame())
                .await
                .expect("an event in time")?;
            let data = frame.ok()?.into_data().expect("feeds have no trailers");
            self.text.push_str(std::str::from_utf8(&data).expect("whole characters"));
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                self.ready.extend(parse(event));
                self.text = rest.to_owned();
            }
        }
    }
}

fn parse(text: &str) -> Option<Event> {
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Event {
        id: field("id").map(str::to_owned),
        name: field("event")?.to_owned(),
        data: serde_json::from_str(field("data")?).unwrap(),
    })
}
