//! How a host reaches NATS, and how the events are kept there.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where the servers are, who we are to them, and what they keep.
#[derive(Clone)]
pub struct NatsConfig {
    /// The servers of one cluster, `nats://host:4222` or `tls://…`; any of them, the others are heard of from it.
    pub urls: Vec<String>,
    /// Who we are.
    pub credentials: NatsCredentials,
    /// How the connection is secured.
    pub tls: NatsTls,
    /// What the names of streams, buckets and subjects begin with, for example `mutrapro`: applications that share a
    /// server have one each. 1 to 32 lower-case letters, digits and underscores.
    pub prefix: String,
    /// On how many servers everything is kept: 1, or 3 or 5 in a cluster, which go on when one or two fail.
    pub replicas: usize,
    /// Whether it is kept on disk or in memory.
    pub storage: NatsStorage,
    /// How many bytes of events are kept, without a bound if there is none. Publishing waits while they are used up.
    pub max_bytes: Option<u64>,
    /// After how long without a sign of life another host takes over what one was at.
    pub lease_time: Duration,
}

/// Who we are to a server. Nothing of it is ever shown.
#[derive(Clone, Default)]
pub enum NatsCredentials {
    /// Whoever the URL says, or nobody.
    #[default]
    None,
    /// A file of a user's JWT and seed, as `nsc` writes it.
    File(PathBuf),
    /// A user with a password.
    UserPassword {
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
    },
    /// A token.
    Token(String),
    /// The seed of a user's NKey.
    NKey(String),
}

/// How a connection is secured.
#[derive(Debug, Clone, Default)]
pub struct NatsTls {
    /// Whether a server without TLS is refused.
    pub required: bool,
    /// PEM of the authorities to trust, instead of those that the system trusts.
    pub root_certificates: Option<PathBuf>,
    /// PEM of our certificate and of its key, for servers that ask for one.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
}

/// Where a server keeps streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NatsStorage {
    /// On disk.
    #[default]
    File,
    /// In memory: a server that stops forgets them, unless others keep them too; then hosts have to start anew.
    Memory,
}

impl NatsConfig {
    /// Everything as usual on the servers at `urls`, separated by commas: one replica on disk, names that begin with `mutrapro`.
    pub fn new(urls: &str) -> Self {
        Self {
            urls: urls.split(',').map(|url| url.trim().to_owned()).collect(),
            credentials: NatsCredentials::None,
            tls: NatsTls::default(),
            prefix: "mutrapro".to_owned(),
            replicas: 1,
            storage: NatsStorage::File,
            max_bytes: None,
            lease_time: Duration::from_secs(5),
        }
    }

    /// The servers as messages may show them: without users and passwords.
    pub(super) fn shown_urls(&self) -> String {
        let without_user = |url: &String| match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            (None, Some((_, host))) => host.to_owned(),
            _ => url.clone(),
        };
        self.urls.iter().map(without_user).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConfig")
            .field("urls", &self.shown_urls())
            .field("credentials", &self.credentials)
            .field("tls", &self.tls)
            .field("prefix", &self.prefix)
            .field("replicas", &self.replicas)
            .field("storage", &self.storage)
            .field("max_bytes", &self.max_bytes)
            .field("lease_time", &self.lease_time)
            .finish()
    }
}

impl fmt::Debug for NatsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::File(_) => "File(…)",
            Self::UserPassword { .. } => "UserPassword(…)",
            Self::Token(_) => "Token(…)",
            Self::NKey(_) => "NKey(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let secret = "s3cret";
        let each = [
            NatsCredentials::File(PathBuf::from("s3cret.creds")),
            NatsCredentials::UserPassword { user: "u".to_owned(), password: secret.to_owned() },
            NatsCredentials::Token(secret.to_owned()),
            NatsCredentials::NKey(secret.to_owned()),
        ];
        for credentials in each {
            let config = NatsConfig { credentials, ..NatsConfig::new("nats://user:s3cret@host:4222") };
            let shown = format!("{config:?}");
            assert!(!shown.contains(secret) && shown.contains("nats://host:4222"), "{shown}");
        }
        assert_eq!(NatsConfig::new("s3cret@host").shown_urls(), "host");
        assert_eq!(NatsConfig::new("nats://a:1, nats://u:s3cret@b:2").shown_urls(), "nats://a:1, nats://b:2");
    }
}
