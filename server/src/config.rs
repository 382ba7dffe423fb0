//! Flags, their environment variables, and their values.

pub(crate) mod host;

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use hookglass_metrics::Metrics;
use hookglass_senders::sender;
use hookglass_store::sqlite::{Durability, Options, Publish};
use ipnet::IpNet;

use crate::{limits::rates::RateLimits, vault::SecretKey};

/// A smaller file cannot hold a batch of requests besides the tables themselves.
const SMALLEST_STORAGE_BYTES: u64 = 16 * 1024 * 1024;

/// A looking glass for webhooks: gives out disposable public URLs, keeps every request that
/// reaches them exactly as it came, and shows it in the browser the instant it arrives.
#[derive(Debug, Parser)]
#[command(
    name = "hookglass",
    version,
    max_term_width = 100,
    after_help = "Start it, open the URL that it prints, and press \"New endpoint\".\n\n\
                  Senders' secrets are sealed with a key that is made when the first one is added, \
                  in the file FILE.key beside the database. To keep it elsewhere, set \
                  HOOKGLASS_SECRET_KEY to 32 bytes in base64 instead."
)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The configuration of the server.
    #[command(flatten)]
    pub config: Config,
}

/// Commands other than serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Create a workspace and print its key, for servers run with `--create key`.
    ///
    /// The server must not be running on the same database meanwhile.
    CreateWorkspace,
}

/// The configuration of the server.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address and port to listen on.
    #[arg(long, env = "HOOKGLASS_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The SQLite file that holds everything; a path or a sqlite: URL. Created if it does not
    /// exist.
    #[arg(long, env = "HOOKGLASS_DATABASE", value_name = "FILE", default_value = "hookglass.db")]
    pub database: Database,

    /// The public origin of this server, such as `https://hooks.example.com`. Pages and API then
    /// respond only under its host name, and under loopback. By default, pages show the origin that
    /// the browser uses.
    #[arg(long, env = "HOOKGLASS_PUBLIC_URL", value_name = "ORIGIN")]
    pub public_url: Option<PublicUrl>,

    /// Networks of trusted proxies, whose X-Forwarded-For, Forwarded and X-Forwarded-Proto are
    /// used.
    #[arg(
        long,
        env = "HOOKGLASS_TRUSTED_PROXY",
        value_name = "CIDR",
        num_args = 1..,
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxy: Vec<IpNet>,

    /// The largest request body, such as 512KiB, 25MiB or 1GB.
    #[arg(long, env = "HOOKGLASS_MAX_BODY", value_name = "SIZE", default_value = "25MiB")]
    pub max_body: Size,

    /// The most endpoints in a workspace.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_ENDPOINTS",
        value_name = "N",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_endpoints: u32,

    /// The most endpoints in all workspaces together.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_ENDPOINTS_TOTAL",
        value_name = "N",
        default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_endpoints_total: u32,

    /// The most requests that an endpoint keeps; then it drops its oldest, or rejects new ones if
    /// its owner chose that.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_REQUESTS",
        value_name = "N",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_requests: u32,

    /// When an endpoint expires that gets no requests and no views, such as 90s, 15m, 12h or 7d; 0
    /// for never. Owners may choose another time for theirs.
    #[arg(long, env = "HOOKGLASS_ENDPOINT_TTL", value_name = "TIME", default_value = "7d")]
    pub endpoint_ttl: Ttl,

    /// The size limit of the database, such as 512MiB or 2GiB; beyond it, the oldest requests of
    /// the largest workspace are dropped. The write-ahead log takes up to 64 MiB more.
    #[arg(long, env = "HOOKGLASS_MAX_STORAGE", value_name = "SIZE", default_value = "2GiB")]
    pub max_storage: Storage,

    /// Whether an acknowledged request survives a power cut (full), or only a crash of the program
    /// (normal).
    #[arg(long, env = "HOOKGLASS_DURABILITY", value_name = "MODE", default_value = "full")]
    pub durability: Durability,

    /// The most open connections; at most as many as the process may have open files.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 16384,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_connections: u32,

    /// The most open connections from one address, 0 for no limit. An address is an IPv4 address or
    /// an IPv6 /64; trusted proxies, loopback and private addresses are not counted, here and
    /// below.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = 1024
    )]
    pub max_connections_per_address: u32,

    /// The most requests per second at one endpoint, 0 for no limit.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_RATE_PER_ENDPOINT",
        value_name = "N",
        default_value_t = 100_000
    )]
    pub max_rate_per_endpoint: u32,

    /// The most captured requests per second from one address, 0 for no limit.
    #[arg(long, env = "HOOKGLASS_MAX_RATE_PER_ADDRESS", value_name = "N", default_value_t = 1000)]
    pub max_rate_per_address: u32,

    /// The most endpoints created from one address per hour, 0 for no limit.
    #[arg(
        long,
        env = "HOOKGLASS_MAX_CREATIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = 200
    )]
    pub max_creations_per_address: u32,

    /// Address of the Prometheus metrics, at /metrics, such as 127.0.0.1:9464. Off by default.
    #[arg(long, env = "HOOKGLASS_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,

    /// Cookies of other applications on this host whose values are never stored.
    #[arg(
        long,
        env = "HOOKGLASS_REDACT_COOKIES",
        value_name = "NAME",
        num_args = 1..,
        value_delimiter = ','
    )]
    pub redact_cookies: Vec<String>,

    /// Who may create a workspace: everyone, or only those who already have a key.
    #[arg(long, env = "HOOKGLASS_CREATE", value_name = "WHO", default_value = "open")]
    pub create: Create,

    /// The format of log lines. `RUST_LOG` sets what is logged, such as `hookglass=debug`.
    #[arg(long, env = "HOOKGLASS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// The key that seals secrets. Not a flag: other users of the machine can see those.
    #[arg(skip)]
    pub secret_key: Option<SecretKey>,
}

