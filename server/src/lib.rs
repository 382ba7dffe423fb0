//! The Hookglass server: captures requests, stores them, and shows them live.

mod capture;
pub mod config;
mod feed;
mod limits;
mod rendering;
mod respond;
mod retention;
pub mod vault;
mod verification;
mod web;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hookglass_limits::budget::Budget;
use hookglass_listener::{ConnectionLimiter, Listener, client_address::ClientAddress};
use hookglass_metrics::Metrics;
use hookglass_store::{
    Store, StoreError,
    sqlite::{OpenError, SqliteStore},
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    io,
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::feed::{Feed, Received, Subscription};
use self::{
    capture::Capture,
    config::Config,
    limits::rates::Rates,
    rendering::Renderer,
    respond::Responder,
    vault::{Vault, VaultError},
    verification::{VerificationQueue, Verifier},
    web::{AppState, Responses},
};

/// How long a shutdown waits for requests that are being captured.
const CAPTURES_TIMEOUT: Duration = Duration::from_millis(1000);
/// How long it then waits for connections to send their remaining data.
const CONNECTIONS_TIMEOUT: Duration = Duration::from_millis(500);

/// The budget for request bytes in memory before they are stored. Beyond it, senders get a 503.
const IN_FLIGHT_BYTES: u64 = 256 * 1024 * 1024;
/// The budget for response bytes in memory until they are written. Beyond it, callers get a 503.
const RESPONSE_BYTES: u64 = 192 * 1024 * 1024;
/// The budget for HTTP/2 streams without the bodies of their responses: 8,192 streams. Beyond it,
/// clients get a 503. Separate from responses, so that slow readers do not affect captures.
const ALL_STREAMS_BYTES: u64 = 64 * 1024 * 1024;
/// Bodies that are stored ahead of their requests may take one fourth of the storage.
const UPLOADS_PART: u64 = 4;
/// Open files that are reserved for the database and others, and not used for connections.
const OTHER_FILES: u64 = 128;
/// The system's send buffer for one peer; Linux doubles it. By default it would grow to megabytes
/// for each peer that reads nothing, and hide for minutes whether a slow one reads at all.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;
/// Connections that wait to be accepted; tokio's default.
const BACKLOG: u32 = 1024;
/// How often rate limits drop idle keys.
const FORGET_INTERVAL: Duration = Duration::from_secs(30);

/// A running server; owns all its tasks.
pub struct Server {
    address: SocketAddr,
    store: Arc<dyn Store>,
    shutdown: CancellationToken,
    captures: TaskTracker,
    connections: TaskTracker,
    /// The tasks that accept connections, and others that run until the shutdown.
    keepers: TaskTracker,
    metrics_address: Option<SocketAddr>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// Its secrets cannot be opened.
    #[error(transparent)]
    Secrets(#[from] VaultError),
    /// The database cannot be read.
    #[error("cannot read the database: {0}")]
    Store(#[from] StoreError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another with {flag}")]
    Listener {
        /// The flag of the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

impl Server {
    /// Opens the database and starts to listen.
    ///
    /// # Errors
    /// The database cannot be opened, or the address cannot be listened on.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let feed = Feed::default();
        let publish = {
            let feed = feed.clone();
            Box::new(move |changes| feed.publish(changes))
        };
        let metrics = Metrics::default();
        // Bind first, because that leaves no trace if it fails: then no database is created.
        let socket = bind(config.listen, "--listen")?;
        let metrics_socket =
            config.metrics_listen.map(|asked| bind(asked, "--metrics-listen")).transpose()?;
        let vault = Vault::open(&config.database.0, config.secret_key.clone())?;
        let options = config.store_options(publish, metrics.clone());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).await?);
        if let Err(error) = check_vault(&vault, &*store).await {
            store.close().await;
            return Err(error);
        }
        let (listener, address) = socket.listen()?;
        let config = Arc::new(config);
        let shutdown = CancellationToken::new();
        let (captures, connections, keepers) =
            (TaskTracker::new(), TaskTracker::new(), TaskTracker::new());
        let client_address = ClientAddress::new(&config.trusted_proxy);
        let rates = Arc::new(Rates::new(config.rate_limits()));
        let verifier = Verifier::new(store.clone(), vault, &config);
        let budget = Budget::new(IN_FLIGHT_BYTES, metrics.in_flight_bytes.clone());
        let answering = Responder::new(
            store.clone(),
            verifier.clone(),
            budget.clone(),
            metrics.held_answers.clone(),
            captures.clone(),
            shutdown.clone(),
        );
        let (verdicts, judging) = VerificationQueue::new(verifier, shutdown.clone());
        let capture = Arc::new(Capture {
            store: store.clone(),
            verdicts: verdicts.clone(),
            client_address: client_address.clone(),
            config: config.clone(),
            rates: rates.clone(),
            budget,
            answering: answering.clone(),
            upload_budget: Budget::new(
                config.max_storage.0 / UPLOADS_PART,
                metrics.upload_bytes.clone(),
            ),
            metrics: metrics.clone(),
            tasks: captures.clone(),
            shutdown: shutdown.clone(),
        });
        // Separate from incoming data: a slow reader must not block it.
        let responses = Responses::new(RESPONSE_BYTES, metrics.response_bytes.clone());
        let app = AppState {
            capture: capture.clone(),
            answering,
            verdicts,
            store: store.clone(),
            feed,
            client_address: client_address.clone(),
            rates: rates.clone(),
            reader: Renderer::default(),
            responses,
            turns: Arc::new(Semaphore::new(web::RESPONSES_AT_ONCE)),
            deletions: Arc::new(Semaphore::new(web::DELETIONS)),
            metrics: metrics.clone(),
            config: config.clone(),
            shutdown: shutdown.clone(),
        };
        let listen = Listener {
            routes: web::routes(app),
            malformed: web::malformed(capture),
            connection_limit: connection_limit(&config, &metrics),
            is_counted: {
                let client_address = client_address.clone();
                Arc::new(move |peer| client_address.is_counted(peer))
            },
            client: Arc::new(move |peer, headers| client_address.counted(peer, headers)),
            streams: Budget::new(ALL_STREAMS_BYTES, Gauge::default()),
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
            connections: connections.clone(),
        };
        let mut metrics_address = None;
        if let Some(socket) = metrics_socket {
            let (listener, address) = socket.listen()?;
            metrics_address = Some(address);
            let routes = web::metrics(metrics);
            let listen = Listener { routes: routes.clone(), malformed: routes, ..listen.clone() };
            keepers.spawn(listen.serve(listener));
        }
        keepers.spawn(listen.serve(listener));
        keepers.spawn(judging);
        keepers.spawn(retention::keep(store.clone(), shutdown.clone()));
        keepers.spawn(forget_idle(rates, shutdown.clone()));
        Ok(Self { address, store, shutdown, captures, connections, keepers, metrics_address })
    }

    /// The address of the metrics, if they are served.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, ends the feeds, stores and responds to what has arrived, and closes the
    /// database. Takes at most two seconds unless the disk takes longer.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        self.keepers.close();
        self.keepers.wait().await;
        self.captures.close();
        if tokio::time::timeout(CAPTURES_TIMEOUT, self.captures.wait()).await.is_err() {
            tracing::warn!(captures = self.captures.len(), "stopping with captures in progress");
        }
        self.store.close().await;
        self.connections.close();
        if tokio::time::timeout(CONNECTIONS_TIMEOUT, self.connections.wait()).await.is_err() {
            tracing::debug!(connections = self.connections.len(), "closing open connections");
        }
    }
}

/// Checks that the vault can open the secrets in the store.
async fn check_vault(vault: &Vault, store: &dyn Store) -> Result<(), StartError> {
    if let Some(secret) = store.any_secret().await? {
        vault.check(secret.endpoint, secret.id, &secret.sealed)?;
    }
    Ok(())
}

/// An address that is reserved but does not accept connections yet.
struct BoundAddress {
    socket: TcpSocket,
    address: SocketAddr,
    flag: &'static str,
}

impl BoundAddress {
    fn listen(self) -> Result<(TcpListener, SocketAddr), StartError> {
        let Self { socket, address, flag } = self;
        let failed = |source| StartError::Listener { flag, address, source };
        let listener = socket.listen(BACKLOG).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok((listener, address))
    }
}

fn bind(address: SocketAddr, flag: &'static str) -> Result<BoundAddress, StartError> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restarted server does not wait for old connections in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        // Connections inherit it.
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        socket.bind(address)?;
        Ok(socket)
    };
    let socket = bound().map_err(|source| StartError::Listener { flag, address, source })?;
    Ok(BoundAddress { socket, address, flag })
}

/// The operator's limit, or fewer if the process may not have that many open files.
fn connection_limit(config: &Config, metrics: &Metrics) -> ConnectionLimiter {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let most = files.map_or(u64::MAX, |files| files.saturating_sub(OTHER_FILES).max(1));
    let wanted = u64::from(config.max_connections);
    if most < wanted {
        tracing::warn!(wanted, most, "the limit on open files allows fewer connections");
    }
    let of_one = usize::try_from(config.max_connections_per_address).unwrap_or(usize::MAX);
    ConnectionLimiter::new(
        usize::try_from(most.min(wanted)).unwrap_or(usize::MAX),
        of_one,
        metrics.clone(),
    )
}

async fn forget_idle(rates: Arc<Rates>, shutdown: CancellationToken) {
    let mut ticks = interval(FORGET_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        rates.forget_idle();
    }
}
