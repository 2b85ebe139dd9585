//! revision-service
