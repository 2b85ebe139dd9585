//! Routes of the manifest: `/health` exactly, `/api/...` with everything below.

use crate::app::Route;
use crate::problem::Report;
use crate::raw::Located;

/// The route that `text` says; what is malformed is reported and left out.
pub(crate) fn parse_route(text: &Located<String>, report: &mut Report) -> Option<Route> {
    let (path, wildcard) = match text.value.strip_suffix("/...") {
        Some(path) => (path, true),
        None => (text.value.as_str(), false),
    };
    if let Err(remedy) = check_path(path, wildcard) {
        report.add(&text.place, format!("route {:?} is not valid", text.value), remedy);
        return None;
    }
    Some(Route { path: path.to_owned(), wildcard })
}

fn check_path(path: &str, wildcard: bool) -> Result<(), &'static str> {
    if (path.is_empty() && wildcard) || (path == "/" && !wildcard) {
        return Ok(());
    }
    let Some(segments) = path.strip_prefix('/') else {
        return Err("begin it with `/`");
    };
    segments.split('/').try_for_each(check_segment)
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    match segment {
        "" => Err("write every `/` once, and none at the end"),
        "..." => Err("let `/...` stand at the end only, for everything below"),
        "." | ".." => Err("write the path without `.` and `..`"),
        _ if segment.starts_with(':') || segment.contains('*') => {
            Err("end it with `/...` and let the component tell paths apart; parameters are not for the host")
        }
        _ if segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) => Ok(()),
        _ => Err("use letters, digits and `-._~` only, without a query"),
    }
}
