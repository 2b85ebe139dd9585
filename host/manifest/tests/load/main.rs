//! Whole applications in temporary folders: what loads, and what each mistake is answered with.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod locked;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod patterns;
mod plugins;
#[cfg(test)]
mod services;
#[cfg(test)]
mod variables;
