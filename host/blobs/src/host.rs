//! The contract `mutrapro:blobs/store`, for guests.
//!
//! What a guest does wrong is an error of the contract; a handle that the table does not know traps, as only a broken
//! host or a guest that breaks the component model has one.

use crate::bindings::mutrapro::blobs::store::{Blob, Error, Host, HostContent, HostUpload};
use crate::blobs::ServiceBlobs;
use crate::content::Content;
use crate::upload::Upload;
use mutrapro_runtime::{Settlement, State};
use std::sync::Arc;
use wasmtime::component::Resource;

/// The part of an instance.
struct Part {
    blobs: Arc<ServiceBlobs>,
    /// How many uploads and contents the guest holds.
    open_count: u32,
}

/// Gives a new instance its part.
pub(crate) fn prepare(state: &mut State, blobs: Arc<ServiceBlobs>) {
    state.insert(Part { blobs, open_count: 0 });
}

/// Whether the guest left something open. What it left ends with the instance, which is let go.
pub(crate) fn settle(state: &mut State) -> Settlement {
    // A service without the grant has no part, and nothing to settle.
    match state.part_mut::<Part>() {
        Ok(part) if part.open_count > 0 => {
            part.open_count = 0;
            Settlement::Abandoned("an upload or a content left open")
        }
        _ => Settlement::Clean,
    }
}

fn opened<T: Send + 'static>(state: &mut State, resource: T) -> wasmtime::Result<Resource<T>> {
    let handle = state.table().push(resource)?;
    let part = state.part_mut::<Part>()?;
    part.open_count = part.open_count.saturating_add(1);
    Ok(handle)
}

fn closed<T: Send + 'static>(state: &mut State, handle: Resource<T>) -> wasmtime::Result<T> {
    let resource = state.table().delete(handle)?;
    let part = state.part_mut::<Part>()?;
    part.open_count = part.open_count.saturating_sub(1);
    Ok(resource)
}

impl Host for State {
    async fn create(&mut self, limit_bytes: u64) -> wasmtime::Result<Result<Resource<Upload>, Error>> {
        let blobs = Arc::clone(&self.part::<Part>()?.blobs);
        match blobs.create(limit_bytes) {
            Ok(upload) => Ok(Ok(opened(self, upload)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn open(
        &mut self,
        key: String,
        offset: u64,
        length: u64,
    ) -> wasmtime::Result<Result<Resource<Content>, Error>> {
        let blobs = Arc::clone(&self.part::<Part>()?.blobs);
        match blobs.open(&key, offset, length).await {
            Ok(content) => Ok(Ok(opened(self, content)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), Error>> {
        let blobs = Arc::clone(&self.part::<Part>()?.blobs);
        Ok(blobs.delete(&key).await)
    }
}

impl HostUpload for State {
    async fn key(&mut self, this: Resource<Upload>) -> wasmtime::Result<String> {
        Ok(self.table().get(&this)?.key())
    }

    async fn write(&mut self, this: Resource<Upload>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.table().get_mut(&this)?.write(&bytes).await)
    }

    async fn finish(&mut self, this: Resource<Upload>) -> wasmtime::Result<Result<Blob, Error>> {
        let upload = closed(self, this)?;
        Ok(upload.finish().await)
    }

    async fn drop(&mut self, this: Resource<Upload>) -> wasmtime::Result<()> {
        // In the background: the guest waits for nothing.
        drop(closed(self, this)?);
        Ok(())
    }
}

impl HostContent for State {
    async fn read(&mut self, this: Resource<Content>) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        Ok(self.table().get_mut(&this)?.read().await)
    }

    async fn drop(&mut self, this: Resource<Content>) -> wasmtime::Result<()> {
        drop(closed(self, this)?);
        Ok(())
    }
}
