//! Events as a whole: the contract of a bus, run on every bus there is, and the way from an outbox to a handler.

#[cfg(test)]
mod consumer;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod nats;
#[cfg(test)]
mod publisher;
#[cfg(test)]
mod takeover;
