//! A component that exports `wasi:http/incoming-handler@0.2` alone, as most toolchains of today build it.

use std::io::Read;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct PlainP2;

wasip2::http::proxy::export!(PlainP2);

impl Guest for PlainP2 {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let body = read(&request);
        let response = OutgoingResponse::new(Fields::new());
        let Ok(outgoing) = response.body() else { return };
        ResponseOutparam::set(response_out, Ok(response));
        let Ok(stream) = outgoing.write() else { return };
        // A failure shows as a body that is cut short, which is what a test compares.
        let answer = format!("{path} with {} bytes", body.len());
        let written = stream.blocking_write_and_flush(answer.as_bytes());
        drop(stream);
        if written.is_ok() {
            drop(OutgoingBody::finish(outgoing, None));
        }
    }
}

fn read(request: &IncomingRequest) -> Vec<u8> {
    let mut body = Vec::new();
    if let Ok(incoming) = request.consume()
        && let Ok(mut stream) = incoming.stream()
        && let Err(error) = stream.read_to_end(&mut body)
    {
        eprintln!("[error] the request's body broke off: {error}");
    }
    body
}
