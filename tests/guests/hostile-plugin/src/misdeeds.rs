//! What it tries.

use crate::bindings::exports::mutrapro::plugins::media_inspector::Content;
use crate::bindings::exports::mutrapro::plugins::pricing::Line;
use crate::bindings::fermyon::spin::variables;
use std::hint::black_box;
use std::time::Duration;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, OutgoingRequest, Scheme};

/// Commits a misdeed and tells what came of it; `refuse` is an error of its own.
pub(crate) fn commit(misdeed: &str) -> Result<String, String> {
    if let Some(authority) = misdeed.strip_prefix("call ") {
        return Ok(call(authority));
    }
    if let Some(name) = misdeed.strip_prefix("variable ") {
        return Ok(format!("{:?}", variables::get(name)));
    }
    match misdeed {
        "loop" => loop {
            black_box(0_u8);
        },
        "trap" => std::process::abort(),
        // The misdeed itself: longer than any call may take.
        "sleep" => {
            std::thread::sleep(Duration::from_secs(60));
            Ok("slept".to_owned())
        }
        "allocate" => {
            let chunks: Vec<Vec<u8>> = (0..256).map(|_| black_box(vec![1; 16 << 20])).collect();
            Ok(chunks.len().to_string())
        }
        "huge" => Ok("x".repeat(48 << 20)),
        "file" => Ok(format!("{:?}", std::fs::read_dir("/").map(Iterator::count).map_err(|error| error.kind()))),
        "connect" => Ok(format!("{:?}", std::net::TcpStream::connect("127.0.0.1:1").map_err(|error| error.kind()))),
        "refuse" => Err("on purpose".to_owned()),
        _ => Ok("nothing".to_owned()),
    }
}

/// 1 GiB of labels that are all the same 16 MiB of memory.
pub(crate) fn aliased_lines() -> Vec<Line> {
    let mut label = vec![b'x'; 16 << 20];
    let (pointer, length) = (label.as_mut_ptr(), label.len());
    std::mem::forget(label);
    let alias = |amount| {
        #[expect(unsafe_code, reason = "the misdeed itself: nothing makes a guest's lists be apart from each other")]
        // SAFETY: sound for the guest only while nobody frees or changes the memory, which ends with the trap or the call.
        let label = unsafe { String::from_raw_parts(pointer, length, length) };
        Line { label, amount }
    };
    (0..64).map(alias).collect()
}

fn call(authority: &str) -> String {
    let request = OutgoingRequest::new(Fields::new());
    let parts = [
        request.set_scheme(Some(&Scheme::Http)),
        request.set_authority(Some(authority)),
        request.set_path_with_query(Some("/patron/names")),
    ];
    if parts.contains(&Err(())) {
        return "malformed".to_owned();
    }
    let pending = match outgoing_handler::handle(request, None) {
        Ok(pending) => pending,
        Err(error) => return format!("{error:?}"),
    };
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(response))) => format!("status {}", response.status()),
        other => format!("{other:?}"),
    }
}

/// Reads here and there, and over the end.
pub(crate) fn read(content: &Content) -> Result<String, String> {
    let size = content.size_bytes();
    let part = |offset, length| {
        content
            .read(offset, length)
            .map(|bytes| format!("{}{:?}", bytes.len(), bytes.first().map(|byte| char::from(*byte))))
    };
    let parts = [part(0, 1)?, part((1 << 20) - 1, 2)?, part(size - 1, 10)?, part(size, 10)?, part(u64::MAX, u32::MAX)?];
    Ok(format!("{size}: {} and {}", parts.join(" "), part(0, u32::MAX)?))
}

/// Reads until the host says no.
pub(crate) fn read_for_ever(content: &Content) -> String {
    let mut total = 0;
    loop {
        match content.read(0, 1 << 20) {
            Ok(bytes) => total += bytes.len(),
            Err(text) => return format!("{} MiB, then {text}", total >> 20),
        }
    }
}
