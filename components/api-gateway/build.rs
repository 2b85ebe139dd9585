//! Prepares the page of the API (`src/docs.rs`): the files of Swagger UI that it needs, out of the archive that a crate
//! brings, and its own, each compressed and with its entity tag.

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// What the page needs of Swagger UI. The rest is the same program in other forms, and a page of its own.
const VENDORED: [&str; 3] = ["favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui.css"];
/// The page's own files.
const OWN: [&str; 3] = ["index.html", "page.css", "page.js"];
const OWN_FOLDER: &str = "src/docs";
/// How much of a digest makes an entity tag.
const TAG_BYTES: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={OWN_FOLDER}");
    let target = PathBuf::from(std::env::var("OUT_DIR")?);
    for name in OWN {
        prepare(&target, name, &fs::read(Path::new(OWN_FOLDER).join(name))?)?;
    }
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in VENDORED {
        prepare(&target, name, &distributed(&mut archive, name)?)?;
    }
    Ok(())
}

/// The file `name` of the distribution, which is in `swagger-ui-<version>/dist`.
fn distributed(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let ending = format!("/dist/{name}");
    let is_it = |path: &String| path.ends_with(&ending) && path.matches('/').count() == 2;
    let path = archive.file_names().filter_map(Result::ok).map(|path| path.into_owned()).find(is_it);
    let path = path.ok_or_else(|| format!("Swagger UI has no {name} any more: see what VENDORED in build.rs names"))?;
    let mut content = Vec::new();
    archive.by_name(&path)?.read_to_end(&mut content)?;
    Ok(content)
}

fn prepare(target: &Path, name: &str, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut compressed = GzEncoder::new(Vec::new(), Compression::best());
    compressed.write_all(content)?;
    fs::write(target.join(format!("{name}.gz")), compressed.finish()?)?;
    let mut tag = String::new();
    for byte in Sha256::digest(content).iter().take(TAG_BYTES) {
        write!(tag, "{byte:02x}")?;
    }
    fs::write(target.join(format!("{name}.tag")), tag)?;
    Ok(())
}
