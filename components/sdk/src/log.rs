//! Lines for the host's log, which adds time, service and trace.
//!
//! Deliberately small: no filtering and no fields here, both are the host's.

/// Something worth knowing when all is well.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_info {
    ($($line:tt)+) => { ::std::eprintln!("[info] {}", ::std::format_args!($($line)+)) };
}

/// Something odd that needs no one yet.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_warn {
    ($($line:tt)+) => { ::std::eprintln!("[warn] {}", ::std::format_args!($($line)+)) };
}

/// Something that someone should look at.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_error {
    ($($line:tt)+) => { ::std::eprintln!("[error] {}", ::std::format_args!($($line)+)) };
}

pub use crate::{__log_error as error, __log_info as info, __log_warn as warn};
