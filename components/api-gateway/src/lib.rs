//! api-gateway: the only way in.
//!
//! It finds the service for a path, checks the access token and its session, counts requests against the rate limits,
//! answers CORS, and passes the request on with the user's identity in headers that services believe from nobody else.
//! It also joins what services publish of themselves into one OpenAPI document, and has a page to read it on.
//!
//! It keeps no data and knows no rules of any service. A request that it cannot check is refused, never let through.

mod access;
mod cors;
mod docs;
mod gateway;
mod headers;
mod openapi;
mod problems;
mod rate;
mod routes;
mod sessions;
mod settings;

mutrapro_sdk::service! { router: gateway::router }
