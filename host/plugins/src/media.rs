//! The contract `mutrapro:plugins/media`: a file that is lent to a plugin for one call.

use crate::bindings::imports::media::{Host, HostContent};
use mutrapro_blobs::ServiceBlobs;
use mutrapro_runtime::State;
use std::sync::Arc;
use wasmtime::component::Resource;

/// A blob of a service as a plugin sees it.
#[expect(unreachable_pub, reason = "the generated bindings name it")]
pub struct Content {
    blobs: Arc<ServiceBlobs>,
    key: String,
    size_bytes: u64,
    chunk_bytes_max: u32,
    bytes_left: u64,
}

impl Content {
    /// The blob `key`, of which at most `bytes_max` are read, `chunk_bytes_max` at once.
    ///
    /// # Errors
    /// What the storage says, for example that there is no such blob.
    pub(crate) async fn open(
        blobs: Arc<ServiceBlobs>,
        key: String,
        (chunk_bytes_max, bytes_max): (u32, u64),
    ) -> Result<Self, String> {
        let size_bytes = blobs.size_bytes(&key).await.map_err(|error| error.to_string())?;
        Ok(Self { blobs, key, size_bytes, chunk_bytes_max, bytes_left: bytes_max })
    }

    async fn read(&mut self, offset: u64, length: u32) -> Result<Vec<u8>, String> {
        let wanted = u64::from(length.min(self.chunk_bytes_max)).min(self.size_bytes.saturating_sub(offset));
        self.bytes_left = self.bytes_left.checked_sub(wanted).ok_or("this call has read too much of the file")?;
        let mut part = Vec::new();
        if wanted == 0 {
            return Ok(part);
        }
        let mut content = self.blobs.open(&self.key, offset, wanted).await.map_err(|error| error.to_string())?;
        loop {
            let chunk = content.read().await.map_err(|error| error.to_string())?;
            if chunk.is_empty() {
                return Ok(part);
            }
            part.extend(chunk);
        }
    }
}

impl Host for State {}

impl HostContent for State {
    async fn size_bytes(&mut self, content: Resource<Content>) -> wasmtime::Result<u64> {
        Ok(self.table().get(&content)?.size_bytes)
    }

    async fn read(
        &mut self,
        content: Resource<Content>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        Ok(self.table().get_mut(&content)?.read(offset, length).await)
    }

    async fn drop(&mut self, content: Resource<Content>) -> wasmtime::Result<()> {
        self.table().delete(content)?;
        Ok(())
    }
}
