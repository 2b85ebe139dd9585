//! Responses that are none.

use crate::bindings::exports::mutrapro::http::exchange::Response;
use crate::bindings::mutrapro::http::types::Field;
use crate::field;

/// The malformed response of this name; the body of the request is its argument.
pub(crate) fn malformed(name: &str, argument: &str) -> Response {
    let number = argument.parse().unwrap_or(0);
    let with = |headers: Vec<Field>| Response { status: 200, headers, body: b"malformed".to_vec() };
    match name {
        "status" => Response { status: number, headers: Vec::new(), body: Vec::new() },
        "mebibytes" => Response { status: 200, headers: Vec::new(), body: vec![b'x'; usize::from(number) << 20] },
        "newline-in-value" => with(vec![field("x-broken", b"a\r\nset-cookie: stolen=1")]),
        "newline-in-name" => with(vec![field("x-broken\r\nset-cookie", b"stolen=1")]),
        "wrong-length" => with(vec![field("content-length", b"1"), field("transfer-encoding", b"chunked")]),
        "many-headers" => with((0..number).map(|n| field(&format!("x-{n}"), &[b'x'; 64])).collect()),
        _ => with(aliased_headers()),
    }
}

/// 1 GiB of header values that are all the same 16 MiB of the guest's memory: 64 times what the guest itself may hold.
fn aliased_headers() -> Vec<Field> {
    let mut value = vec![b'x'; 16 << 20];
    let (pointer, length) = (value.as_mut_ptr(), value.len());
    std::mem::forget(value);
    let alias = |_| {
        #[expect(unsafe_code, reason = "the misdeed itself: nothing makes a guest's lists be apart from each other")]
        // SAFETY: sound for the guest only while nobody frees or changes the memory, which ends with the trap or the call.
        let value = unsafe { Vec::from_raw_parts(pointer, length, length) };
        Field { name: "x-large".to_owned(), value }
    };
    (0..64).map(alias).collect()
}
