//! A service's part of the application's OpenAPI document.
//!
//! Each service answers `GET /internal/openapi.json` with what it publishes; the gateway joins the parts. The document is
//! made when it is asked for and not kept.

use crate::identity::GATEWAY;
use crate::identity::internal;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// Where the gateway finds it.
pub const PATH: &str = "/internal/openapi.json";

/// The route that answers a service's part, to the gateway alone.
///
/// `document` is a type that derives [`utoipa::OpenApi`].
pub fn routes<D: utoipa::OpenApi + 'static>() -> Router {
    internal(Router::new().route(PATH, get(async || Json(document::<D>()))), &[GATEWAY])
}

fn document<D: utoipa::OpenApi>() -> OpenApi {
    D::openapi()
}

/// How ids look in OpenAPI.
pub fn uuid_schema() -> RefOr<Schema> {
    let format = Some(SchemaFormat::Custom("uuid".to_owned()));
    ObjectBuilder::new().schema_type(Type::String).format(format).into()
}

/// How enumerations look in OpenAPI.
pub fn enum_schema(values: &'static [&'static str]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.iter().copied())).into()
}
