//! What stands on the wire against what is kept: raw bytes through a real socket, and not one
//! message too many.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

mod wire {
    mod case;
    mod chunks;
    mod generated;
    mod heads;
    mod http2;
    mod pipelines;
    mod redaction;
    mod refusals;
    mod smuggling;
    mod splits;
    mod targets;
}
