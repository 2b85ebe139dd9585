//! What a file is, and what may be said of it at its upload.

use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::problem::Result;
use serde::Deserialize;
use utoipa::IntoParams;

mutrapro_sdk::id! {
    /// A file.
    pub(crate) FileId
}

/// The largest file, in bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 500_000_000;
/// The longest name of a file, in characters.
pub(crate) const FILE_NAME_CHARS_MAX: usize = 200;
/// The longest description, in characters.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 2000;

mutrapro_sdk::text_enum! {
    /// Where a file comes from, which says what it belongs to and who may upload it.
    pub(crate) enum Source {
        /// To a request, by its customer or coordinator.
        CustomerUpload = "customer_upload",
        /// To a task, by its specialist.
        TaskDeliverable = "task_deliverable",
        /// To a booking, by its artists or coordinator.
        StudioRecording = "studio_recording",
        /// To a task, by its specialist or coordinator; or to a request, by its coordinator.
        ProcessedOutput = "processed_output",
        /// To the profile of the specialist who uploads it.
        PortfolioDemo = "portfolio_demo",
    }
}

mutrapro_sdk::text_enum! {
    /// How far the work on a file is.
    pub(crate) enum Stage {
        /// As it was recorded or sent.
        Raw = "raw",
        /// Not looked over yet.
        Draft = "draft",
        /// Looked over.
        Reviewed = "reviewed",
        /// Changed after a review.
        Revised = "revised",
        /// Worked on.
        Processed = "processed",
        /// Mixed.
        Mixed = "mixed",
        /// Mastered.
        Mastered = "mastered",
        /// Delivered and accepted; a project's end makes it so.
        Final = "final",
        /// Kept for the record.
        Archived = "archived",
    }
}

impl Source {
    /// The stage of an upload whose sender names none.
    pub(crate) const fn first_stage(self) -> Stage {
        match self {
            Self::CustomerUpload | Self::StudioRecording => Stage::Raw,
            Self::TaskDeliverable => Stage::Draft,
            Self::ProcessedOutput => Stage::Processed,
            Self::PortfolioDemo => Stage::Final,
        }
    }
}

/// What an upload says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadParameters {
    /// Where the file comes from.
    pub(crate) source: Source,
    /// The file's name, 1 to 200 characters; may be left out in `multipart/form-data`, where the part has a name.
    #[param(min_length = 1, max_length = 200, example = "nocturne.wav")]
    pub(crate) file_name: Option<String>,
    /// The request, for the sources `customer_upload` and `processed_output`.
    #[param(format = "uuid", value_type = Option<String>)]
    pub(crate) request_id: Option<Uuid>,
    /// The task, for the sources `task_deliverable` and `processed_output`.
    #[param(format = "uuid", value_type = Option<String>)]
    pub(crate) assignment_id: Option<Uuid>,
    /// The booking, for the source `studio_recording`.
    #[param(format = "uuid", value_type = Option<String>)]
    pub(crate) booking_id: Option<Uuid>,
    /// How far the work on it is. What a customer uploads is `raw`; `final` and `archived` are for nobody to say.
    pub(crate) stage: Option<Stage>,
    /// For people, at most 2000 characters.
    #[param(max_length = 2000)]
    pub(crate) description: Option<String>,
}

/// The thing that a file is uploaded to, as far as its sender names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Request(Uuid),
    Task(Uuid),
    Booking(Uuid),
    /// The sender's own profile.
    Profile,
}

/// An upload that is sane in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewFile {
    pub(crate) source: Source,
    pub(crate) subject: Subject,
    pub(crate) file_name: String,
    pub(crate) stage: Stage,
    pub(crate) description: Option<String>,
}

impl UploadParameters {
    /// Checks everything that needs no look at anything else. A name in the body counts where the query has none.
    ///
    /// # Errors
    /// 422 with the fields that are wrong.
    pub(crate) fn check(self, name_in_body: Option<String>) -> Result<NewFile> {
        let mut errors = FieldErrors::default();
        let file_name = self.file_name.clone().or(name_in_body).unwrap_or_default().trim().to_owned();
        errors.rule("file_name", check_file_name(&file_name));
        let description = self.description.clone().filter(|text| !text.is_empty());
        let is_text_fine = description
            .as_ref()
            .is_none_or(|text| text.chars().count() <= DESCRIPTION_CHARS_MAX && !text.contains('\0'));
        errors.check(is_text_fine, "description", "must be at most 2000 characters, none of them NUL");
        let stage = self.stage.unwrap_or_else(|| self.source.first_stage());
        errors.rule("stage", check_stage(self.source, stage));
        let subject = self.subject(&mut errors);
        errors.finish()?;
        // There is a subject where there is no error.
        let subject = subject.unwrap_or(Subject::Profile);
        Ok(NewFile { source: self.source, subject, file_name, stage, description })
    }

