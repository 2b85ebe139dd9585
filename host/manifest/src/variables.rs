//! Values of the application's variables, and the templates that refer to them.
//!
//! A value comes from the first of: the command line (`--variable name=value`), the environment as Spin names it
//! (`SPIN_VARIABLE_<NAME>`), the environment as this host names it (`MUTRAPRO_<NAME>`), the secrets that the host
//! generated, the manifest's default.
//!
//! Promise: no value ever appears in a problem or in a `Debug` form. Deliberately absent: generating secrets and
//! keeping them, which the binary does before it loads the application.

use crate::app::VariableValue;
use crate::names::{is_snake, suggestion};
use crate::problem::{Place, Report};
use crate::raw::{Located, RawApplication, RawTemplate, RawVariable};
use std::collections::BTreeMap;
use std::fmt;

const ENVIRONMENT_PREFIXES: [&str; 2] = ["SPIN_VARIABLE_", "MUTRAPRO_"];

/// Finds an environment variable by its name.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where the values of an application's variables come from, apart from its manifest.
pub struct Variables {
    explicit: BTreeMap<String, String>,
    environment: Box<Lookup>,
    generated: BTreeMap<String, String>,
}

impl Variables {
    /// `explicit` are pairs from the command line, of which a later one replaces an earlier one of the same name;
    /// `environment` looks up an environment variable; `generated` are the secrets that the host made itself.
    pub fn new(
        explicit: impl IntoIterator<Item = (String, String)>,
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        generated: BTreeMap<String, String>,
    ) -> Self {
        Self { explicit: explicit.into_iter().collect(), environment: Box::new(environment), generated }
    }

    /// Whether there is a value for the variable `name`, apart from its default: if not, a secret has to be generated.
    pub fn gives(&self, name: &str) -> bool {
        self.value_of(name).is_some()
    }

    fn value_of(&self, name: &str) -> Option<String> {
        let upper = name.to_ascii_uppercase();
        let from_environment =
            || ENVIRONMENT_PREFIXES.iter().find_map(|prefix| (self.environment)(&format!("{prefix}{upper}")));
        self.explicit.get(name).cloned().or_else(from_environment).or_else(|| self.generated.get(name).cloned())
    }
}

/// Names only: the values may be secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables")
            .field("explicit", &self.explicit.keys())
            .field("generated", &self.generated.keys())
            .finish_non_exhaustive()
    }
}

/// Every declared variable: its value, or `None` when it has none, which is reported already.
pub(crate) struct Resolved(BTreeMap<String, Option<String>>);

impl Resolved {
    /// Finds every variable's value and reports what is missing or contradictory.
    pub(crate) fn new(raw: &RawApplication, variables: &Variables, report: &mut Report) -> Self {
        check_generated(raw, report);
        let declared = || raw.variables.iter().map(|variable| variable.name.value.as_str());
        for name in variables.explicit.keys().filter(|name| !declared().any(|known| known == name.as_str())) {
            report.add(
                &raw.variables_place,
                format!("`--variable {name}=…` sets a variable that [variables] does not declare"),
                suggestion(name, declared(), format!("declare `{name}` in [variables], or leave the option out")),
            );
        }
        let resolve = |variable: &RawVariable| (variable.name.value.clone(), resolve(variable, variables, report));
        Self(raw.variables.iter().map(resolve).collect())
    }

    /// A component's configuration; a template that cannot be filled in is reported and left out.
    pub(crate) fn fill_in(&self, templates: &[RawTemplate], report: &mut Report) -> BTreeMap<String, VariableValue> {
        let mut values = BTreeMap::new();
        for template in templates {
            check_name(&template.name, report);
            if let Some(text) = self.expand(&template.text, report) {
                values.insert(template.name.value.clone(), VariableValue::new(text));
            }
        }
        values
    }

    /// `template` with every `{{ name }}` replaced; `None` when that is not possible, which is reported by then.
    pub(crate) fn expand(&self, template: &Located<String>, report: &mut Report) -> Option<String> {
        let place = &template.place;
        let mut filled = Some(String::new());
        let mut rest = template.value.as_str();
        while let Some((literal, opened)) = rest.split_once("{{") {
            let Some((name, after)) = opened.split_once("}}") else {
                report.add(place, format!("`{{{{` without `}}}}` in {:?}", template.value), "close it: `{{ name }}`");
                return None;
            };
            let value = self.value_in_template(name.trim(), place, report);
            filled = filled.zip(value).map(|(text, value)| text + literal + value);
            rest = after;
        }
        filled.map(|text| text + rest)
    }

    fn value_in_template(&self, name: &str, place: &Place, report: &mut Report) -> Option<&str> {
        let Some(value) = self.0.get(name) else {
            let message = format!("template refers to the variable `{name}`, which [variables] does not declare");
            let known = self.0.keys().map(String::as_str);
            report.add(place, message, suggestion(name, known, format!("add `{name} = {{ required = true }}` there")));
            return None;
        };
        value.as_deref()
    }
}

fn resolve(variable: &RawVariable, variables: &Variables, report: &mut Report) -> Option<String> {
    let (place, name) = (&variable.name.place, &variable.name.value);
    check_name(&variable.name, report);
    match (variable.is_required, &variable.default) {
        (true, Some(_)) => report.add(
            place,
            format!("variable `{name}` is required and has a default"),
            "keep one of `required = true` and `default`",
        ),
        (false, None) => report.add(
            place,
            format!("variable `{name}` is neither required nor has a default"),
            "add `required = true` or `default = \"…\"`",
        ),
        _ => {}
    }
    // An empty default gives nothing away: it makes the secret optional.
    if variable.is_secret && variable.default.as_ref().is_some_and(|default| !default.is_empty()) {
        report.add(
            place,
            format!("variable `{name}` is a secret with a default, which everybody can read in the manifest"),
            "write `required = true` and give the value at start, or let the host generate it: `generated_secrets`",
        );
    }
    let value = variables.value_of(name).or_else(|| variable.default.clone());
    // A required key or password that is empty, as an environment variable set to nothing gives it, protects nothing.
    let value = value.filter(|value| !(variable.is_secret && variable.is_required && value.is_empty()));
    if value.is_none() && variable.is_required {
        let upper = name.to_ascii_uppercase();
        report.add(
            place,
            format!("variable `{name}` is required and has no value"),
            format!("give `--variable {name}=…`, or set SPIN_VARIABLE_{upper} or MUTRAPRO_{upper} in the environment"),
        );
    }
    value
}

fn check_name(name: &Located<String>, report: &mut Report) {
    if !is_snake(&name.value) {
        report.add(
            &name.place,
            format!("`{}` is no name for a variable", name.value),
            "use lower-case words with underscores: `like_this`",
        );
    }
}

/// What the host generates must be a secret that has no other source in the manifest: a default would never be used.
fn check_generated(raw: &RawApplication, report: &mut Report) {
    for name in &raw.generated_secrets {
        let declared = raw.variables.iter().find(|variable| variable.name.value == name.value);
        if !declared.is_some_and(|variable| variable.is_required && variable.is_secret) {
            report.add(
                &name.place,
                format!("`generated_secrets` names `{}`, which is no required secret variable", name.value),
                format!("declare `{} = {{ required = true, secret = true }}` in [variables]", name.value),
            );
        }
    }
}
