//! Holds what a snippet sent against what it was made of: everything is equal, or named in the
//! snippet's comment.

use crate::{
    cases::{self, Case},
    common::{
        Client, TestServer,
        wire::{Wire, bytes, fields, replaced},
    },
    tools::{Tool, is_installed},
};

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A server with an endpoint.
pub(crate) struct Bed {
    server: TestServer,
    owner: Client,
    id: String,
}

/// What a tool does differently without saying it case by case.
pub(crate) mod may {
    /// In which ways a tool may differ.
    pub(crate) struct Differ {
        /// Fields that it adds by itself, in lower case.
        pub(crate) add: &'static [&'static str],
        pub(crate) change_case: bool,
        pub(crate) change_order: bool,
    }

    pub(crate) fn nothing() -> Differ {
        Differ { add: &[], change_case: false, change_order: false }
    }

    pub(crate) fn fetch() -> Differ {
        Differ {
            add: &[
                "accept", "accept-encoding", "accept-language", "connection", "sec-fetch-mode",
                "user-agent",
            ],
            change_case: true,
            change_order: true,
        }
    }
}

/// A captured request in bytes.
#[derive(Debug, PartialEq)]
struct Seen {
    method: Vec<u8>,
    target: Vec<u8>,
    fields: Fields,
    body: Vec<u8>,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        let server = TestServer::start().await;
        let (owner, id) = server.owner().await;
        Self { server, owner, id }
    }

    /// Sends a case; its number.
    pub(crate) async fn send(&self, case: &Case) -> i64 {
        let host = self.server.address().to_string();
        let sent = replaced(&case.sent, b"{id}", self.id.as_bytes());
        let sent = replaced(&sent, b"{host}", host.as_bytes());
        let mut wire = Wire::connect(self.server.address()).await;
        wire.send(&sent).await;
        let is_head = sent.starts_with(b"HEAD ");
        let mut reply = if is_head { wire.reply_to_head().await } else { wire.reply().await }.unwrap();
        while reply.status == 100 {
            reply = wire.reply().await.unwrap();
        }
        assert_eq!(reply.status, 200, "{}: {}", case.name, reply.says());
        reply.field("hookglass-seq").unwrap().parse().unwrap()
    }

    pub(crate) async fn snippet(&self, tool: &str, seq: i64) -> String {
        let path = format!("/api/endpoints/{}/requests/{seq}/snippet?tool={tool}", self.id);
        let answer = self.owner.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    async fn body(&self, seq: i64) -> Vec<u8> {
        let path = format!("/api/endpoints/{}/requests/{seq}/body", self.id);
        self.owner.get(&path).await.body.to_vec()
    }

    async fn seen(&self, seq: i64) -> Seen {
        let path = format!("/api/endpoints/{}/requests/{seq}", self.id);
        let detail = self.owner.get(&path).await.json();
        Seen {
            method: bytes(&detail["method"]),
            target: bytes(&detail["target"]),
            fields: fields(&detail["headers"]),
            body: self.body(seq).await,
        }
    }

    /// Runs all cases through a tool.
    pub(crate) async fn judge(&self, name: &str, tool: &impl Tool, may: fn() -> may::Differ) {
        let (program, is_needed) = tool.program();
        if !is_installed(program) {
            assert!(!is_needed || std::env::var_os("CI").is_none(), "{program} is not installed");
            eprintln!("NOT TESTED: {program} is not installed");
            return;
        }
        let only = std::env::var("SNIPPET_CASE").ok();
        let mut wrong = Vec::new();
        for case in cases::all() {
            if only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
                continue;
            }
            let seq = self.send(&case).await;
            let snippet = self.snippet(name, seq).await;
            if only.is_some() {
                println!("{snippet}");
            }
            if let Err(error) = self.judge_one(seq, &snippet, tool, &may()).await {
                wrong.push(format!("{}: {error}\n{}", case.name, cut(&snippet)));
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n\n{}", wrong.len(), wrong.join("\n"));
    }

    async fn judge_one(
        &self,
        seq: i64,
        snippet: &str,
        tool: &impl Tool,
        may: &may::Differ,
    ) -> Result<(), String> {
        let odd = snippet.chars().find(|char| {
            *char != '\n' && (char.is_control() || matches!(char, '\u{2000}'..='\u{206f}' | '\u{feff}'))
        });
        if let Some(odd) = odd {
            return Err(format!("{odd:?} is in it"));
        }
        let is_code = |line: &&str| !line.starts_with('#') && !line.starts_with("//");
        if !snippet.lines().any(|line| is_code(&line)) {
            // Nothing of it can be sent, and it says so.
            return if snippet.is_empty() { Err("nothing".to_owned()) } else { Ok(()) };
        }
        let folder = tempfile::tempdir().unwrap();
        let before = self.seen(seq).await;
        let file = folder.path().join(format!("{}-{seq}.body", self.id));
        if snippet.contains("is read from") {
            std::fs::write(file, &before.body).unwrap();
        }
        tool.run(snippet, folder.path()).await?;
        if folder.path().join("hacked").exists() {
            return Err("something of it was run".to_owned());
        }
        let requests = self.owner.get(&format!("/api/endpoints/{}/requests?limit=1", self.id)).await;
        let newest = requests.json()["requests"][0]["seq"].as_i64().unwrap();
        if newest != seq + 1 {
            return Err(format!("{} requests were sent", newest - seq));
        }
        let host = self.server.address().to_string();
        compare(&before, &self.seen(newest).await, snippet, &host, may)
    }
}

fn compare(
    before: &Seen,
    after: &Seen,
    snippet: &str,
    host: &str,
    may: &may::Differ,
) -> Result<(), String> {
    let says = |text: &str| {
        let comment = snippet.lines().filter(|line| line.starts_with('#') || line.starts_with("//"));
        comment.into_iter().any(|line| line.contains(text))
    };
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
                let place = arrived.iter().position(|field| is_same(&field)).ok_or("one is lost")?;
                if !is_host && !is_framing {
                    places.push(
                        after.fields.len() - arrived.len() + place,
                    );
                }
                arrived.remove(place);
            }
            None if is_host || (is_framing && (says("the word that the body is empty") || says("the body: "))) => {}
            None => {
                return Err(format!(
                    "{}: {} is missing among {:?}",
                    name.escape_ascii(),
                    value.escape_ascii(),
                    after.fields.iter().map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii())).collect::<Vec<_>>()
                ));
            }
        }
    }
    for (name, value) in &arrived {
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let is_told = match lower.as_str() {
            "host" => value == host.as_bytes(),
            "content-length" => {
                says("without Content-Length") || says("Content-Length: ") || says("it says Content-Length")
            }
            name => may.add.contains(&name) || says(&format!("adds {name}")),
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

/// A name or value as comments show it, up to where they cut it.
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
