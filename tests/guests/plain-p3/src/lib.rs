//! A component that exports `wasi:http/handler@0.3` alone, as any author of WASI components writes it.

use bytes::Bytes;
use futures::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use spin_sdk::http::{BoxBody, FullBody, Request, Response, StatusCode, box_body};
use spin_sdk::http_service;
use std::convert::Infallible;

const CHUNK: &[u8] = &[b'x'; 64 << 10];
const CHUNKS_PER_MIB: usize = (1 << 20) / CHUNK.len();

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    let path = request.uri().path().to_owned();
    match path.strip_prefix("/plain-p3/") {
        Some("echo") => Response::new(box_body(request.into_body())),
        Some("compute") => compute_for_ever(),
        Some("headers") => text(StatusCode::OK, headers(&request)),
        Some(rest) => match rest.strip_prefix("stream/").and_then(|mib| mib.parse().ok()) {
            Some(mib) => Response::new(zeros(mib)),
            None => text(StatusCode::NOT_FOUND, path),
        },
        None => text(StatusCode::NOT_FOUND, path),
    }
}

fn compute_for_ever() -> ! {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number).wrapping_add(1);
    }
}

/// `mib` MiB, made as they are read.
fn zeros(mib: usize) -> BoxBody {
    let chunk = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(CHUNK)));
    box_body(StreamBody::new(stream::iter((0..mib * CHUNKS_PER_MIB).map(move |_| chunk()))))
}

/// The request's header fields, one `name: value` a line.
fn headers(request: &Request) -> String {
    let lines = request.headers().iter();
    lines.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))).collect()
}

fn text(status: StatusCode, text: String) -> Response<BoxBody> {
    let mut response = Response::new(box_body(FullBody::new(Bytes::from(text))));
    *response.status_mut() = status;
    response
}
