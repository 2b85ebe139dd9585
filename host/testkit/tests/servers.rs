//! What tests are built on does what it says: servers keep their data over a restart and are gone afterwards, and the proxy
//! fails as it is told.

#[cfg(test)]
mod servers {
    use anyhow::{Result, ensure};
    use async_nats::jetstream;
    use mutrapro_testkit::{NatsServer, PostgresServer, S3Server, TcpProxy, eventually};
    use sqlx::{Connection, PgConnection};
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn postgres_keeps_what_was_committed_and_ends_with_its_value() -> Result<()> {
        let mut server = PostgresServer::start().await?;
        let mut connection = PgConnection::connect(&server.url()).await?;
        sqlx::raw_sql("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('b'), ('A')")
            .execute(&mut connection)
            .await?;
        server.restart().await?;
        ensure!(connection.ping().await.is_err(), "the connection outlived the server");

        let mut connection = PgConnection::connect(&server.url()).await?;
        let songs: Vec<String> =
            sqlx::query_scalar("SELECT title FROM songs ORDER BY title").fetch_all(&mut connection).await?;
        ensure!(songs == ["A", "b"], "{songs:?}");
        let sorted: String = sqlx::query_scalar("SELECT min(title) FROM (VALUES ('B'), ('a')) AS s (title)")
            .fetch_one(&mut connection)
            .await?;
        ensure!(sorted == "a", "text sorts by bytes, so tests cannot find who counts on that");

        server.stop().await?;
        ensure!(TcpStream::connect(server.address()).await.is_err(), "it still listens");
        server.start_again().await?;
        let address = server.address();
        drop(server);
        ensure!(TcpStream::connect(address).await.is_err(), "it outlived its value");
        Ok(())
    }

    #[tokio::test]
    async fn postgres_lets_nobody_in_without_the_password() -> Result<()> {
        let (server, other) = tokio::try_join!(PostgresServer::start(), PostgresServer::start())?;
        let stranger = other.url().replace(&other.address().to_string(), &server.address().to_string());
        let error = PgConnection::connect(&stranger).await.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(error.contains("password authentication failed"), "{error}");
        Ok(())
    }

    #[tokio::test]
    async fn nats_keeps_its_streams_and_ends_with_its_value() -> Result<()> {
        let mut server = NatsServer::start().await?;
        let context = jetstream::new(async_nats::connect(server.url()).await?);
        let stream =
            jetstream::stream::Config { name: "SONGS".into(), subjects: vec!["songs.>".into()], ..Default::default() };
        context.create_stream(stream).await?;
        context.publish("songs.a", "la".into()).await?.await?;
        server.restart().await?;

        let context = jetstream::new(async_nats::connect(server.url()).await?);
        let message = context.get_stream("SONGS").await?.get_raw_message(1).await?;
        ensure!(message.payload.as_ref() == b"la", "{message:?}");

        let address = server.address();
        server.stop().await?;
        ensure!(TcpStream::connect(address).await.is_err(), "it still listens");
        server.start_again().await?;
        drop(server);
        ensure!(TcpStream::connect(address).await.is_err(), "it outlived its value");
        Ok(())
    }

    #[tokio::test]
    async fn nats_takes_further_settings() -> Result<()> {
        let server = NatsServer::configured("max_payload: 4096\nauthorization { token: \"of a test\" }").await?;
        ensure!(async_nats::connect(server.url()).await.is_err(), "it let a stranger in");
        let client = async_nats::ConnectOptions::with_token("of a test".into()).connect(server.url()).await?;
        ensure!(client.server_info().max_payload == 4_096, "{:?}", client.server_info());
        Ok(())
    }

    #[tokio::test]
    async fn s3_has_its_bucket_and_ends_with_its_value() -> Result<()> {
        let server = S3Server::start().await?;
        ensure!(server.uploads_open().await? == 0, "it is not empty");
        let other = TcpProxy::start(server.address()).await?.address();
        let settings = server.settings(Some(other));
        ensure!(settings.contains(&("AWS_ENDPOINT_URL".to_owned(), format!("http://{other}"))), "{settings:?}");
        let address = server.address();
        drop(server);
        ensure!(TcpStream::connect(address).await.is_err(), "it outlived its value");
        Ok(())
    }

