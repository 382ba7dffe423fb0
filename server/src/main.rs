//! Arguments, logging and the exit code.

use std::{
    io::{self, IsTerminal as _, Write as _},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::Parser as _;
use hookglass_server::{
    Server,
    config::{Cli, Command, Config, LogFormat},
    vault::{KEY_VARIABLE, SecretKey, SecretKeyError},
};
use hookglass_store::{
    Store as _,
    key::Key,
    sqlite::{Options, SqliteStore},
};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

/// The system's allocator is slow with many short-lived buffers from several threads, and keeps
/// them resident.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long an exit waits for work that nothing depends on.
const LEFTOVERS_TIMEOUT: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let cli = Cli::parse();
    init_logs(cli.config.log_format);
    use_small_pages();
    let secret_key = match secret_key() {
        Ok(secret_key) => secret_key,
        Err(error) => {
            say(&format!("hookglass: {KEY_VARIABLE} {error}"));
            return ExitCode::from(2);
        }
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
        .and_then(|runtime| match cli.command {
            None => run(runtime, serve(cli.config, secret_key)),
            Some(Command::CreateWorkspace) => run(runtime, create_workspace(&cli.config)),
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("hookglass: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs `work` to its end, and waits only briefly for other tasks: a read for a caller may take
/// long, and everything to be stored is on disk once the store is closed.
fn run<T>(runtime: Runtime, work: impl Future<Output = T>) -> T {
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LEFTOVERS_TIMEOUT);
    done
}

async fn serve(mut config: Config, secret_key: Option<SecretKey>) -> anyhow::Result<()> {
    raise_open_files_limit();
    let public_url = config.public_url.clone();
    let database = config.database.0.clone();
    config.secret_key = secret_key;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let server = Server::start(config).await?;
    let address = server.address();
    let url = public_url.map_or_else(|| local_url(address), |url| url.origin().to_owned());
    say(&format!("Hookglass is listening on {address}. Open {url}/"));
    tracing::info!(%address, database = %database.display(), "listening");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    server.shutdown().await;
    Ok(())
}

/// Returns the key from the environment. An empty one counts as none.
fn secret_key() -> Result<Option<SecretKey>, SecretKeyError> {
    match std::env::var(KEY_VARIABLE).map(Zeroizing::new) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => text.parse().map(Some),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(SecretKeyError),
    }
}

/// The URL for a browser on this machine, of a server that listens on `address`.
fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

async fn create_workspace(config: &Config) -> anyhow::Result<()> {
    let store = SqliteStore::open(Options::new(&config.database.0)).await?;
    let key = Key::random().context("no random numbers")?;
    store.create_workspace(key.hash()).await.context("cannot create a workspace")?;
    store.close().await;
    writeln!(io::stdout(), "{}", key.reveal()).context("cannot print the key")
}

fn init_logs(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // Don't report failed log writes: that report would itself panic if stderr is closed.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}

/// Prints a line for the person who started the program.
fn say(line: &str) {
    // There is no reader if stderr is closed.
    drop(writeln!(io::stderr(), "{line}"));
}

/// Disables transparent huge pages, so that memory becomes resident only as it is used: they
/// account for ten megabytes of an idle server, and a third of the memory of ten thousand feeds.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "the system may use huge pages");
    }
}

/// Raises the soft limit on open files to the hard one: each feed holds a connection open.
fn raise_open_files_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "cannot raise the limit on open files");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn an_exit_does_not_wait_for_work_that_goes_on() {
        let (end, ended) = mpsc::channel::<()>();
        let runtime = Runtime::new().unwrap();
        let work = async move {
            let (begin, begun) = tokio::sync::oneshot::channel();
            tokio::task::spawn_blocking(move || {
                begin.send(()).unwrap();
                ended.recv()
            });
            begun.await.unwrap();
            7
        };
        // The blocking work ends only after this.
        assert_eq!(run(runtime, work), 7);
        drop(end);
    }
}
