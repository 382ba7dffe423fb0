//! The types that cross the wire between server, browser and programs, without Leptos. Serde writes
//! them; the browser reads them with `json`.
//!
//! Golden files pin their JSON: an old tab must keep working with a new server, so fields are only
//! added.

mod answering;
mod delivery;
mod endpoint;
mod feed;
mod find;
pub mod json;
mod problem;
mod reading;
mod request;
mod signature;
mod text;
mod timestamp;

pub use self::{
    answering::{Act, Answered, Answering, By, Programme, Reply, Rule, Step},
    delivery::{Attempt, Delivery, GUESSED},
    endpoint::{Endpoint, Endpoints, OnLimit, Session},
    feed::{BEAT_SECONDS, FeedEvent, GoneReason, LATE_SECONDS, SILENCE_SECONDS},
    find::{Count, Counts, CountsAsk, QueryError, Suggestion, Suggestions},
    problem::Problem,
    reading::{Ask, Decoded, Field, Form, Note, Part, Piece, Reading, Row, TEXT_BYTES, Value},
    request::{
        Body, Deleted, DeletedFound, Detail, Header, Page, Record, Refused, Summary, Window,
    },
    signature::{Provider, Providers, Secret, Secrets, Signature},
    text::Text,
    timestamp::Timestamp,
};
