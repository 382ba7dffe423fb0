//! Bundles the style sheet: `main.css` and its imports in one file.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    dependencies::{Dependency, DependencyOptions},
    printer::PrinterOptions,
    stylesheet::{MinifyOptions, ParserOptions},
    targets::{Browsers, Targets},
};

/// The oldest supported browsers: the first ones with `light-dark()`. All of them also support
/// nesting, layers and OKLCH, so these are not lowered.
const BROWSERS: Browsers = Browsers {
    android: Some(version(123, 0)),
    chrome: Some(version(123, 0)),
    edge: Some(version(123, 0)),
    firefox: Some(version(120, 0)),
    ie: None,
    ios_saf: Some(version(17, 5)),
    opera: Some(version(109, 0)),
    safari: Some(version(17, 5)),
    samsung: Some(version(27, 0)),
};

const fn version(major: u32, minor: u32) -> u32 {
    (major << 16) | (minor << 8)
}

/// Bundles and minifies `main` with its imports.
///
/// # Errors
/// A syntax error, with file, line and column; or a `url()` of a file, which would not be served.
pub(crate) fn bundle(main: &Path) -> Result<String> {
    let targets = Targets { browsers: Some(BROWSERS), ..Targets::default() };
    let files = FileProvider::new();
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
        .bundle(main)
        .map_err(|error| anyhow!("{}: {error}", main.display()))?;
    sheet
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| anyhow!("{}: {error}", main.display()))?;
    let print = |analyze_dependencies| {
        let options = PrinterOptions {
            minify: true,
            targets,
            analyze_dependencies,
            ..PrinterOptions::default()
        };
        sheet.to_css(options).map_err(|error| anyhow!("{}: {error}", main.display()))
    };

    let analysed = print(Some(DependencyOptions { remove_imports: false }))?;
    for dependency in analysed.dependencies.into_iter().flatten() {
        let url = match dependency {
            Dependency::Import(import) => import.url,
            Dependency::Url(url) => url.url,
        };
        ensure!(
            url.starts_with("data:") || url.starts_with('#'),
            "{}: a style sheet cannot refer to another file ({url}): nobody would serve it",
            main.display()
        );
    }
    // The analysis replaced the URLs by placeholders.
    Ok(print(None)?.code)
}
