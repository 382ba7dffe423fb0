//! The Hookglass server: captures requests, stores them, and shows them live.

mod capture;
pub mod config;
mod feed;
mod head;
pub mod key;
mod label;
mod listen;
pub mod metrics;
mod redact;
mod reply;
mod retention;
pub mod slug;
pub mod store;
mod web;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{io, net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::feed::{Feed, Heard, Subscription};
use self::{
    capture::Capture,
    config::Config,
    metrics::Metrics,
    store::{
        Store,
        sqlite::{OpenError, SqliteStore},
    },
    web::{App, client::ClientAddress},
};

/// How long a shutdown waits for requests that are being captured.
const CAPTURES_TIMEOUT: Duration = Duration::from_millis(1000);
/// How long it then waits for connections to send what is left to send.
const CONNECTIONS_TIMEOUT: Duration = Duration::from_millis(500);

/// A running server; owns every task that it started.
pub struct Server {
    address: SocketAddr,
    store: Arc<dyn Store>,
    shutdown: CancellationToken,
    captures: TaskTracker,
    connections: TaskTracker,
    accepting: JoinHandle<()>,
    keeping: JoinHandle<()>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be served.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Server {
    /// Opens the database and starts to listen.
    ///
    /// # Errors
    /// The database cannot be opened, or the address is not to be had.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let feed = Feed::default();
        let publish = {
            let feed = feed.clone();
            Box::new(move |changes| feed.publish(changes))
        };
        let metrics = Metrics::default();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(config.store_options(publish, metrics)).await?);
        let failed = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        let shutdown = CancellationToken::new();
        let captures = TaskTracker::new();
        let connections = TaskTracker::new();
        let client_address = ClientAddress::new(&config.trusted_proxy);
        let app = App {
            capture: Capture {
                store: store.clone(),
                client_address: client_address.clone(),
                redact_cookies: config.redact_cookies.clone().into(),
                max_body_bytes: config.max_body.0,
                tasks: captures.clone(),
                shutdown: shutdown.clone(),
            },
            store: store.clone(),
            feed,
            client_address,
            config: Arc::new(config),
            shutdown: shutdown.clone(),
        };
        let accepting = tokio::spawn(listen::serve(
            listener,
            web::routes(app),
            shutdown.clone(),
            connections.clone(),
        ));
        let keeping = tokio::spawn(retention::keep(store.clone(), shutdown.clone()));
        Ok(Self { address, store, shutdown, captures, connections, accepting, keeping })
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, ends the feeds, stores and answers what has arrived, and leaves the
    /// database at rest. Takes at most two seconds unless the disk takes longer.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        drop(self.accepting.await);
        drop(self.keeping.await);
        self.captures.close();
        if tokio::time::timeout(CAPTURES_TIMEOUT, self.captures.wait()).await.is_err() {
            tracing::warn!(captures = self.captures.len(), "stopping in the middle of captures");
        }
        self.store.close().await;
        self.connections.close();
        if tokio::time::timeout(CONNECTIONS_TIMEOUT, self.connections.wait()).await.is_err() {
            tracing::debug!(connections = self.connections.len(), "closing open connections");
        }
    }
}