impl Config {
    /// Returns the rate limits.
    pub(crate) fn rate_limits(&self) -> RateLimits {
        RateLimits {
            per_endpoint: self.max_rate_per_endpoint,
            per_address: self.max_rate_per_address,
            creations_per_address: self.max_creations_per_address,
        }
    }

    pub(crate) fn store_options(&self, publish: Publish, metrics: Metrics) -> Options {
        Options {
            durability: self.durability,
            max_requests: self.max_requests,
            max_endpoints_total: self.max_endpoints_total,
            max_storage_bytes: self.max_storage.0,
            endpoint_ttl: self.endpoint_ttl.0,
            publish,
            metrics,
            provider_of: sender::provider,
            ..Options::new(&self.database.0)
        }
    }
}

/// Who may create a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Create {
    /// Everyone who can reach the page or the API.
    Open,
    /// Nobody: keys come from `hookglass create-workspace`.
    Key,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The path of the database file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database(pub PathBuf);

impl FromStr for Database {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = match text.split_once(':') {
            Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
            Some((scheme, rest)) if rest.starts_with("//") && scheme.len() > 1 => {
                return Err("takes a path or a sqlite: URL; no other database is supported");
            }
            _ => text,
        };
        if path.is_empty() || path.starts_with(':') {
            return Err(
                "takes a path or a sqlite: URL of a file; Hookglass keeps nothing only in memory",
            );
        }
        if path.contains('?') && path != text {
            return Err("takes a sqlite: URL without parameters");
        }
        Ok(Self(PathBuf::from(path)))
    }
}

/// An origin (WHATWG HTML §7.1.1): scheme and authority, no path, no trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The origin, such as `https://hooks.example.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0
    }

    /// The host's name or address, without a port.
    pub(crate) fn name(&self) -> &str {
        crate::config::host::name_of(self.0.split_once("://").map_or("", |(_, host)| host))
    }

    /// Whether it is https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const TAKES: &str = "takes an origin such as https://hooks.example.com, without a path";
        let (scheme, rest) = text.split_once("://").ok_or(TAKES)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(TAKES),
        };
        let authority = crate::config::host::host(authority).ok_or(TAKES)?;
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

/// A number of bytes with an optional unit: `512KiB`, `25MiB`, `1GB`, `1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const TAKES: &str = "takes a size such as 512KiB, 25MiB or 1GB";
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| TAKES)?;
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" | "k" => 1000,
            "mb" | "m" => 1_000_000,
            "gb" | "g" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err(TAKES),
        };
        number.checked_mul(factor).filter(|&bytes| bytes > 0).map(Self).ok_or(TAKES)
    }
}

/// A size that is large enough for a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage(pub u64);

