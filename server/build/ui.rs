//! The steps from `app`, `style` and `public` to embeddable files: their dependencies, and when
//! cargo must run this again.

mod embed;
mod style;
mod wasm;

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use self::{
    embed::{AssetRole, CompressionEffort, File},
    wasm::{Profile, ViewRenderer},
};

/// Chooses the profile of the browser half: `release` or `dev`. By default it follows the server's
/// profile.
const PROFILE_VARIABLE: &str = "HOOKGLASS_UI_PROFILE";

/// Chooses the renderer in the browser: `stock-leptos` for unmodified Leptos; by default the small
/// layer in `app/view`. The server renders the same pages for both.
const RENDERER_VARIABLE: &str = "HOOKGLASS_UI_RENDERER";

/// Builds the browser half and writes it to `out_dir`, with an `assets.rs` that embeds it.
///
/// # Errors
/// What went wrong and where. Compiler errors of the browser half go to stderr unchanged.
pub(crate) fn build(out_dir: &Path) -> Result<()> {
    let root = workspace()?;
    for input in [
        "Cargo.toml",
        "Cargo.lock",
        "app/Cargo.toml",
        "app/src",
        "app/view",
        "app/wire",
        "style",
        "public",
    ] {
        directive(&format!("rerun-if-changed={}", root.join(input).display()))?;
    }
    for variable in [PROFILE_VARIABLE, RENDERER_VARIABLE] {
        directive(&format!("rerun-if-env-changed={variable}"))?;
    }

    if let Some(missing) = wasm::missing_target()? {
        // An error of its own, so that cargo shows this line instead of a whole failed command.
        return directive(&format!("error={missing}"));
    }

    let profile = profile()?;
    let bound = wasm::build(&root, out_dir, profile, renderer()?)?;
    let style = style::bundle(&root.join("style/main.css"))?;
    let mut files = vec![
        File { role: AssetRole::Script, name: "js".to_owned(), bytes: bound.script.into_bytes() },
        File { role: AssetRole::Wasm, name: "wasm".to_owned(), bytes: bound.wasm },
        File { role: AssetRole::Style, name: "css".to_owned(), bytes: style.into_bytes() },
    ];
    files.extend(public(&root.join("public"))?);

    let effort = match profile {
        Profile::Release => CompressionEffort::Smallest,
        Profile::Dev => CompressionEffort::Quickest,
    };
    embed::write(files, effort, out_dir)
}

/// Prints a directive for cargo.
fn directive(text: &str) -> Result<()> {
    writeln!(io::stdout(), "cargo::{text}").context("cannot write to cargo")
}

fn workspace() -> Result<PathBuf> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    Ok(manifest.parent().context("the server is not inside a workspace")?.to_owned())
}

fn profile() -> Result<Profile> {
    match env::var(PROFILE_VARIABLE).as_deref() {
        Ok("release") => Ok(Profile::Release),
        Ok("dev") => Ok(Profile::Dev),
        Ok(other) if !other.is_empty() => {
            bail!("{PROFILE_VARIABLE} is `{other}`; it takes `release` or `dev`")
        }
        // `debug` is cargo's name for all profiles that inherit from `dev`.
        _ if variable("PROFILE")? == "debug" => Ok(Profile::Dev),
        _ => Ok(Profile::Release),
    }
}

fn renderer() -> Result<ViewRenderer> {
    match env::var(RENDERER_VARIABLE).as_deref() {
        Ok("stock-leptos") => Ok(ViewRenderer::StockLeptos),
        Ok(other) if !other.is_empty() => {
            bail!("{RENDERER_VARIABLE} is `{other}`; it takes `stock-leptos`, or nothing")
        }
        _ => Ok(ViewRenderer::Small),
    }
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("cargo did not set {name}"))
}

/// Returns the files of `public`, sorted by name; ignores subfolders.
fn public(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    let reading = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let name = entry.file_name().into_string().ok().with_context(reading)?;
        if entry.file_type().with_context(reading)?.is_file() && !name.starts_with('.') {
            let bytes = fs::read(entry.path()).with_context(reading)?;
            files.push(File { role: AssetRole::Public, name, bytes });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