    /// The one thing that the source wants; another one that is named is an error too, and no silent loss.
    fn subject(&self, errors: &mut FieldErrors) -> Option<Subject> {
        let (request, task, booking) = (
            self.request_id.map(Subject::Request),
            self.assignment_id.map(Subject::Task),
            self.booking_id.map(Subject::Booking),
        );
        let (subject, field) = match self.source {
            Source::CustomerUpload => (request, "request_id"),
            Source::TaskDeliverable => (task, "assignment_id"),
            Source::StudioRecording => (booking, "booking_id"),
            Source::ProcessedOutput => (task.or(request), "assignment_id"),
            Source::PortfolioDemo => (Some(Subject::Profile), "source"),
        };
        if subject.is_none() {
            errors.add(field, "required", format!("is what a {} belongs to", self.source));
        }
        for (given, name) in [(request, "request_id"), (task, "assignment_id"), (booking, "booking_id")] {
            if given.is_some() && subject.is_some() && given != subject {
                errors.check(false, name, "is not what the file belongs to, going by its source");
            }
        }
        subject
    }
}

fn check_file_name(name: &str) -> Result<(), &'static str> {
    if !(1..=FILE_NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err("must be 1 to 200 characters");
    }
    let is_plain = |character: char| !character.is_control() && !matches!(character, '/' | '\\');
    if name.chars().all(is_plain) && !matches!(name, "." | "..") {
        Ok(())
    } else {
        Err("must be a name without folders or control characters")
    }
}

fn check_stage(source: Source, stage: Stage) -> Result<(), &'static str> {
    match (source, stage) {
        (Source::CustomerUpload, Stage::Raw) | (Source::PortfolioDemo, Stage::Final) => Ok(()),
        (Source::CustomerUpload, _) => Err("is raw for what is uploaded to a request"),
        (Source::PortfolioDemo, _) => Err("is final for a demo"),
        (_, Stage::Final | Stage::Archived) => Err("becomes final or archived by itself"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parameters(source: Source) -> UploadParameters {
        UploadParameters {
            source,
            file_name: Some("nocturne.wav".into()),
            request_id: None,
            assignment_id: None,
            booking_id: None,
            stage: None,
            description: None,
        }
    }

    fn id() -> Option<Uuid> {
        Some(Uuid::from_u128(7))
    }

    #[test]
    fn each_source_wants_its_thing() {
        for (source, field) in [
            (Source::CustomerUpload, "request_id"),
            (Source::TaskDeliverable, "assignment_id"),
            (Source::StudioRecording, "booking_id"),
            (Source::ProcessedOutput, "assignment_id"),
        ] {
            let problem = parameters(source).check(None).unwrap_err();
            assert_eq!(problem.details().errors[0].field, field, "{source}");
        }
        let demo = parameters(Source::PortfolioDemo).check(None).unwrap();
        assert_eq!((demo.subject, demo.stage), (Subject::Profile, Stage::Final));
    }

    #[test]
    fn a_thing_that_the_source_does_not_want_is_refused() {
        let named = UploadParameters { request_id: id(), booking_id: id(), ..parameters(Source::CustomerUpload) };
        assert_eq!(named.check(None).unwrap_err().details().errors[0].field, "booking_id");
        let both = UploadParameters { request_id: id(), assignment_id: id(), ..parameters(Source::ProcessedOutput) };
        assert_eq!(both.check(None).unwrap_err().details().errors[0].field, "request_id");
    }

    #[test]
    fn name_in_the_query_goes_before_the_name_in_the_body() {
        let file = UploadParameters { request_id: id(), ..parameters(Source::CustomerUpload) };
        assert_eq!(file.clone().check(Some("other.wav".into())).unwrap().file_name, "nocturne.wav");
        let unnamed = UploadParameters { file_name: None, ..file };
        assert_eq!(unnamed.clone().check(Some("other.wav".into())).unwrap().file_name, "other.wav");
        assert_eq!(unnamed.check(None).unwrap_err().details().errors[0].field, "file_name");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", " ", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", &"a".repeat(201)] {
            let file = UploadParameters { file_name: Some(name.into()), ..parameters(Source::PortfolioDemo) };
            assert_eq!(file.check(None).unwrap_err().details().errors[0].field, "file_name", "{name:?}");
        }
    }

    #[test]
    fn nobody_makes_a_file_final() {
        for source in [Source::TaskDeliverable, Source::StudioRecording, Source::ProcessedOutput] {
            for stage in Stage::ALL {
                let is_allowed = !matches!(stage, Stage::Final | Stage::Archived);
                assert_eq!(check_stage(source, *stage).is_ok(), is_allowed, "{source} {stage}");
            }
            assert!(check_stage(source, source.first_stage()).is_ok());
        }
        assert!(check_stage(Source::CustomerUpload, Stage::Mastered).is_err());
    }

    proptest! {
        #[test]
        fn a_name_that_passes_is_one_line_and_no_path(name in ".{0,210}") {
            if check_file_name(&name).is_ok() {
                prop_assert!(!name.contains(['/', '\\', '\0', '\n', '\r']));
            }
        }
    }
}