    /// A server that sends back what it gets.
    async fn echo() -> Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        Ok(address)
    }

    /// Sends `text` and reads as much.
    async fn ask(stream: &mut TcpStream, text: &str) -> Result<String> {
        stream.write_all(text.as_bytes()).await?;
        let mut answer = vec![0; text.len()];
        stream.read_exact(&mut answer).await?;
        Ok(String::from_utf8(answer)?)
    }

    #[tokio::test]
    async fn a_proxy_forwards_large_streams_and_their_ends() -> Result<()> {
        let proxy = TcpProxy::start(echo().await?).await?;
        let (mut from, mut to) = TcpStream::connect(proxy.address()).await?.into_split();
        let content: Vec<u8> = (0..20_000_000_u32).map(|i| (i % 251) as u8).collect();
        let sending = async {
            to.write_all(&content).await?;
            to.shutdown().await
        };
        let mut back = Vec::new();
        tokio::try_join!(sending, from.read_to_end(&mut back))?;
        ensure!(back == content, "{} bytes came back", back.len());
        Ok(())
    }

    #[tokio::test]
    async fn a_cut_proxy_closes_and_refuses_until_it_is_mended() -> Result<()> {
        let proxy = TcpProxy::start(echo().await?).await?;
        let mut stream = TcpStream::connect(proxy.address()).await?;
        ensure!(ask(&mut stream, "before").await? == "before");
        proxy.cut().await?;
        ensure!(ask(&mut stream, "cut").await.is_err(), "the connection survived");
        ensure!(TcpStream::connect(proxy.address()).await.is_err(), "a new one was accepted");
        proxy.cut().await?;
        proxy.mend().await?;
        let mut stream = TcpStream::connect(proxy.address()).await?;
        ensure!(ask(&mut stream, "mended").await? == "mended");
        drop(proxy);
        eventually("a dropped proxy refuses", async || Ok(ask(&mut stream, "dropped").await.is_err().then_some(())))
            .await
    }

    #[tokio::test]
    async fn a_delay_is_a_latency_and_no_loss_of_throughput() -> Result<()> {
        const DELAY: Duration = Duration::from_millis(40);
        let proxy = TcpProxy::start(echo().await?).await?;
        let mut stream = TcpStream::connect(proxy.address()).await?;
        ensure!(ask(&mut stream, "at once").await? == "at once");
        proxy.delay(DELAY);
        let start = Instant::now();
        // In many chunks: each late, and all of them together not later.
        let text = "x".repeat(2_000_000);
        ensure!(ask(&mut stream, &text).await? == text);
        let taken = start.elapsed();
        ensure!((2 * DELAY..60 * DELAY).contains(&taken), "{taken:?}");
        Ok(())
    }

    #[tokio::test]
    async fn a_stalled_proxy_accepts_and_holds_everything_until_it_is_mended() -> Result<()> {
        let proxy = TcpProxy::start(echo().await?).await?;
        let mut before = TcpStream::connect(proxy.address()).await?;
        ensure!(ask(&mut before, "flows").await? == "flows");
        proxy.stall();
        let mut new = TcpStream::connect(proxy.address()).await?;
        for stream in [&mut before, &mut new] {
            stream.write_all(b"held").await?;
            let answer = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
            ensure!(answer.is_err(), "a byte came through: {answer:?}");
        }
        proxy.mend().await?;
        for stream in [&mut before, &mut new] {
            let mut answer = [0; 4];
            stream.read_exact(&mut answer).await?;
            ensure!(&answer == b"held", "{answer:?}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_proxy_closes_clients_of_a_server_that_is_gone() -> Result<()> {
        let mut server = NatsServer::start().await?;
        let proxy = TcpProxy::start(server.address()).await?;
        let mut first = BufReader::new(TcpStream::connect(proxy.address()).await?).lines();
        ensure!(first.next_line().await?.is_some_and(|line| line.starts_with("INFO ")), "nothing came through");
        server.stop().await?;
        while let Ok(Some(_)) = first.next_line().await {}
        let mut second = BufReader::new(TcpStream::connect(proxy.address()).await?).lines();
        ensure!(!matches!(second.next_line().await, Ok(Some(_))), "somebody answered");
        Ok(())
    }
}
