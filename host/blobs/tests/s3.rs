//! What is particular to S3: parts as large as it wants them, servers that are away, and settings that are wrong.

#[cfg(test)]
mod s3 {
    use anyhow::{Context, Result, ensure};
    use mutrapro_blobs::{BlobLimits, BlobMetrics, Blobs, Error};
    use mutrapro_manifest::ComponentId;
    use mutrapro_testkit::{S3Server, TcpProxy, eventually};
    use prometheus_client::registry::Registry;
    use std::net::SocketAddr;
    use std::pin::pin;
    use std::time::Duration;

    /// Blobs of `bucket` on the server, or on what stands at `endpoint` in its place.
    fn blobs(server: &S3Server, bucket: &str, endpoint: Option<SocketAddr>, limits: BlobLimits) -> Result<Blobs> {
        // What the host does when it starts.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let metrics = BlobMetrics::register(&mut Registry::default());
        Ok(Blobs::at_with(&format!("s3://{bucket}/music"), server.settings(endpoint), limits, metrics)?)
    }

    fn files() -> ComponentId {
        ComponentId::new("files")
    }

    /// Every byte tells where it is, so that parts in a wrong order are seen.
    fn chunk(index: usize, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            bytes.extend_from_slice(&(index * length + bytes.len()).to_le_bytes());
        }
        bytes
    }

    #[tokio::test]
    async fn large_upload_goes_in_parts_that_s3_takes_and_is_read_from_anywhere() -> Result<()> {
        const CHUNK: usize = 1 << 20;
        const CHUNKS: usize = 17;
        let server = S3Server::start().await?;
        let files = blobs(&server, server.bucket(), None, BlobLimits::default())?.of(&files());
        let mut upload = files.create(u64::MAX)?;
        for index in 0..CHUNKS {
            upload.write(&chunk(index, CHUNK)).await?;
        }
        ensure!(server.uploads_open().await? == 1, "it was not sent in parts");
        let key = upload.key();
        let blob = upload.finish().await?;
        ensure!(blob.size_bytes == (CHUNK * CHUNKS) as u64, "{blob:?}");
        ensure!(server.uploads_open().await? == 0, "it was not completed");

        // Over the seam of two parts, to beyond the end.
        let mut content = files.open(&key, (4 * CHUNK + 8) as u64, u64::MAX).await?;
        let mut read = Vec::new();
        while let Some(more) = Some(content.read().await?).filter(|more| !more.is_empty()) {
            read.extend(more);
        }
        let whole: Vec<u8> = (0..CHUNKS).flat_map(|index| chunk(index, CHUNK)).collect();
        ensure!(read == whole[4 * CHUNK + 8..], "{} bytes came back, or others", read.len());
        Ok(())
    }

    #[tokio::test]
    async fn small_upload_is_one_request_and_an_abandoned_large_one_is_aborted() -> Result<()> {
        let server = S3Server::start().await?;
        let files = blobs(&server, server.bucket(), None, BlobLimits::default())?.of(&files());
        let mut small = files.create(u64::MAX)?;
        small.write(b"la").await?;
        ensure!(server.uploads_open().await? == 0, "a small one began parts");
        small.finish().await?;

        let mut large = files.create(u64::MAX)?;
        for index in 0..6 {
            large.write(&chunk(index, 1 << 20)).await?;
        }
        ensure!(server.uploads_open().await? == 1, "a large one did not begin parts");
        drop(large);
        eventually("the upload is aborted", async || Ok((server.uploads_open().await? == 0).then_some(()))).await
    }

    #[tokio::test]
    async fn server_that_is_away_for_a_moment_is_asked_again_and_one_that_stays_away_is_unavailable() -> Result<()> {
        let server = S3Server::start().await?;
        let proxy = TcpProxy::start(server.address()).await?;
        let limits = BlobLimits { operation_time: Duration::from_secs(4), ..BlobLimits::default() };
        let files = blobs(&server, server.bucket(), Some(proxy.address()), limits)?.of(&files());
        let mut upload = files.create(100)?;
        upload.write(b"la la").await?;
        let key = upload.key();
        proxy.cut().await?;
        let mut finishing = pin!(upload.finish());
        let early = tokio::time::timeout(Duration::from_millis(300), &mut finishing).await;
        ensure!(early.is_err(), "it gave up at once: {early:?}");
        proxy.mend().await?;
        finishing.await?;

        proxy.stall();
        let error = files.open(&key, 0, 5).await.map(drop);
        ensure!(matches!(error, Err(Error::Unavailable(_))), "{error:?}");
        proxy.mend().await?;
        ensure!(files.open(&key, 0, 5).await?.read().await? == b"la la", "it is not what it was");

        proxy.cut().await?;
        let error = files.open(&key, 0, 5).await.map(drop);
        ensure!(matches!(error, Err(Error::Unavailable(_))), "{error:?}");
        Ok(())
    }

    #[tokio::test]
    async fn storage_that_cannot_be_used_is_found_out_and_told_with_its_settings() -> Result<()> {
        let server = S3Server::start().await?;
        let limits = BlobLimits { operation_time: Duration::from_secs(2), ..BlobLimits::default() };
        let missing = blobs(&server, "no-such-bucket", None, limits.clone())?;
        let proxy = TcpProxy::start(server.address()).await?;
        let away = blobs(&server, server.bucket(), Some(proxy.address()), limits)?;
        proxy.cut().await?;
        for (storage, cause) in [(missing, "NoSuchBucket"), (away, "error sending request")] {
            let error = anyhow::Error::from(storage.verify().await.err().context("it was taken")?);
            let told = format!("{error:#}");
            ensure!(told.starts_with("cannot write at s3://"), "{told}");
            ensure!(told.contains("AWS_ENDPOINT_URL") && told.contains(cause), "{told}");
            ensure!(!told.contains("secret-of-a-test"), "{told}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn secrets_are_in_no_debug_form() -> Result<()> {
        let server = S3Server::start().await?;
        let blobs = blobs(&server, server.bucket(), None, BlobLimits::default())?;
        let shown = format!("{blobs:?} {:?}", blobs.of(&files()));
        ensure!(shown.contains("s3://mutrapro/music") && !shown.contains("of-a-test"), "{shown}");
        Ok(())
    }

    #[tokio::test]
    async fn wrong_settings_are_named() -> Result<()> {
        let metrics = BlobMetrics::register(&mut Registry::default());
        let settings = [("AWS_ACCESS_KEY_ID".to_owned(), "hush".to_owned())];
        let error = Blobs::at_with("s3://bucket", settings, BlobLimits::default(), metrics.clone()).err();
        let told = error.context("half a pair was taken")?.to_string();
        ensure!(told.contains("AWS_SECRET_ACCESS_KEY is not set") && !told.contains("hush"), "{told}");
        let error = Blobs::at_with("s3://me:hush@bucket", [], BlobLimits::default(), metrics).err();
        let told = error.context("a password was taken for a bucket")?.to_string();
        ensure!(told.contains("s3://BUCKET/PREFIX") && !told.contains("hush"), "{told}");
        Ok(())
    }
}
