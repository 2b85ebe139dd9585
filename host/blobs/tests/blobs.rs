//! The contract of the capability on every storage, and what is particular to one.

#[cfg(test)]
mod blobs {
    use mutrapro_blobs::{BlobLimits, BlobMetrics, Blobs, Error, ServiceBlobs};
    use mutrapro_manifest::ComponentId;
    use mutrapro_testkit::S3Server;
    use object_store::memory::InMemory;
    use object_store::throttle::{ThrottleConfig, ThrottledStore};
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;
    use sha2::{Digest, Sha256};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Duration;
    use tempfile::TempDir;

    /// Small enough that a test meets each of them.
    fn limits() -> BlobLimits {
        BlobLimits {
            blob_bytes_max: 1000,
            write_bytes_max: 100,
            read_bytes_max: 64,
            part_bytes: 150,
            remote_part_bytes: 150,
            uploads_max: 2,
            contents_max: 2,
            operation_time: Duration::from_secs(10),
            abandoned_after: Duration::from_secs(3600),
        }
    }

    /// A storage under test, with what must outlive it.
    struct Fixture {
        blobs: Blobs,
        registry: Registry,
        folder: Option<TempDir>,
    }

    impl Fixture {
        fn in_directory() -> Self {
            let folder = TempDir::new().unwrap();
            let mut registry = Registry::default();
            let metrics = BlobMetrics::register(&mut registry);
            let blobs = Blobs::in_directory(&folder.path().join("blobs"), limits(), metrics).unwrap();
            Self { blobs, registry, folder: Some(folder) }
        }

        fn in_memory() -> Self {
            let mut registry = Registry::default();
            let metrics = BlobMetrics::register(&mut registry);
            Self { blobs: Blobs::in_store(Arc::new(InMemory::new()), limits(), metrics), registry, folder: None }
        }

        fn in_shared_directory() -> Self {
            let folder = TempDir::new().unwrap();
            let mut registry = Registry::default();
            let metrics = BlobMetrics::register(&mut registry);
            let address = format!("file://{}", folder.path().join("blobs").display());
            let blobs = Blobs::at(&address, limits(), metrics).unwrap();
            Self { blobs, registry, folder: Some(folder) }
        }

        /// In a part of the server's bucket that `test` has for itself.
        fn in_s3(server: &S3Server, test: &str) -> Self {
            let mut registry = Registry::default();
            let metrics = BlobMetrics::register(&mut registry);
            let address = format!("s3://{}/{test}", server.bucket());
            let blobs = Blobs::at_with(&address, server.settings(None), limits(), metrics).unwrap();
            Self { blobs, registry, folder: None }
        }

        fn files(&self) -> Vec<PathBuf> {
            let mut found = Vec::new();
            files(&self.folder.as_ref().unwrap().path().join("blobs"), &mut found);
            found
        }
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    fn service(id: &str) -> ComponentId {
        ComponentId::new(id)
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect()
    }

    async fn stored(blobs: &ServiceBlobs, content: &[u8]) -> String {
        let mut upload = blobs.create(u64::MAX).unwrap();
        for chunk in content.chunks(70) {
            upload.write(chunk).await.unwrap();
        }
        let key = upload.key();
        upload.finish().await.unwrap();
        key
    }

    async fn read(blobs: &ServiceBlobs, key: &str, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        let mut content = blobs.open(key, offset, length).await?;
        let mut all = Vec::new();
        loop {
            let chunk = content.read().await?;
            assert!(chunk.len() <= limits().read_bytes_max);
            if chunk.is_empty() {
                assert!(content.read().await?.is_empty(), "the end stays the end");
                return Ok(all);
            }
            all.extend(chunk);
        }
    }

    /// Waits until `holds`, for what is cleaned up in the background.
    async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while !holds() {
            assert!(tokio::time::Instant::now() < deadline, "{what} did not come true");
            tokio::task::yield_now().await;
        }
    }

