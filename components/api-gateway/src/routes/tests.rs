//! Every public path of the design, and what must lead nowhere.

use super::*;
use proptest::prelude::*;

fn find(method: &Method, path: &str) -> Option<Route> {
    Routes::default().find(method, path).cloned()
}

fn service(method: Method, path: &str) -> Option<(&'static str, Access)> {
    find(&method, inner_path(path)?).map(|route| (route.service, route.access))
}

/// The endpoints of the design, section 7, that need a token.
const ENDPOINTS: [(&str, &[(&str, &str)]); 12] = [
    (
        AUTH,
        &[
            ("POST", "auth/logout"),
            ("POST", "auth/logout-all"),
            ("GET", "auth/sessions"),
            ("DELETE", "auth/sessions/7"),
        ],
    ),
    (
        USER,
        &[
            ("GET", "users/me"),
            ("PATCH", "users/me"),
            ("POST", "users/me/password"),
            ("GET", "users/me/customer"),
            ("PATCH", "users/me/customer"),
            ("GET", "users"),
            ("GET", "users/7"),
            ("PATCH", "users/7"),
            ("POST", "users/7/deactivate"),
            ("POST", "users/7/activate"),
            ("POST", "users/7/roles"),
            ("DELETE", "users/7/roles/customer"),
            ("GET", "coordinators"),
            ("POST", "coordinators"),
        ],
    ),
    (
        SPECIALIST,
        &[
            ("GET", "specialists"),
            ("POST", "specialists"),
            ("GET", "specialists/7"),
            ("GET", "specialists/me"),
            ("PATCH", "specialists/me"),
            ("PUT", "specialists/me/skills/7"),
            ("DELETE", "specialists/me/skills/7"),
            ("GET", "specialists/me/demos"),
            ("POST", "specialists/me/demos"),
            ("PATCH", "specialists/me/demos/7"),
            ("DELETE", "specialists/me/demos/7"),
            ("GET", "skills"),
            ("POST", "skills"),
            ("PATCH", "skills/7"),
            ("GET", "skill-categories"),
            ("POST", "skill-categories"),
            ("PATCH", "skill-categories/7"),
        ],
    ),
    (
        QUOTATION,
        &[
            ("POST", "requests"),
            ("GET", "requests"),
            ("GET", "requests/7"),
            ("PATCH", "requests/7"),
            ("POST", "requests/7/claim"),
            ("POST", "requests/7/cancel"),
            ("POST", "requests/7/quotations"),
            ("GET", "requests/7/quotations"),
            ("GET", "quotations/7"),
            ("PATCH", "quotations/7"),
            ("POST", "quotations/7/send"),
            ("POST", "quotations/7/approve"),
            ("POST", "quotations/7/reject"),
            ("POST", "quotations/7/request-change"),
            ("GET", "quotations/7/milestones"),
            ("GET", "milestones/7"),
            ("POST", "pricing"),
            ("PATCH", "pricing/7"),
        ],
    ),
    (
        PROJECT,
        &[
            ("GET", "projects"),
            ("GET", "projects/7"),
            ("PATCH", "projects/7"),
            ("GET", "projects/7/timeline"),
            ("POST", "projects/7/cancel"),
        ],
    ),
    (
        TASK,
        &[
            ("GET", "tasks"),
            ("POST", "tasks"),
            ("GET", "tasks/7"),
            ("POST", "tasks/7/accept"),
            ("POST", "tasks/7/decline"),
            ("POST", "tasks/7/start"),
            ("POST", "tasks/7/complete"),
            ("POST", "tasks/7/cancel"),
            ("GET", "specialists/7/workload"),
        ],
    ),
    (
        STUDIO,
        &[
            ("GET", "studios"),
            ("POST", "studios"),
            ("PATCH", "studios/7"),
            ("GET", "studios/7/availability"),
            ("GET", "equipment"),
            ("POST", "equipment"),
            ("PATCH", "equipment/7"),
            ("GET", "equipment-categories"),
            ("POST", "studio-equipment"),
            ("PATCH", "studio-equipment/7"),
            ("POST", "bookings"),
            ("GET", "bookings"),
            ("GET", "bookings/7"),
            ("POST", "bookings/7/confirm"),
            ("POST", "bookings/7/cancel"),
            ("POST", "bookings/7/start"),
            ("POST", "bookings/7/complete"),
            ("POST", "bookings/quote"),
        ],
    ),
    (PAYMENT, &[("POST", "payments"), ("GET", "payments"), ("GET", "payments/7"), ("POST", "payments/7/refund")]),
    (
        FILE,
        &[("POST", "files"), ("GET", "files"), ("GET", "files/7"), ("GET", "files/7/content"), ("DELETE", "files/7")],
    ),
    (
        NOTIFICATION,
        &[
            ("GET", "notifications"),
            ("GET", "notifications/unread-count"),
            ("POST", "notifications/7/read"),
            ("POST", "notifications/read-all"),
            ("GET", "notifications/stream"),
        ],
    ),
    (FEEDBACK, &[("POST", "feedback"), ("GET", "feedback"), ("GET", "specialists/7/rating"), ("GET", "activity")]),
    (
        REVISION,
        &[
            ("POST", "revisions"),
            ("GET", "revisions"),
            ("GET", "revisions/7"),
            ("POST", "revisions/7/approve"),
            ("POST", "revisions/7/reject"),
            ("POST", "revisions/7/complete"),
            ("POST", "packages"),
            ("GET", "packages"),
            ("GET", "packages/7"),
            ("POST", "packages/7/files"),
            ("POST", "packages/7/ready"),
            ("POST", "packages/7/deliver"),
            ("POST", "packages/7/approve"),
            ("POST", "packages/7/reject"),
            ("GET", "projects/7/revision-eligibility"),
        ],
    ),
];

