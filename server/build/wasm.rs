//! Builds the browser half: a nested cargo compiles `app` to WebAssembly, wasm-bindgen writes the
//! JavaScript for it, and release builds shrink both. Knows nothing of where they go.

mod reorder_functions;
mod shorten_imports;
mod similarity;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "hookglass-app";
/// The name of the library, and of wasm-bindgen's output.
const NAME: &str = "hookglass_app";

/// Variables that describe the outer build or its machine and would affect the inner one. Compiler
/// flags are among them: those for the server's processor are errors for WebAssembly.
const SCRUBBED: &[&str] = &[
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_DIR",
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "TARGET",
];

/// The same for whole prefixes. None matches `CARGO_MAKEFLAGS`: it makes both cargos share one job
/// server, so the machine runs no more compilers than with one.
const SCRUBBED_PREFIXES: &[&str] = &["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_PKG_", "DEP_"];

/// The profile of the browser half.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The profile `wasm` of the workspace: as small as possible.
    Release,
    /// The profile `wasm-dev`: fast to build, and names hydration errors.
    Dev,
}

impl Profile {
    /// The profile's name in the workspace, and cargo's output folder.
    const fn name(self) -> &'static str {
        match self {
            Self::Release => "wasm",
            Self::Dev => "wasm-dev",
        }
    }
}

/// The renderer in the browser.
#[derive(Clone, Copy)]
pub(crate) enum ViewRenderer {
    /// The layer of `app/view`.
    Small,
    /// Unmodified Leptos.
    StockLeptos,
}

impl ViewRenderer {
    /// The package features that select it.
    const fn features(self) -> &'static str {
        match self {
            Self::Small => "hydrate",
            Self::StockLeptos => "hydrate,stock-leptos",
        }
    }
}

/// The browser half as the page loads it.
pub(crate) struct BrowserBundle {
    /// The JavaScript module.
    pub(crate) script: String,
    /// The WebAssembly that the module loads.
    pub(crate) wasm: Vec<u8>,
}

/// Returns instructions if the toolchain cannot compile for the browser; `None` if it can.
pub(crate) fn missing_target() -> Result<Option<String>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .with_context(|| format!("cannot run {}", rustc.display()))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let installed = fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    });
    Ok((!installed).then(|| {
        format!(
            "the browser half needs the target {TARGET}: run `rustup target add {TARGET}` \
             (without rustup: your distribution's package, such as libstd-rust-dev-wasm32), \
             or build with `--no-default-features` for pages without script"
        )
    }))
}

/// Compiles the browser half and runs wasm-bindgen. Intermediate files go to `out_dir`.
pub(crate) fn build(
    root: &Path,
    out_dir: &Path,
    profile: Profile,
    renderer: ViewRenderer,
) -> Result<BrowserBundle> {
    let compiled = compile(root, &target_dir(out_dir)?, profile, renderer)?;
    bind(&compiled, &out_dir.join("bound"), profile)
}

fn compile(
    root: &Path,
    target_dir: &Path,
    profile: Profile,
    renderer: ViewRenderer,
) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["rustc", "--package", PACKAGE, "--lib", "--crate-type", "cdylib"])
        .arg("--no-default-features")
        .args(["--features", renderer.features(), "--target", TARGET, "--profile", profile.name()])
        // The outer cargo has already updated the lock file, or was not allowed to.
        .args(["--locked", "--color", "never", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target_dir)
        .current_dir(root)
        // Stdout is for directives; the outer cargo shows stderr if this fails.
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    for variable in scrubbed() {
        command.env_remove(variable);
    }
    let status = command.status().context("cannot run cargo for the browser half")?;
    ensure!(status.success(), "the browser half ({PACKAGE}) does not compile: see above");
    Ok(target_dir.join(TARGET).join(profile.name()).join(NAME).with_extension("wasm"))
}

fn scrubbed() -> Vec<OsString> {
    env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| {
            let name = name.to_string_lossy();
            SCRUBBED.contains(&&*name)
                || SCRUBBED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        })
        .collect()
}

/// Returns `wasm` in the outer target folder: a second cargo in the same folder would wait for the
/// first one's lock forever, and in `OUT_DIR` each profile would compile its own browser half.
fn target_dir(out_dir: &Path) -> Result<PathBuf> {
    // `OUT_DIR` is …/<profile>/build/<package>-<hash>/out.
    let folder = out_dir.ancestors().nth(4).context("OUT_DIR is not inside a target folder")?;
    Ok(folder.join("wasm"))
}

fn bind(compiled: &Path, folder: &Path, profile: Profile) -> Result<BrowserBundle> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot clear the output of an earlier wasm-bindgen")?;
    }
    let wasm = fs::read(compiled).context("cannot read the compiled module")?;
    Bindgen::new()
        .input_bytes(NAME, wasm)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        // The page passes the URL of the WebAssembly, which this code does not know.
        .omit_default_module_path(true)
        // Names take a third of the compressed size, but backtraces need them.
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| format!("wasm-bindgen rejects {}", compiled.display()))?;

    let (script, wasm) = (format!("{NAME}.js"), format!("{NAME}_bg.wasm"));
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name != *script && name != *wasm {
            bail!(
                "wasm-bindgen wrote `{}`, which the server does not embed: \
                 a dependency of {PACKAGE} brings JavaScript of its own",
                name.display()
            );
        }
    }
    let reading = "cannot read what wasm-bindgen wrote";
    let script = fs::read_to_string(folder.join(script)).context(reading)?;
    let wasm = fs::read(folder.join(wasm)).context(reading)?;
    Ok(match profile {
        Profile::Dev => BrowserBundle { script, wasm },
        Profile::Release => {
            let (script, wasm) = shorten_imports::shorten(&script, &wasm)?;
            let wasm = reorder_functions::reorder(&wasm)?;
            wasmparser::validate(&wasm).context("the reordered browser half is not a module")?;
            BrowserBundle { script, wasm }
        }
    })
}
