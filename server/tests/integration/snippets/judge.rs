//! Compares a request sent by a snippet with its original: everything is equal, or the snippet's
//! comment names the difference.

use tempfile::TempDir;

use super::{
    cases::{self, Case},
    tools::{Tool, is_installed},
};
use crate::common::{
    Client, TestServer,
    wire::{Wire, bytes, fields, replaced},
};

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A server to send to.
pub(crate) struct Bed {
    server: TestServer,
}

/// The differences that a tool may cause without naming them in each case.
#[derive(Default)]
pub(crate) struct Differ {
    /// Headers that it adds on its own, in lower case.
    pub(crate) add: &'static [&'static str],
    pub(crate) change_case: bool,
    pub(crate) change_order: bool,
}

/// A captured request as bytes.
#[derive(Debug, PartialEq)]
struct Seen {
    method: Vec<u8>,
    target: Vec<u8>,
    fields: Fields,
    body: Vec<u8>,
}

/// A case in progress.
struct Trial {
    name: String,
    client: Client,
    id: String,
    snippet: String,
    before: Seen,
    folder: TempDir,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self { server: TestServer::start().await }
    }

    /// Sends a case to a new endpoint and fetches the snippet for a tool.
    async fn trial(&self, case: Case, tool: &str) -> Trial {
        let (client, id) = self.server.owner().await;
        let host = self.server.address().to_string();
        let sent = replaced(&case.sent, b"{id}", id.as_bytes());
        let sent = replaced(&sent, b"{host}", host.as_bytes());
        let mut wire = Wire::connect(self.server.address()).await;
        wire.send(&sent).await;
        let is_head = sent.starts_with(b"HEAD ");
        let mut reply = if is_head { wire.reply_to_head().await } else { wire.reply().await };
        while reply.as_ref().is_some_and(|reply| reply.status == 100) {
            reply = wire.reply().await;
        }
        assert_eq!(reply.unwrap().status, 200, "{}", case.name);
        let path = format!("/api/endpoints/{id}/requests/1/snippet?tool={tool}");
        let answer = client.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        let snippet = String::from_utf8(answer.body.to_vec()).unwrap();
        let before = seen(&client, &id, 1).await;
        let folder = tempfile::tempdir().unwrap();
        if snippet.contains("is read from") {
            std::fs::write(folder.path().join(format!("{id}-1.body")), &before.body).unwrap();
        }
        Trial { name: case.name, client, id, snippet, before, folder }
    }

    /// Returns the snippet of a case.
    pub(crate) async fn snippet(&self, case: Case, tool: &str) -> String {
        self.trial(case, tool).await.snippet
    }

    /// Runs all cases through a tool.
    pub(crate) async fn judge(&self, name: &str, tool: &impl Tool, may: Differ) {
        let (program, is_needed) = tool.program();
        if !is_installed(program) {
            assert!(!is_needed || std::env::var_os("CI").is_none(), "{program} is not installed");
            eprintln!("NOT TESTED: {program} is not installed");
            return;
        }
        let only = std::env::var("SNIPPET_CASE").unwrap_or_default();
        let mut trials = Vec::new();
        // A tool that is slow to start runs only every nth case, unless all are requested.
        let step = if std::env::var_os("SNIPPET_ALL").is_some() { 1 } else { tool.step() };
        let cases = cases::all().into_iter().filter(|case| case.name.contains(&only));
        for case in cases.step_by(step) {
            trials.push(self.trial(case, name).await);
        }
        let mut wrong = Vec::new();
        let runs = trials.iter().filter(|trial| trial.has_code());
        let runs: Vec<_> =
            runs.map(|trial| (trial.snippet.as_str(), trial.folder.path())).collect();
        if let Err(error) = tool.run(&runs).await {
            wrong.push(error);
        }
        let host = self.server.address().to_string();
        for trial in &trials {
            if !only.is_empty() {
                eprintln!("{}", trial.snippet);
            }
            if let Err(error) = trial.verdict(&host, &may).await {
                wrong.push(format!("{}: {error}\n{}", trial.name, cut(&trial.snippet)));
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n\n{}", wrong.len(), wrong.join("\n"));
    }
}

async fn seen(client: &Client, id: &str, seq: i64) -> Seen {
    let path = format!("/api/endpoints/{id}/requests/{seq}");
    let detail = client.get(&path).await.json();
    Seen {
        method: bytes(&detail["method"]),
        target: bytes(&detail["target"]),
        fields: fields(&detail["headers"]),
        body: client.get(&format!("{path}/body")).await.body.to_vec(),
    }
}

impl Trial {
    /// Returns whether any of it can be sent; if not, the snippet is only a comment.
    fn has_code(&self) -> bool {
        self.snippet.lines().any(|line| !line.starts_with('#') && !line.starts_with("//"))
    }

    async fn verdict(&self, host: &str, may: &Differ) -> Result<(), String> {
        let is_odd = |char: char| {
            char != '\n'
                && (char.is_control() || matches!(char, '\u{2000}'..='\u{206f}' | '\u{feff}'))
        };
        if let Some(odd) = self.snippet.chars().find(|&char| is_odd(char)) {
            return Err(format!("{odd:?} is in it"));
        }
        if !self.has_code() {
            return if self.snippet.is_empty() { Err("nothing".to_owned()) } else { Ok(()) };
        }
        if self.folder.path().join("hacked").exists() {
            return Err("something of it was run".to_owned());
        }
        let rows = self.client.rows(&self.id).await.len();
        if rows != 2 {
            return Err(format!("{} requests were sent", rows - 1));
        }
        compare(&self.before, &seen(&self.client, &self.id, 2).await, &self.snippet, host, may)
    }
}

fn compare(
    before: &Seen,
    after: &Seen,
    snippet: &str,
    host: &str,
    may: &Differ,
) -> Result<(), String> {
    let says = |text: &str| {
        let comment =
            snippet.lines().filter(|line| line.starts_with('#') || line.starts_with("//"));
        comment.into_iter().any(|line| line.contains(text))
    };
    let comment_lower: String = snippet
        .lines()
        .filter(|line| line.starts_with('#') || line.starts_with("//"))
        .collect::<String>()
        .to_ascii_lowercase();
    if before.method != after.method {
        return Err(format!("the method is {:?}", String::from_utf8_lossy(&after.method)));
    }
    if before.target != after.target && !says("the target as it was: ") {
        return Err(format!("the target is {}", after.target.escape_ascii()));
    }
    if before.body != after.body && !says("the body: ") {
        return Err(format!("the body is {}", cut(&after.body.escape_ascii().to_string())));
    }
    let folded = |name: &[u8]| {
        if may.change_case { name.to_ascii_lowercase() } else { name.to_vec() }
    };
    let mut arrived: Fields =
        after.fields.iter().map(|(name, value)| (folded(name), value.clone())).collect();
    let mut places = Vec::new();
    for (name, value) in &before.fields {
        if says(&format!("{}: {}", shown(name), shown(value))) {
            continue;
        }
        let is_framing = ["content-length", "transfer-encoding"]
            .iter()
            .any(|framing| name.eq_ignore_ascii_case(framing.as_bytes()));
        let is_same = |field: &&(Vec<u8>, Vec<u8>)| {
            field.1 == *value
                && (field.0 == folded(name) || is_framing && field.0.eq_ignore_ascii_case(name))
        };
        let is_host = name.eq_ignore_ascii_case(b"host");
        match after.fields.iter().position(|(n, v)| is_same(&&(folded(n), v.clone()))) {
            Some(_) => {
                let place =
                    arrived.iter().position(|field| is_same(&field)).ok_or("one is lost")?;
                if !is_host && !is_framing {
                    places.push(after.fields.len() - arrived.len() + place);
                }
                arrived.remove(place);
            }
            None if is_host
                || (is_framing
                    && (says("the word that the body is empty") || says("the body: "))) => {}
            None => {
                return Err(format!(
                    "{}: {} is missing among {:?}",
                    name.escape_ascii(),
                    value.escape_ascii(),
                    after
                        .fields
                        .iter()
                        .map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii()))
                        .collect::<Vec<_>>()
                ));
            }
        }
    }
    for (name, value) in &arrived {
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let is_told = match lower.as_str() {
            "host" => value == host.as_bytes(),
            "content-length" => {
                says("without Content-Length")
                    || says("Content-Length: ")
                    || says("it says Content-Length")
            }
            name => may.add.contains(&name) || comment_lower.contains(&format!("without {name}: ")),
        };
        if !is_told {
            return Err(format!("{lower}: {} was added", value.escape_ascii()));
        }
    }
    if !may.change_order && !places.is_sorted() {
        return Err("the order of fields is another".to_owned());
    }
    Ok(())
}

/// Returns a name or value as comments show it, up to where they truncate it.
fn shown(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for &byte in bytes.iter().take(100) {
        if byte.is_ascii_alphanumeric() || b" -_.,:/+@".contains(&byte) {
            shown.push(char::from(byte));
        } else {
            shown.push_str(&format!("%{byte:02X}"));
        }
    }
    shown
}

fn cut(text: &str) -> String {
    text.chars().take(1_500).collect()
}
