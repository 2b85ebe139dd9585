//! Whom a component may call: `allowed_outbound_hosts` as Spin writes it, with the components of the application told
//! apart from hosts outside.
//!
//! Deliberately absent: port ranges, networks in CIDR form and schemes other than HTTP's. Spin knows them; this host
//! gives them to nobody.

use crate::app::{ComponentId, HostPattern, Outbound};
use crate::names::suggestion;
use crate::problem::Report;
use crate::raw::Located;
use crate::variables::Resolved;
use std::collections::BTreeSet;
use std::net::Ipv6Addr;

const INTERNAL_SUFFIX: &str = ".spin.internal";

/// The components of the application.
#[derive(Clone, Copy)]
pub(crate) struct Components<'a> {
    /// Those that this host runs.
    pub(crate) own: &'a BTreeSet<ComponentId>,
    /// Those that the hosts of other triggers run.
    pub(crate) foreign: &'a BTreeSet<String>,
}

enum Target {
    Component(String),
    AllComponents,
    Host(HostPattern),
}

/// The grants that `texts` say; what is malformed or leads nowhere is reported and left out.
pub(crate) fn check_outbound(
    texts: &[Located<String>],
    variables: &Resolved,
    components: Components<'_>,
    report: &mut Report,
) -> Outbound {
    let mut outbound = Outbound::default();
    for text in texts {
        let Some(filled) = variables.expand(text, report) else {
            continue;
        };
        // Messages show the text with its templates: a filled one may contain a secret.
        match parse(&filled) {
            Ok(Target::Host(pattern)) => outbound.hosts.push(pattern),
            Ok(Target::AllComponents) => outbound.components.extend(components.own.iter().cloned()),
            Ok(Target::Component(name)) => {
                let id = ComponentId::new(&name);
                if components.own.contains(&id) {
                    outbound.components.insert(id);
                } else if components.foreign.contains(&name) {
                    let message = format!("{:?} calls a component that the host of another trigger runs", text.value);
                    report.add(
                        &text.place,
                        message,
                        "give it a [[trigger.mutrapro]] entry, or name its host's address",
                    );
                } else {
                    let known = components.own.iter().map(ComponentId::as_str);
                    let otherwise = "add the component to the manifest, or remove this entry";
                    let message = format!("{:?} calls a component that does not exist", text.value);
                    report.add(&text.place, message, suggestion(&name, known, otherwise));
                }
            }
            Err(remedy) => {
                report.add(&text.place, format!("outbound host {:?} is not valid", text.value), remedy);
            }
        }
    }
    outbound
}

fn parse(text: &str) -> Result<Target, &'static str> {
    let Some((scheme, authority)) = text.split_once("://") else {
        return Err("write it with a scheme: `https://api.example.com`");
    };
    if !matches!(scheme, "http" | "https" | "*") {
        return Err("use the scheme `http`, `https` or `*`: this host makes no other calls");
    }
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if authority.contains(['/', '?', '#', '@']) {
        return Err("name scheme, host and port only, without path, query or user");
    }
    let (host, port) = split_port(authority)?;
    let host = host.to_ascii_lowercase();
    if let Some(component) = host.strip_suffix(INTERNAL_SUFFIX) {
        return internal(scheme, component, port);
    }
    if host == "self" {
        return Err("name the component instead: `http://<component>.spin.internal`");
    }
    if !is_host(&host) {
        return Err("name a host, `*.` and a domain for its subdomains, or `*` for any host");
    }
    let port = match (port, scheme) {
        (Some("*"), _) => None,
        (Some(digits), _) => Some(parse_port(digits)?),
        (None, "http") => Some(80),
        (None, "https") => Some(443),
        (None, _) => return Err("a `*` scheme has no port of its own: add one, or `:*` for any"),
    };
    Ok(Target::Host(HostPattern { scheme: (scheme != "*").then(|| scheme.to_owned()), host, port }))
}

fn internal(scheme: &str, component: &str, port: Option<&str>) -> Result<Target, &'static str> {
    if scheme != "http" || port.is_some() {
        return Err("components are called as `http://<component>.spin.internal`, without a port");
    }
    Ok(if component == "*" { Target::AllComponents } else { Target::Component(component.to_owned()) })
}

/// Host and port, with the colons of an IPv6 address in brackets belonging to the host.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (bracketed, rest) = authority.split_at(after_host);
    match rest.split_once(':') {
        None => Ok((authority, None)),
        Some(("", port)) if !bracketed.is_empty() => Ok((bracketed, Some(port))),
        Some((host, port)) if bracketed.is_empty() => Ok((host, Some(port))),
        Some(_) => Err("write an IPv6 address in brackets, then the port"),
    }
}

fn parse_port(digits: &str) -> Result<u16, &'static str> {
    let port = digits.parse().ok().filter(|port| *port > 0 && !digits.starts_with('+'));
    port.ok_or("give one port from 1 to 65535, or `*` for any")
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    host == "*" || host.strip_prefix("*.").unwrap_or(host).split('.').all(is_label)
}
