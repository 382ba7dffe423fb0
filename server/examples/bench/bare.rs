//! A minimal server: reads the request's body and responds. It stores nothing.

use anyhow::{Context as _, Result};
use axum::{Router, body::Bytes};
use tokio::net::TcpListener;

/// Serves until the process is killed.
pub(crate) async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.context("cannot listen")?;
    axum::serve(listener, Router::new().fallback(answer)).await.context("cannot serve")
}

async fn answer(body: Bytes) -> &'static str {
    drop(body);
    "ok\n"
}
