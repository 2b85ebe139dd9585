//! Who is told of which kind, and what.

mod kinds;
mod payloads;
mod people;
mod words;
