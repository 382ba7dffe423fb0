//! Builds the browser half and embeds it, so that `cargo build` is the whole build. Without the
//! feature `ui` nothing is built, and pages are plain HTML.

#[cfg(feature = "ui")]
#[path = "build/ui.rs"]
mod ui;

use std::{env, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "ui")]
fn build() -> Result<(), String> {
    ui::build(&out_dir()).map_err(|error| format!("{error:?}"))
}

#[cfg(not(feature = "ui"))]
fn build() -> Result<(), String> {
    let code = "static ASSETS: &[Asset] = &[];\n\
                static BROWSER_HALF: Option<BrowserHalf> = None;\n";
    std::fs::write(out_dir().join("assets.rs"), code)
        .map_err(|error| format!("cannot write the code of no assets: {error}"))
}

fn out_dir() -> PathBuf {
    PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default())
}
