//! Which component a path belongs to: the one with the longest route that fits.

use mutrapro_manifest::{App, ComponentId, Route};

/// The routes of an application, longest first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<(Route, ComponentId)>);

impl Routes {
    pub(crate) fn new(app: &App) -> Self {
        let routed = app.services.values();
        let mut routes: Vec<_> =
            routed.filter_map(|service| Some((service.route.clone()?, service.id.clone()))).collect();
        // An exact route beats a wildcard of the same length.
        routes.sort_by_key(|(route, _)| (std::cmp::Reverse(route.path.len()), route.wildcard));
        Self(routes)
    }

    pub(crate) fn find(&self, path: &str) -> Option<&ComponentId> {
        self.0.iter().find(|(route, _)| fits(route, path)).map(|(_, component)| component)
    }
}

fn fits(route: &Route, path: &str) -> bool {
    match path.strip_prefix(route.path.as_str()) {
        Some("") => true,
        Some(rest) if route.wildcard => rest.starts_with('/'),
        Some(rest) => rest == "/",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(list: &[(&str, bool)]) -> Routes {
        let mut routes: Vec<_> = list
            .iter()
            .map(|(path, wildcard)| {
                (
                    Route { path: (*path).to_owned(), wildcard: *wildcard },
                    ComponentId::new(&format!("{path}:{wildcard}")),
                )
            })
            .collect();
        routes.sort_by_key(|(route, _)| (std::cmp::Reverse(route.path.len()), route.wildcard));
        Routes(routes)
    }

    #[test]
    fn the_longest_route_wins_and_an_exact_one_beats_a_wildcard() {
        let routes = routes(&[("", true), ("/api", true), ("/api/v1", true), ("/api/v1", false)]);
        let found = |path| routes.find(path).map(ToString::to_string);
        assert_eq!(found("/api/v1").as_deref(), Some("/api/v1:false"));
        assert_eq!(found("/api/v1/users").as_deref(), Some("/api/v1:true"));
        assert_eq!(found("/api/v2").as_deref(), Some("/api:true"));
        assert_eq!(found("/apis").as_deref(), Some(":true"));
        assert_eq!(found("/").as_deref(), Some(":true"));
    }

    #[test]
    fn a_path_outside_every_route_belongs_to_nobody() {
        let routes = routes(&[("/api", true), ("/health", false)]);
        assert!(routes.find("/apis").is_none());
        assert!(routes.find("/health/deep").is_none());
        assert!(routes.find("/").is_none());
    }
}
