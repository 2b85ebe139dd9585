//! Files as clients and other services see them, and as events tell of them.

use crate::domain::audio::AudioMetadata;
use crate::domain::content::ContentType;
use crate::domain::file::{FileId, Source, Stage};
use crate::store::File;
use mutrapro_contracts::answers::FileAnswer;
use mutrapro_contracts::file::{FileDeleted, FileUploaded};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = File)]
pub(crate) struct FileView {
    pub(crate) id: FileId,
    /// Who uploaded it.
    #[schema(format = "uuid", value_type = String)]
    owner_user_id: Uuid,
    /// The request that it belongs to.
    #[schema(format = "uuid", value_type = Option<String>)]
    request_id: Option<Uuid>,
    /// The project that it belongs to.
    #[schema(format = "uuid", value_type = Option<String>)]
    project_id: Option<Uuid>,
    /// The task that it belongs to.
    #[schema(format = "uuid", value_type = Option<String>)]
    assignment_id: Option<Uuid>,
    /// The booking that it belongs to.
    #[schema(format = "uuid", value_type = Option<String>)]
    booking_id: Option<Uuid>,
    /// The specialist whose work it shows.
    #[schema(format = "uuid", value_type = Option<String>)]
    specialist_id: Option<Uuid>,
    /// As it was uploaded.
    file_name: String,
    /// Its length.
    size_bytes: u64,
    /// Of its content, in hexadecimal digits.
    sha256: String,
    /// Found in its content.
    mime_type: String,
    content_type: ContentType,
    source: Source,
    stage: Stage,
    /// Counts the uploads of this name to the same thing, from 1.
    version: u32,
    /// What it is as a recording: known of WAV, FLAC, MP3 and OGG, as far as a plugin could tell.
    audio_metadata: Option<AudioMetadata>,
    /// For people.
    description: Option<String>,
    created_at: Instant,
}

impl File {
    /// What is known of it as a recording.
    pub(crate) fn audio(&self) -> Option<AudioMetadata> {
        read_audio(self.audio_metadata.as_deref())
    }

    /// Its length; the database keeps it from being negative.
    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.size_bytes).unwrap_or(0)
    }
}

/// What stands in the column of the recording's metadata: this service alone writes it.
pub(crate) fn read_audio(column: Option<&str>) -> Option<AudioMetadata> {
    column.and_then(|json| serde_json::from_str(json).ok())
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            size_bytes: file.bytes(),
            audio_metadata: file.audio(),
            owner_user_id: file.owner_user_id,
            request_id: file.request_id,
            project_id: file.project_id,
            assignment_id: file.assignment_id,
            booking_id: file.booking_id,
            specialist_id: file.specialist_id,
            file_name: file.file_name,
            sha256: file.sha256,
            mime_type: file.mime_type,
            content_type: file.content_type,
            source: file.source,
            stage: file.stage,
            version: file.version,
            description: file.description,
            created_at: file.created_at,
        }
    }
}

/// What other services are answered.
pub(crate) fn answer(file: &File) -> FileAnswer {
    FileAnswer {
        id: file.id.uuid(),
        owner_user_id: file.owner_user_id,
        request_id: file.request_id,
        project_id: file.project_id,
        assignment_id: file.assignment_id,
        booking_id: file.booking_id,
        specialist_id: file.specialist_id,
        file_name: file.file_name.clone(),
        mime_type: file.mime_type.clone(),
        content_type: file.content_type.to_string(),
        stage: file.stage.to_string(),
        size_bytes: file.bytes(),
        duration_ms: file.audio().and_then(|audio| audio.duration_ms),
    }
}

pub(crate) fn uploaded(file: &File) -> FileUploaded {
    FileUploaded {
        file_id: file.id.uuid(),
        owner_user_id: file.owner_user_id,
        request_id: file.request_id,
        project_id: file.project_id,
        assignment_id: file.assignment_id,
        booking_id: file.booking_id,
        specialist_id: file.specialist_id,
        file_name: file.file_name.clone(),
        size_bytes: file.bytes(),
        mime_type: file.mime_type.clone(),
        source: file.source.to_string(),
        content_type: file.content_type.to_string(),
        sha256: file.sha256.clone(),
        duration_ms: file.audio().and_then(|audio| audio.duration_ms),
    }
}

pub(crate) fn deleted(file: &File, deleted_by: UserId) -> FileDeleted {
    FileDeleted {
        file_id: file.id.uuid(),
        owner_user_id: file.owner_user_id,
        request_id: file.request_id,
        project_id: file.project_id,
        assignment_id: file.assignment_id,
        booking_id: file.booking_id,
        specialist_id: file.specialist_id,
        file_name: file.file_name.clone(),
        size_bytes: file.bytes(),
        mime_type: file.mime_type.clone(),
        source: file.source.to_string(),
        content_type: file.content_type.to_string(),
        deleted_by: deleted_by.uuid(),
    }
}
