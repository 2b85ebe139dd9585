//! What only the shared back end promises: how values travel to and from PostgreSQL's types, what becomes of statements when
//! servers, networks and other transactions get in the way, and who may do what.

#[cfg(test)]
mod failures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod parameters;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod values;
#[cfg(test)]
mod waiting;