#[test]
fn every_endpoint_leads_to_its_service_with_a_token() {
    for (expected, endpoints) in ENDPOINTS {
        for (method, path) in endpoints {
            let found = service(method.parse().unwrap(), &format!("{PREFIX}/{path}"));
            assert_eq!(found, Some((expected, Access::Authenticated)), "{method} {path}");
        }
    }
}

#[test]
fn words_that_others_own_count_only_in_their_place() {
    for (path, expected) in [
        ("specialists/rating", SPECIALIST),
        ("specialists/workload", SPECIALIST),
        ("specialists/7/demos/rating", SPECIALIST),
        ("projects/revision-eligibility", PROJECT),
        ("projects/7/timeline/revision-eligibility", PROJECT),
        ("tasks/7/rating", TASK),
    ] {
        let found = service(Method::GET, &format!("{PREFIX}/{path}"));
        assert_eq!(found, Some((expected, Access::Authenticated)), "{path}");
    }
}

#[test]
fn payment_gateways_report_without_a_token_by_post_alone() {
    let find = |method: Method, path: &str| service(method, &format!("{PREFIX}/{path}"));
    assert_eq!(find(Method::POST, "payments/webhooks/sandbox"), Some((PAYMENT, Access::Public)));
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        assert_eq!(find(method.clone(), "payments/webhooks/sandbox"), None, "{method}");
    }
    for path in ["payments/webhooks", "payments/webhooks/sandbox/more", "payments/webhooks/", "payments/webhooks/.."] {
        assert_eq!(find(Method::POST, path), None, "{path}");
        assert_eq!(find(Method::GET, path), None, "{path}");
    }
    assert_eq!(find(Method::GET, "payments/webhook"), Some((PAYMENT, Access::Authenticated)));
}

#[test]
fn nothing_else_is_open_to_everyone() {
    let open: Vec<_> = TABLE
        .iter()
        .filter(|route| matches!(route.access, Access::Public | Access::SignIn))
        .map(|route| (route.method.clone().unwrap().to_string(), route.path))
        .collect();
    let expected = [
        ("POST", "auth/register"),
        ("POST", "auth/login"),
        ("POST", "auth/refresh"),
        ("GET", "pricing"),
        ("POST", "pricing/estimate"),
        ("POST", "payments/webhooks/*"),
    ];
    assert_eq!(open, expected.map(|(method, path)| (method.to_owned(), path)));
}

#[test]
fn no_row_is_hidden_by_one_above() {
    for (position, route) in TABLE.iter().enumerate() {
        let path = route.path.replace('*', "7");
        let method = route.method.clone().unwrap_or(Method::DELETE);
        let first = TABLE.iter().position(|other| other.fits(&method, &path));
        assert_eq!(first, Some(position), "{}", route.path);
    }
}

