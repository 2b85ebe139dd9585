//! quotation-service