impl FromStr for Storage {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Size>()
            .ok()
            .filter(|size| size.0 >= SMALLEST_STORAGE_BYTES)
            .map(|size| Self(size.0))
            .ok_or("takes a size of at least 16MiB, such as 512MiB or 2GiB")
    }
}

/// A time to live: `90s`, `15m`, `12h`, `7d`; `0` for no expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl(pub Duration);

impl FromStr for Ttl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const TAKES: &str = "takes a time such as 90s, 15m, 12h or 7d, or 0 for ever";
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit_seconds = match &text[digits.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return Err(TAKES),
        };
        let number: u32 = digits.parse().map_err(|_| TAKES)?;
        Ok(Self(Duration::from_secs(u64::from(number) * unit_seconds)))
    }
}

/// Parses a network, or a single address as a network of one.
fn network(text: &str) -> Result<IpNet, &'static str> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "takes a network such as 10.0.0.0/8 or fd00::/8, or an address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        assert_eq!("25MiB".parse(), Ok(Size(25 << 20)));
        assert_eq!("1GB".parse(), Ok(Size(1_000_000_000)));
        assert_eq!("512 kib".parse(), Ok(Size(512 << 10)));
        for (text, bytes) in [
            ("7", 7),
            ("7b", 7),
            ("7k", 7000),
            ("7kB", 7000),
            ("7m", 7_000_000),
            ("7MB", 7_000_000),
            ("7g", 7_000_000_000),
            ("7GiB", 7 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for bad in ["", "MiB", "-1", "1.5MiB", "0", "1XB", "99999999999GiB"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_storage_has_sixteen_mebibytes_at_least() {
        assert_eq!("16MiB".parse(), Ok(Storage(16 << 20)));
        for bad in ["16777215", "16MB", "", "much"] {
            assert!(bad.parse::<Storage>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_said_reaches_the_store() {
        let flags = [
            ["--database", "some.db"],
            ["--durability", "normal"],
            ["--max-requests", "7"],
            ["--max-endpoints-total", "8"],
            ["--max-storage", "99MiB"],
            ["--endpoint-ttl", "2m"],
        ];
        let flags = ["hookglass"].into_iter().chain(flags.into_iter().flatten());
        let config = Cli::parse_from(flags).config;
        let options = config.store_options(Box::new(drop), Metrics::default());
        assert_eq!(options.path, PathBuf::from("some.db"));
        assert_eq!(options.durability, Durability::Normal);
        assert_eq!((options.max_requests, options.max_endpoints_total), (7, 8));
        assert_eq!(options.max_storage_bytes, 99 << 20);
        assert_eq!(options.endpoint_ttl, Duration::from_secs(120));
    }

    #[test]
    fn times_have_units_and_zero_is_for_ever() {
        let seconds = |text: &str| text.parse::<Ttl>().map(|ttl| ttl.0.as_secs());
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("12h"), Ok(43_200));
        assert_eq!(seconds("7d"), Ok(604_800));
        for bad in ["", "7", "d", "-1d", "1.5h", "1w", "7 d", "99999999999d"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        let origin = |text: &str| text.parse::<PublicUrl>().map(|url| url.0);
        assert_eq!(
            origin("https://Hooks.example.com/").as_deref(),
            Ok("https://hooks.example.com")
        );
        assert_eq!(origin("https://a.test:443").as_deref(), Ok("https://a.test"));
        assert_eq!(origin("http://a.test:80/").as_deref(), Ok("http://a.test"));
        assert_eq!(origin("http://a.test:443").as_deref(), Ok("http://a.test:443"));
        assert_eq!(origin("http://[::1]:8080").as_deref(), Ok("http://[::1]:8080"));
        for bad in
            ["hooks.test", "https://", "https://a/b", "ftp://a", "https://a b", "https://u@h"]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_database_is_a_file() {
        let path = |text: &str| text.parse::<Database>().map(|database| database.0);
        assert_eq!(path("a/b.db"), Ok("a/b.db".into()));
        assert_eq!(path("sqlite://b.db"), Ok("b.db".into()));
        assert_eq!(path("sqlite:///srv/b.db"), Ok("/srv/b.db".into()));
        assert_eq!(path("what?.db"), Ok("what?.db".into()), "a path has no parameters");
        for bad in [
            "",
            ":memory:",
            "sqlite::memory:",
            "postgres://x/y",
            "sqlite:",
            "sqlite://b.db?mode=ro",
        ] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}
