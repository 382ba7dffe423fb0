//! The tools: each runs a snippet in its own folder.

use std::{path::Path, process::Stdio};

use tokio::{process::Command, time::timeout};

use crate::common::{PATIENCE, wire::Wire};

/// A tool that can run a snippet.
pub(crate) trait Tool {
    /// The required program, and whether checks fail without it.
    fn program(&self) -> (&'static str, bool);
    /// The tool runs one of this many cases.
    fn step(&self) -> usize {
        1
    }
    /// Runs snippets, each in its folder; returns what failed.
    async fn run(&self, snippets: &[(&str, &Path)]) -> Result<(), String>;
}

/// The shell that runs a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shell {
    Sh,
    /// As pasted: with history, and line by line.
    InteractiveBash,
    InteractiveZsh,
}

/// Returns whether a program is installed.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    // PHP's curl is a separate package.
    let extension = ["-r", "exit(extension_loaded('curl') ? 0 : 1);"];
    let runs = |arguments: &[&str]| {
        let status = std::process::Command::new(program).args(arguments).status();
        status.is_ok_and(|status| status.success())
    };
    is_there && (program != "php" || runs(&extension))
}

async fn execute(
    program: &str,
    arguments: &[&str],
    folder: &Path,
    input: &str,
) -> Result<(), String> {
    let input_path = folder.join("input");
    std::fs::write(&input_path, input).unwrap();
    let command = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::from(std::fs::File::open(&input_path).unwrap()))
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE * 9, command).await.expect("the tool ends").unwrap();
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{program} ends with {}\n{said}", output.status))
    }
}

/// Commands for a shell.
pub(crate) struct Commands(pub(crate) &'static str, pub(crate) bool, pub(crate) Shell);

impl Tool for Commands {
    fn program(&self) -> (&'static str, bool) {
        match self.2 {
            Shell::Sh => (self.0, self.1),
            Shell::InteractiveBash => ("bash", true),
            Shell::InteractiveZsh => ("zsh", false),
        }
    }

    fn step(&self) -> usize {
        if self.0 == "http" { 5 } else { 1 }
    }

    async fn run(&self, snippets: &[(&str, &Path)]) -> Result<(), String> {
        let mut failures = String::new();
        for (snippet, folder) in snippets {
            let run = match self.2 {
                Shell::Sh => execute("sh", &["-c", snippet], folder, "").await,
                Shell::InteractiveBash => {
                    execute("bash", &["--norc", "--noprofile", "-i"], folder, snippet).await
                }
                Shell::InteractiveZsh => execute("zsh", &["-f", "-i"], folder, snippet).await,
            };
            if let Err(error) = run {
                failures.push_str(&format!("{snippet}{error}\n"));
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }
}

/// Programs in a language, all run by one process: a script that takes paths of folders, enters
/// each, and runs the file of this name.
pub(crate) struct Scripts {
    pub(crate) program: &'static str,
    pub(crate) is_needed: bool,
    pub(crate) file: &'static str,
    /// The arguments before the folders, including the runner.
    pub(crate) options: &'static [&'static str],
}

impl Tool for Scripts {
    fn program(&self) -> (&'static str, bool) {
        (self.program, self.is_needed)
    }

    async fn run(&self, snippets: &[(&str, &Path)]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = self.options.to_vec();
        for (snippet, folder) in snippets {
            std::fs::write(folder.join(self.file), snippet).unwrap();
            arguments.push(folder.to_str().unwrap());
        }
        execute(self.program, &arguments, folder.path(), "").await
    }
}

/// Go programs, combined into one: compiling takes longer than running.
pub(crate) struct Go;

impl Tool for Go {
    fn program(&self) -> (&'static str, bool) {
        ("go", false)
    }

    async fn run(&self, snippets: &[(&str, &Path)]) -> Result<(), String> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("go.mod"), "module snippets\n").unwrap();
        let (mut imports, mut calls) = (String::new(), String::new());
        for (place, (snippet, folder)) in snippets.iter().enumerate() {
            let package = format!("p{place}");
            std::fs::create_dir(home.path().join(&package)).unwrap();
            let library = snippet
                .replacen("package main", &format!("package {package}"), 1)
                .replacen("func main()", "func Main()", 1);
            std::fs::write(home.path().join(&package).join("main.go"), library).unwrap();
            imports.push_str(&format!("import \"snippets/{package}\"\n"));
            calls.push_str(&format!("os.Chdir({folder:?})\n{package}.Main()\n"));
        }
        let main = format!("package main\nimport \"os\"\n{imports}func main() {{\n{calls}}}\n");
        std::fs::write(home.path().join("main.go"), main).unwrap();
        execute("go", &["run", "."], home.path(), "").await
    }
}

