//! What was sent on the wire compared with what is stored: raw bytes through a real socket, and not
//! one message too many.

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
