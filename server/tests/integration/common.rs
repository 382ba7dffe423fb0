//! A separate server for each test, and a simple client that talks to it through a real socket.

pub(crate) mod sse;
pub(crate) mod wire;

use std::{net::SocketAddr, path::Path, time::Duration};

use clap::Parser as _;
use hookglass_server::{Server, config::Cli};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// How long a test waits for something that should happen at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a free port with its own database; stops when the test ends.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::on(tempfile::tempdir().unwrap(), flags).await
    }

    /// Starts a server on the database `test.db` in a folder.
    pub(crate) async fn on(folder: TempDir, flags: &[&str]) -> Self {
        let server = serve(folder.path(), flags).await;
        Self { server, folder }
    }

    /// Stops the server and starts it again on the same database.
    pub(crate) async fn restart(self) -> Self {
        self.server.shutdown().await;
        let server = serve(self.folder.path(), &[]).await;
        Self { server, folder: self.folder }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns a client without a key.
    pub(crate) fn stranger(&self) -> Client {
        Client::at(self.address())
    }

    /// Returns a client with its own workspace, and the id of its first endpoint.
    pub(crate) async fn owner(&self) -> (Client, String) {
        let made = self.stranger().post("/api/endpoints", "{}").await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let made = made.json();
        let client = self.stranger().bearer(made["key"].as_str().unwrap());
        (client, made["id"].as_str().unwrap().to_owned())
    }
}

async fn serve(folder: &Path, flags: &[&str]) -> Server {
    let database = folder.join("test.db");
    let mut arguments = vec!["hookglass", "--database", database.to_str().unwrap()];
    if !flags.contains(&"--listen") {
        arguments.extend(["--listen", "127.0.0.1:0"]);
    }
    arguments.extend(flags);
    Server::start(Cli::parse_from(arguments).config).await.unwrap()
}

/// A client of the server, with headers for all of its requests.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) fields: Vec<(String, String)>,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, fields: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, key: &str) -> Self {
        self.with("authorization", &format!("Bearer {key}"))
    }

    /// Acts as one of our own pages in a browser that sends `Sec-Fetch-Site`.
    pub(crate) fn browser(self, cookie: &str) -> Self {
        let client = self.with("sec-fetch-site", "same-origin");
        if cookie.is_empty() { client } else { client.with("cookie", cookie) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    pub(crate) async fn patch(&self, path: &str, json: &str) -> Answer {
        let json = Bytes::copy_from_slice(json.as_bytes());
        self.send(Method::PATCH, path, &[("content-type", "application/json")], json).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, json: &str) -> Answer {
        let json = Bytes::copy_from_slice(json.as_bytes());
        self.send(Method::POST, path, &[("content-type", "application/json")], json).await
    }

    pub(crate) async fn form(&self, path: &str, form: &str) -> Answer {
        let form = Bytes::copy_from_slice(form.as_bytes());
        let fields = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &fields, form).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let response = self.open(method, path, fields, body.into()).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request and returns the response before its body arrives.
    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: Bytes,
    ) -> hyper::Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        let own = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = own.chain(fields.iter().copied()).collect();
        if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(HOST, self.address.to_string());
        }
        for (name, value) in fields {
            request = request.header(name, value);
        }
        let answer = sender.send_request(request.body(Full::new(body)).unwrap());
        tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time").unwrap()
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the stable last part of the problem's type.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json", "{self:?}");
        self.json()["type"].as_str().unwrap().trim_start_matches("/problems/").to_owned()
    }

    /// Returns the cookie that this response sets, as a browser would send it back.
    pub(crate) fn cookie(&self) -> Option<String> {
        let set = self.headers.get("set-cookie")?.to_str().unwrap();
        Some(set.split(';').next().unwrap().to_owned())
    }
}
