//! Events of file-service. Their aggregate is the file.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `file.uploaded`: a file is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUploaded {
    /// The file.
    pub file_id: Uuid,
    /// Who uploaded it.
    pub owner_user_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Option<Uuid>,
    /// The project that it belongs to.
    pub project_id: Option<Uuid>,
    /// The task that it belongs to.
    pub assignment_id: Option<Uuid>,
    /// The booking that it belongs to.
    pub booking_id: Option<Uuid>,
    /// The specialist whose work it shows.
    pub specialist_id: Option<Uuid>,
    /// As it was uploaded.
    pub file_name: String,
    /// Its length.
    pub size_bytes: u64,
    /// Found in its content.
    pub mime_type: String,
    /// For example `customer_upload`.
    pub source: String,
    /// For example `audio`.
    pub content_type: String,
    /// Of its content, in hexadecimal digits.
    pub sha256: String,
    /// How long the audio is.
    pub duration_ms: Option<u64>,
}
event!(FileUploaded, "file.uploaded", "file", file_id);

/// `file.deleted`: a file is there no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDeleted {
    /// The file.
    pub file_id: Uuid,
    /// Who uploaded it.
    pub owner_user_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Option<Uuid>,
    /// The project that it belongs to.
    pub project_id: Option<Uuid>,
    /// The task that it belongs to.
    pub assignment_id: Option<Uuid>,
    /// The booking that it belongs to.
    pub booking_id: Option<Uuid>,
    /// The specialist whose work it shows.
    pub specialist_id: Option<Uuid>,
    /// As it was uploaded.
    pub file_name: String,
    /// Its length.
    pub size_bytes: u64,
    /// Found in its content.
    pub mime_type: String,
    /// For example `customer_upload`.
    pub source: String,
    /// For example `audio`.
    pub content_type: String,
    /// The user who did it.
    pub deleted_by: Uuid,
}
event!(FileDeleted, "file.deleted", "file", file_id);
