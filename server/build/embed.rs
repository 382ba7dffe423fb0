//! Writes the files that the server embeds: names with content hashes, compressed forms, and the
//! Rust code that includes them. Pairs with `src/web/assets.rs`, which declares the types that this
//! code uses.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of the content's SHA-256 in a file name: 64 bits.
const HASH_DIGITS: usize = 16;

/// How hard to compress.
#[derive(Clone, Copy)]
pub(crate) enum CompressionEffort {
    /// As small as the formats allow.
    Smallest,
    /// Fast and barely compressed: a local download is quick anyway, but the build should be, too.
    Quickest,
}

impl CompressionEffort {
    const fn brotli_quality(self) -> i32 {
        match self {
            Self::Smallest => 11,
            Self::Quickest => 1,
        }
    }

    const fn gzip_level(self) -> flate2::Compression {
        match self {
            Self::Smallest => flate2::Compression::best(),
            Self::Quickest => flate2::Compression::fast(),
        }
    }
}

/// The role of a file.
#[derive(Clone, Copy)]
pub(crate) enum AssetRole {
    /// The JavaScript that loads the browser half.
    Script,
    /// The browser half.
    Wasm,
    /// The style sheet.
    Style,
    /// A file of `public`, served under its own name.
    Public,
}

impl AssetRole {
    /// The field of `BrowserHalf` for the name.
    const fn field(self) -> Option<&'static str> {
        match self {
            Self::Script => Some("script"),
            Self::Wasm => Some("wasm"),
            Self::Style => Some("style"),
            Self::Public => None,
        }
    }
}

/// A file to embed.
pub(crate) struct File {
    /// Its role.
    pub(crate) role: AssetRole,
    /// The name of a public file, otherwise the end of the name.
    pub(crate) name: String,
    /// The content.
    pub(crate) bytes: Vec<u8>,
}

/// Writes the files to `out_dir/assets`, also compressed if that is smaller, and
/// `out_dir/assets.rs`, which embeds them as `ASSETS` and names the `BROWSER_HALF`.
pub(crate) fn write(files: Vec<File>, effort: CompressionEffort, out_dir: &Path) -> Result<()> {
    let folder = out_dir.join("assets");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot clear the assets of an earlier build")?;
    }
    fs::create_dir_all(&folder).context("cannot create a folder for the assets")?;

    let mut code = "static ASSETS: &[Asset] = &[\n".to_owned();
    let mut browser_half =
        "static BROWSER_HALF: Option<BrowserHalf> = Some(BrowserHalf {\n".to_owned();
    for File { role, name, bytes } in files {
        let hash = hash(&bytes);
        let content_type = content_type(&name)?;
        let name = match role.field() {
            None => name,
            Some(field) => {
                let name = format!("{hash}.{name}");
                writeln!(browser_half, "    {field}: {name:?},")?;
                name
            }
        };
        let include = |suffix: &str, bytes: &[u8]| -> Result<String> {
            let file = format!("{name}{suffix}");
            fs::write(folder.join(&file), bytes)
                .with_context(|| format!("cannot write the asset {file}"))?;
            Ok(format!(
                "include_bytes!(concat!(env!(\"OUT_DIR\"), {:?}))",
                format!("/assets/{file}")
            ))
        };
        let smaller = |suffix: &str, compressed: Vec<u8>| -> Result<String> {
            if compressed.len() < bytes.len() {
                Ok(format!("Some({})", include(suffix, &compressed)?))
            } else {
                Ok("None".to_owned())
            }
        };
        let brotli = smaller(".br", brotli(&bytes, effort)?)?;
        let gzip = smaller(".gz", gzip(&bytes, effort)?)?;
        let identity = include("", &bytes)?;
        writeln!(
            code,
            "    Asset {{\n        name: {name:?},\n        hash: {hash:?},\n        \
             content_type: {content_type:?},\n        identity: {identity},\n        \
             brotli: {brotli},\n        gzip: {gzip},\n    }},"
        )?;
    }
    let code = format!("{code}];\n{browser_half}}});\n");
    fs::write(out_dir.join("assets.rs"), code).context("cannot write the code of the assets")
}

fn hash(bytes: &[u8]) -> String {
    let mut hash = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash.truncate(HASH_DIGITS);
    hash
}

/// Returns the media type for a file name's extension. A closed list: browsers would guess a
/// missing type, or not show the file.
fn content_type(name: &str) -> Result<&'static str> {
    Ok(match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => bail!("public/{name}: add the media type of such files to server/build/embed.rs"),
    })
}

fn brotli(mut bytes: &[u8], effort: CompressionEffort) -> io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: effort.brotli_quality(),
        // The largest window that every browser supports.
        lgwin: 24,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8], effort: CompressionEffort) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), effort.gzip_level());
    encoder.write_all(bytes)?;
    encoder.finish()
}