    macro_rules! contract {
        ($($name:ident),* $(,)?) => {
            mod in_directory { $(#[tokio::test] async fn $name() { super::$name(super::Fixture::in_directory()).await; })* }
            mod in_shared_directory {
                $(#[tokio::test] async fn $name() { super::$name(super::Fixture::in_shared_directory()).await; })*
            }
            mod in_memory { $(#[tokio::test] async fn $name() { super::$name(super::Fixture::in_memory()).await; })* }

            /// On one server, which takes longer to start than all of them together.
            #[tokio::test]
            async fn the_whole_contract_holds_in_s3() {
                install_crypto();
                let server = S3Server::with_small_parts().await.unwrap();
                $(
                    println!("{}", stringify!($name));
                    $name(Fixture::in_s3(&server, stringify!($name))).await;
                )*
                mutrapro_testkit::eventually("no upload is left open", async || {
                    Ok((server.uploads_open().await? == 0).then_some(()))
                }).await.unwrap();
            }
        };
    }

    /// What the host does when it starts.
    fn install_crypto() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }

    contract! {
        what_was_written_is_read_in_any_part,
        blob_is_not_there_before_it_is_finished,
        dropped_upload_leaves_nothing,
        limit_of_an_upload_holds_and_names_it,
        long_chunk_is_refused_and_ends_the_upload,
        key_belongs_to_the_service_that_made_it,
        deleting_can_be_repeated,
        malformed_keys_are_invalid,
        too_many_open_ones_are_refused_and_come_back,
        storage_that_works_is_verified,
    }

    async fn what_was_written_is_read_in_any_part(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        for length in [0, 1, 69, 150, 151, 777, 1000] {
            let content = bytes(length);
            let mut upload = blobs.create(u64::MAX).unwrap();
            for chunk in content.chunks(100) {
                upload.write(chunk).await.unwrap();
            }
            let key = upload.key();
            let blob = upload.finish().await.unwrap();
            assert_eq!(blob.size_bytes, u64::try_from(length).unwrap());
            let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(blob.sha256, digest);
            for (offset, part) in [(0, u64::MAX), (0, 1), (10, 200), (149, 2), (999, 5), (5000, 5), (3, 0)] {
                let from = usize::try_from(offset).unwrap().min(length);
                let to = from.saturating_add(usize::try_from(part).unwrap_or(usize::MAX)).min(length);
                assert_eq!(
                    read(&blobs, &key, offset, part).await.unwrap(),
                    &content[from..to],
                    "{length}: {offset}+{part}"
                );
            }
        }
    }

    async fn blob_is_not_there_before_it_is_finished(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        let mut upload = blobs.create(500).unwrap();
        for _ in 0..4 {
            upload.write(&bytes(100)).await.unwrap();
        }
        let key = upload.key();
        assert_eq!(read(&blobs, &key, 0, 10).await, Err(Error::NotFound));
        upload.finish().await.unwrap();
        assert_eq!(read(&blobs, &key, 0, 10).await.unwrap(), bytes(10));
    }

    async fn dropped_upload_leaves_nothing(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        let mut upload = blobs.create(500).unwrap();
        for _ in 0..4 {
            upload.write(&bytes(100)).await.unwrap();
        }
        let key = upload.key();
        drop(upload);
        assert_eq!(read(&blobs, &key, 0, 10).await, Err(Error::NotFound));
        if fixture.folder.is_some() {
            eventually("the folder is empty", || fixture.files().is_empty()).await;
        }
        let mut text = String::new();
        encode(&mut text, &fixture.registry).unwrap();
        assert!(text.contains(r#"blob_uploads_total{service="files",outcome="dropped"} 1"#), "{text}");
        assert!(text.contains(r#"blobs_open{service="files",kind="upload"} 0"#), "{text}");
    }

    async fn limit_of_an_upload_holds_and_names_it(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        let mut upload = blobs.create(150).unwrap();
        upload.write(&bytes(100)).await.unwrap();
        assert_eq!(upload.write(&bytes(51)).await, Err(Error::TooLarge(150)));
        assert_eq!(upload.write(&bytes(1)).await, Err(Error::TooLarge(150)), "only dropping is left");
        assert_eq!(upload.finish().await.unwrap_err(), Error::TooLarge(150));
        // The host's own limit counts whatever an upload asks for.
        let mut upload = blobs.create(u64::MAX).unwrap();
        for _ in 0..10 {
            upload.write(&bytes(100)).await.unwrap();
        }
        assert_eq!(upload.write(&bytes(1)).await, Err(Error::TooLarge(1000)));
    }

    async fn long_chunk_is_refused_and_ends_the_upload(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        let mut upload = blobs.create(u64::MAX).unwrap();
        let refused = upload.write(&bytes(101)).await;
        assert_eq!(refused, Err(Error::Invalid("a chunk has at most 100 bytes, this one 101".into())));
        assert_eq!(upload.finish().await.map(drop), refused);
    }

    async fn key_belongs_to_the_service_that_made_it(fixture: Fixture) {
        let key = stored(&fixture.blobs.of(&service("files")), &bytes(10)).await;
        let other = fixture.blobs.of(&service("studio"));
        assert_eq!(read(&other, &key, 0, 10).await, Err(Error::NotFound));
        other.delete(&key).await.unwrap();
        assert_eq!(read(&fixture.blobs.of(&service("files")), &key, 0, 10).await.unwrap(), bytes(10));
    }

    async fn deleting_can_be_repeated(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        let key = stored(&blobs, &bytes(10)).await;
        for _ in 0..2 {
            blobs.delete(&key).await.unwrap();
            assert_eq!(read(&blobs, &key, 0, 10).await, Err(Error::NotFound));
        }
    }

    async fn malformed_keys_are_invalid(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        for key in ["", "..", "../files", "x", "0190a1b2c3d47e8f9a0b1c2d3e4f5a6b"] {
            assert!(matches!(blobs.open(key, 0, 1).await.map(drop), Err(Error::Invalid(_))), "{key}");
            assert!(matches!(blobs.delete(key).await, Err(Error::Invalid(_))), "{key}");
        }
    }

    async fn too_many_open_ones_are_refused_and_come_back(fixture: Fixture) {
        let blobs = fixture.blobs.of(&service("files"));
        let key = stored(&blobs, &bytes(10)).await;
        let mut contents = vec![blobs.open(&key, 0, 1).await.unwrap(), blobs.open(&key, 0, 1).await.unwrap()];
        assert_eq!(blobs.open(&key, 0, 1).await.map(drop), Err(Error::Overloaded));
        contents.pop();
        blobs.open(&key, 0, 1).await.unwrap();
        let mut uploads = vec![blobs.create(1).unwrap(), blobs.create(1).unwrap()];
        assert_eq!(blobs.create(1).map(drop), Err(Error::Overloaded));
        fixture.blobs.of(&service("studio")).create(1).unwrap();
        uploads.pop();
        blobs.create(1).unwrap();
    }

    async fn storage_that_works_is_verified(fixture: Fixture) {
        fixture.blobs.verify().await.unwrap();
        if fixture.folder.is_some() {
            assert!(fixture.files().is_empty(), "{:?}", fixture.files());
        }
    }

    #[tokio::test]
    async fn folder_keeps_blobs_and_sweeps_what_an_earlier_host_left() {
        let fixture = Fixture::in_directory();
        let blobs = fixture.blobs.of(&service("files"));
        let key = stored(&blobs, &bytes(300)).await;
        let mut upload = blobs.create(500).unwrap();
        for _ in 0..3 {
            upload.write(&bytes(100)).await.unwrap();
        }
        assert_eq!(fixture.files().len(), 2);
        // As after `kill -9`: nobody drops anything.
        std::mem::forget(upload);
        let folder = fixture.folder.as_ref().unwrap().path().join("blobs");
        let again = Blobs::in_directory(&folder, limits(), BlobMetrics::register(&mut Registry::default())).unwrap();
        assert_eq!(fixture.files().len(), 1);
        assert_eq!(read(&again.of(&service("files")), &key, 0, 1000).await.unwrap(), bytes(300));
    }

    #[tokio::test]
    async fn shared_folder_keeps_what_another_host_writes_and_sweeps_what_nobody_does() {
        let fixture = Fixture::in_shared_directory();
        let blobs = fixture.blobs.of(&service("files"));
        let mut upload = blobs.create(500).unwrap();
        for _ in 0..3 {
            upload.write(&bytes(100)).await.unwrap();
        }
        let address = format!("file://{}", fixture.folder.as_ref().unwrap().path().join("blobs").display());
        let open = |limits| Blobs::at(&address, limits, BlobMetrics::register(&mut Registry::default())).unwrap();
        let other = open(limits());
        let key = upload.key();
        upload.finish().await.unwrap();
        assert_eq!(read(&other.of(&service("files")), &key, 0, 1000).await.unwrap(), bytes(100).repeat(3));

        let mut abandoned = blobs.create(500).unwrap();
        for _ in 0..3 {
            abandoned.write(&bytes(100)).await.unwrap();
        }
        std::mem::forget(abandoned);
        open(limits());
        assert_eq!(fixture.files().len(), 2);
        open(BlobLimits { abandoned_after: Duration::ZERO, ..limits() });
        assert_eq!(fixture.files().len(), 1);
    }

    #[tokio::test]
    async fn folder_that_cannot_be_made_is_named() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        let error = Blobs::in_directory(&path, limits(), BlobMetrics::register(&mut Registry::default())).unwrap_err();
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }

    #[tokio::test]
    async fn storage_that_does_not_answer_is_unavailable() {
        let store = InMemory::new();
        let slow = ThrottleConfig { wait_get_per_call: Duration::from_secs(600), ..ThrottleConfig::default() };
        let limits = BlobLimits { operation_time: Duration::from_millis(500), ..limits() };
        let metrics = BlobMetrics::register(&mut Registry::default());
        let blobs = Blobs::in_store(Arc::new(ThrottledStore::new(store, slow)), limits, metrics).of(&service("files"));
        let key = stored(&blobs, &bytes(10)).await;
        assert!(matches!(blobs.open(&key, 0, 1).await.map(drop), Err(Error::Unavailable(_))));
    }
}
