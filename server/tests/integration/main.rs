//! Integration tests: each uses a real socket, its own server and its own database. One program
//! with a module per area, because linking a program takes longer than compiling a module.
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