#[test]
fn only_a_post_at_exactly_the_path_signs_in() {
    for path in ["/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/refresh"] {
        assert_eq!(service(Method::POST, path), Some((AUTH, Access::SignIn)), "{path}");
        assert_eq!(service(Method::GET, path), Some((AUTH, Access::Authenticated)), "{path}");
        let below = format!("{path}/more");
        assert_eq!(service(Method::POST, &below), Some((AUTH, Access::Authenticated)), "{below}");
    }
    assert_eq!(service(Method::POST, "/api/v1/auth/logout"), Some((AUTH, Access::Authenticated)));
}

#[test]
fn prices_are_for_everyone_to_see_and_for_people_to_change() {
    let public = Some((QUOTATION, Access::Public));
    let authenticated = Some((QUOTATION, Access::Authenticated));
    assert_eq!(service(Method::GET, "/api/v1/pricing"), public);
    assert_eq!(service(Method::POST, "/api/v1/pricing/estimate"), public);
    assert_eq!(service(Method::POST, "/api/v1/pricing"), authenticated);
    assert_eq!(service(Method::PATCH, "/api/v1/pricing/7"), authenticated);
    assert_eq!(service(Method::GET, "/api/v1/pricing/estimate"), authenticated);
    assert_eq!(service(Method::HEAD, "/api/v1/pricing"), public);
}

#[test]
fn internal_paths_cannot_be_reached() {
    for path in [
        "/api/v1/internal/users/7",
        "/api/v1/users/../internal/users",
        "/api/v1/users/%2e%2E/internal/users",
        "/api/v1/users/.%2e/internal/users",
        "/api/v1/users/..%2finternal",
        "/api/v1/users/..%5Cinternal",
        "/api/v1/users/..\\internal",
        "/api/v1/%69nternal/users",
        "/api/v1//internal/users",
        "/api/v1/./internal/users",
        "/internal/users",
        "/api/v1internal/users",
    ] {
        assert_eq!(service(Method::GET, path), None, "{path}");
    }
}

#[test]
fn what_is_not_in_the_table_is_nowhere() {
    for path in ["/api/v1", "/api/v1/", "/api/v2/users", "/api/v1/usersx", "/api/v1/docs", "/api/v1/Users"] {
        assert_eq!(service(Method::GET, path), None, "{path}");
    }
}

#[test]
fn every_service_but_the_gateway_is_named_once() {
    let mut expected = ENDPOINTS.map(|(service, _)| service);
    expected.sort_unstable();
    assert_eq!(services(), expected);
}

proptest! {
    #[test]
    fn no_path_leads_up_or_to_the_inside(path in "(/|\\.|%2[eEfF]|%5c|internal|users|[a-z]{0,3}){0,12}") {
        let path = format!("{PREFIX}/{path}");
        if let Some(inner) = inner_path(&path).filter(|inner| find(&Method::GET, inner).is_some()) {
            prop_assert!(!inner.starts_with("/internal"));
            prop_assert!(inner.split('/').all(|segment| segment != ".." && segment != "."));
        }
    }
}

#[test]
fn added_routes_need_a_token_and_hide_nothing() {
    let refused = |text: &str| {
        let mut reasons = Vec::new();
        let routes = Routes::with(text, |entry, reason| reasons.push(format!("{entry}: {reason}")));
        (routes, reasons)
    };
    let (routes, reasons) = refused(" loyalty=loyalty-service, waiting-list = waiting-list-service,");
    assert_eq!(reasons, Vec::<String>::new());
    for path in ["/loyalty", "/loyalty/me", "/loyalty/internal/secrets"] {
        let route = routes.find(&Method::DELETE, path).unwrap();
        assert_eq!((route.service, route.access), ("loyalty-service", Access::Authenticated), "{path}");
    }
    assert_eq!(routes.find(&Method::GET, "/loyaltys"), None);
    assert_eq!(routes.added_services(), ["loyalty-service", "waiting-list-service"]);
    for entry in ["loyalty", "=x", "a=", "A=b", "a/b=c", "*=c", "internal=x", "docs=x", "auth=x", "payments=x"] {
        let (routes, reasons) = refused(entry);
        assert!(routes.added.is_empty() && reasons.len() == 1, "{entry}: {reasons:?}");
    }
    let (routes, reasons) = refused("loyalty=one,loyalty=two");
    assert_eq!((routes.added_services(), reasons.len()), (vec!["one"], 1));
}