/// Rust programs, combined into one, in a separate package that depends on `ureq`: compiling it
/// here each time would be too much. `SNIPPET_RUST` names its folder.
pub(crate) struct Rust;

impl Tool for Rust {
    fn program(&self) -> (&'static str, bool) {
        ("cargo", false)
    }

    async fn run(&self, snippets: &[(&str, &Path)]) -> Result<(), String> {
        let package = std::env::var("SNIPPET_RUST").unwrap();
        let package = Path::new(&package);
        let (mut modules, mut calls) = (String::new(), String::new());
        for (place, (snippet, folder)) in snippets.iter().enumerate() {
            let library = snippet.replacen("fn main()", "pub fn main()", 1);
            std::fs::write(package.join(format!("src/p{place}.rs")), library).unwrap();
            modules.push_str(&format!("mod p{place};\n"));
            calls.push_str(&format!("std::env::set_current_dir({folder:?}).unwrap();\n"));
            calls.push_str(&format!("p{place}::main().unwrap();\n"));
        }
        let main = format!("{modules}fn main() {{\n{calls}}}\n");
        std::fs::write(package.join("src/main.rs"), main).unwrap();
        execute(
            "cargo",
            &["run", "--quiet", "--manifest-path", package.join("Cargo.toml").to_str().unwrap()],
            package,
            "",
        )
        .await
    }
}

/// An editor's handling of a `.http` file, by the rules of the format: comments are skipped, the
/// URL is the destination, headers are sent as written, `< file` inserts the file.
pub(crate) struct Http;

impl Tool for Http {
    fn program(&self) -> (&'static str, bool) {
        ("sh", true)
    }

    async fn run(&self, snippets: &[(&str, &Path)]) -> Result<(), String> {
        for (snippet, folder) in snippets {
            send_file(snippet, folder).await?;
        }
        Ok(())
    }
}

async fn send_file(snippet: &str, folder: &Path) -> Result<(), String> {
    let mut rest = snippet;
    while rest.starts_with('#') {
        rest = rest.split_once('\n').unwrap().1;
    }
    let (head, body) = rest.split_once("\n\n").unwrap_or((rest.trim_end_matches('\n'), ""));
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let (method, line) = line.split_once(' ').unwrap();
    let (url, version) = line.rsplit_once(' ').unwrap();
    assert_eq!(version, "HTTP/1.1");
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let body = match body.strip_prefix("< ./") {
        Some(name) => std::fs::read(folder.join(name.trim_end())).unwrap(),
        None => body.strip_suffix('\n').unwrap_or(body).as_bytes().to_vec(),
    };
    let mut sent = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\n");
    for field in fields.lines() {
        sent.push_str(&format!("{field}\r\n"));
    }
    let mut sent = sent.into_bytes();
    if !body.is_empty() {
        sent.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
    }
    sent.extend(b"\r\n");
    sent.extend(body);
    let mut wire = Wire::connect(host.parse().unwrap()).await;
    wire.send(&sent).await;
    let is_head = method == "HEAD";
    let mut reply = if is_head { wire.reply_to_head().await } else { wire.reply().await };
    while reply.as_ref().is_some_and(|reply| reply.status == 100) {
        reply = wire.reply().await;
    }
    let is_kept = reply.is_some_and(|reply| reply.status == 200);
    if is_kept { Ok(()) } else { Err(format!("refused\n{snippet}")) }
}
