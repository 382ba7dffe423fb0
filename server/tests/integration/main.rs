//! The server as programs and browsers meet it: each test through a real socket, with a server and a
//! database of its own. One program with a module for each area, since linking a program takes longer
//! than compiling a module.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod answers_page;
mod api;
mod attempts;
mod capture;
mod common;
mod compare;
mod databases;
mod downloads;
mod find;
mod limits;
mod live;
mod qr;
mod readings;
mod readme;
mod recovery;
mod replies;
mod retention;
mod secrecy;
mod signatures;
mod snippets;
mod start;
mod wire;
