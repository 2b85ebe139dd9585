//! specialist-service
