//! Misdeeds with memory, time and what WASI offers.

use crate::Outcome;
use std::hint::black_box;
use std::time::Duration;
use wasip2::http::types::Fields;

pub(crate) fn commit(misdeed: &str, body: &str) -> Outcome {
    match misdeed {
        "loop" => compute_for_ever(),
        "trap" => trap(),
        "allocate" => allocate_everything(),
        "leak-memory" => Ok(leak_memory()),
        "sleep" => sleep(body),
        "leak-resources" => leak_resources(),
        "random" => Ok(wasip2::random::random::get_random_bytes(1 << 30).len().to_string()),
        "print" => Ok(print(body)),
        "file" => std::fs::read(body).map(|bytes| bytes.len().to_string()).map_err(|error| ("io", error.to_string())),
        "environment" => Ok(format!("{} variables, {} arguments", std::env::vars().count(), std::env::args().count())),
        "connect" => std::net::TcpStream::connect(body)
            .map(|_| "connected".to_owned())
            .map_err(|error| ("io", error.to_string())),
        "listen" => {
            std::net::TcpListener::bind(body).map(|_| "listening".to_owned()).map_err(|error| ("io", error.to_string()))
        }
        _ => Err(("unknown", misdeed.to_owned())),
    }
}

pub(crate) fn compute_for_ever() -> ! {
    let mut number = 1u64;
    loop {
        number = black_box(number.wrapping_mul(3));
    }
}

pub(crate) fn trap() -> ! {
    std::process::abort()
}

/// Asks for all that 32-bit addresses reach: 4 GiB.
fn allocate_everything() -> Outcome {
    const CHUNK_BYTES: usize = 16 << 20;
    let chunks: Vec<Vec<u8>> = (0..256).map(|_| black_box(vec![1; CHUNK_BYTES])).collect();
    Ok(format!("{} chunks", chunks.len()))
}

/// Takes 4 MiB and never gives them back.
fn leak_memory() -> String {
    black_box(vec![1u8; 4 << 20].leak()).len().to_string()
}

/// Sleeps for the milliseconds in the body.
fn sleep(body: &str) -> Outcome {
    let milliseconds = body.parse().map_err(|_| ("unknown", body.to_owned()))?;
    std::thread::sleep(Duration::from_millis(milliseconds));
    Ok(format!("slept {milliseconds} ms"))
}

/// Has the host keep things for it and never gives them back.
fn leak_resources() -> ! {
    loop {
        std::mem::forget(black_box(Fields::new()));
    }
}

/// Writes the MiB in the body as one line to its output.
fn print(body: &str) -> String {
    let line = "x".repeat(1 << 10);
    for _ in 0..body.parse().unwrap_or(0) * 1024_u32 {
        print!("{line}");
    }
    println!();
    "printed".to_owned()
}
