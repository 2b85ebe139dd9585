//! Fetches the files of components that are elsewhere, and keeps them under their digests.

use anyhow::{Context, Result, bail};
use mutrapro_manifest::{Manifest, RemoteSource};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;

/// The largest file that is fetched, in bytes.
const FILE_BYTES_MAX: usize = 256 << 20;
/// How long fetching one file may take.
const FETCH_TIME_MAX: Duration = Duration::from_secs(300);

/// Sees to it that every file that components of `manifest` have elsewhere is in `folder`, as its digest says it has to be.
///
/// # Errors
/// The first file that cannot be had, or is another than the manifest means, with its component and what to do.
pub(crate) async fn fetch(manifest: &mut Manifest, folder: &Path) -> Result<()> {
    let sources: Vec<RemoteSource> = manifest.remote_sources().cloned().collect();
    if sources.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let client = reqwest::Client::builder().timeout(FETCH_TIME_MAX).build()?;
    for source in &sources {
        let path = source.path_in(folder);
        // A file that somebody changed since is fetched again.
        if std::fs::read(&path).is_ok_and(|bytes| digest(&bytes) == source.sha256) {
            continue;
        }
        let RemoteSource { component, url, sha256 } = source;
        let bytes = download(&client, url).await.with_context(|| format!("cannot fetch {url} for `{component}`"))?;
        let found = digest(&bytes);
        if found != *sha256 {
            bail!(
                "{url} is not what the manifest means for `{component}`: its digest is sha256:{found}, not sha256:{sha256}; \
                 correct `digest` if you trust it"
            );
        }
        keep(&bytes, &path).with_context(|| format!("cannot keep {}", path.display()))?;
        tracing::info!(component, url, "fetched {} bytes", bytes.len());
    }
    manifest.fetched_to(folder);
    Ok(())
}

async fn download(client: &reqwest::Client, url: &str) -> Result<Vec<u8>> {
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > FILE_BYTES_MAX {
            bail!("it is longer than {FILE_BYTES_MAX} bytes");
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Under its name only when it is whole.
fn keep(bytes: &[u8], path: &Path) -> std::io::Result<()> {
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(&unfinished, path)
}
