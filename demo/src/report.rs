//! What a run made, for people to read.

use crate::people::{Person, Round};
use crate::projects::Project;
use std::fmt;

/// Where the API can be read and tried.
const DOCUMENT: &str = "/api/docs";

/// A studio, and how to get in.
pub(crate) struct Report {
    pub(crate) api: String,
    pub(crate) round: Round,
    pub(crate) admin_email: String,
    pub(crate) people: Vec<Login>,
    pub(crate) studio: String,
    pub(crate) projects: [Project; 3],
}

/// Who signs in with what.
pub(crate) struct Login {
    role: &'static str,
    full_name: String,
    email: String,
    password: String,
}

impl From<&Person> for Login {
    fn from(person: &Person) -> Self {
        Self {
            role: person.role,
            full_name: person.full_name.clone(),
            email: person.email.clone(),
            password: person.password.clone(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}, round {} at {}\n", self.studio, self.round.number, self.api)?;
        let mut logins = vec![["role", "name", "e-mail", "password"].map(str::to_owned)];
        let people = self
            .people
            .iter()
            .map(|login| [login.role.to_owned(), login.full_name.clone(), login.email.clone(), login.password.clone()]);
        logins.extend(people);
        let as_given = "as in MUTRAPRO_ADMIN_PASSWORD".to_owned();
        logins.push(["system_admin".to_owned(), "Administrator".to_owned(), self.admin_email.clone(), as_given]);
        write_table(f, &logins)?;
        writeln!(f)?;
        let mut projects = vec![["project", "status", "what is there"].map(str::to_owned)];
        projects.extend(self.projects.iter().map(|project| {
            let what = format!("{}: {}", project.name, project.story);
            [project.id.clone(), project.status.to_owned(), what]
        }));
        write_table(f, &projects)?;
        write!(
            f,
            "\nThe passwords are shown here alone: note them now. Another run makes another studio, round {}.\n\
             Try them at {}{DOCUMENT}",
            self.round.number.saturating_add(1),
            self.api
        )
    }
}

/// Columns two spaces apart, as wide as their longest cell.
fn write_table<const COLUMNS: usize>(f: &mut fmt::Formatter<'_>, rows: &[[String; COLUMNS]]) -> fmt::Result {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(f, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Table([[String; 2]; 2]);

    impl fmt::Display for Table {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write_table(f, &self.0)
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        let table = Table([["a", "b"].map(str::to_owned), ["ễễễ", "d"].map(str::to_owned)]);
        assert_eq!(table.to_string(), "a    b\nễễễ  d\n");
    }
}
