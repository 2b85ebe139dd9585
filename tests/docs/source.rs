//! Reads the events out of `components/contracts/src`: one file per producer, a `struct` and an `event!` line per event.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use syn::{Attribute, Expr, Fields, Item, ItemMacro, ItemStruct, Lit, Meta, Type};

/// An event as the contracts document it.
pub(crate) struct EventSource {
    /// The name of its payload's type.
    pub(crate) type_name: String,
    /// The service that tells it.
    pub(crate) producer: String,
    /// For example `project.created`.
    pub(crate) kind: String,
    /// For example `project`.
    pub(crate) aggregate: String,
    /// The field whose value names the aggregate.
    pub(crate) aggregate_field: String,
    /// What it says, without its kind in front.
    pub(crate) summary: String,
    /// Its fields, in their order.
    pub(crate) fields: Vec<FieldSource>,
}

/// A field of a payload.
pub(crate) struct FieldSource {
    /// As it stands in JSON.
    pub(crate) name: String,
    /// As JSON knows it, for example `string or null`.
    pub(crate) json_type: String,
    /// Its documentation.
    pub(crate) summary: String,
}

/// Every event, by producer and then in the order of the file.
pub(crate) fn events(root: &Path) -> Result<Vec<EventSource>> {
    let folder = root.join("components/contracts/src");
    let mut files: Vec<_> = std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let mut events = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).context("a file's name")?;
        let text = std::fs::read_to_string(path)?;
        let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
        let producer = format!("{stem}-service");
        for item in &file.items {
            if let Item::Macro(item) = item
                && item.mac.path.is_ident("event")
            {
                events.push(event(&producer, item, &file.items).with_context(|| path.display().to_string())?);
            }
        }
    }
    ensure!(events.len() > 50, "only {} events: the reading is broken", events.len());
    Ok(events)
}

/// `event!(ProjectCreated, "project.created", "project", project_id);` and the structure that it names.
fn event(producer: &str, item: &ItemMacro, items: &[Item]) -> Result<EventSource> {
    let text = item.mac.tokens.to_string();
    let parts: Vec<_> = text.split(',').map(|part| part.trim().trim_matches('"')).collect();
    let [type_name, kind, aggregate, aggregate_field] = parts[..] else {
        anyhow::bail!("event!({text}) has not four parts")
    };
    let payload = items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == type_name => Some(item),
        _ => None,
    });
    let payload = payload.with_context(|| format!("{kind} has no structure {type_name}"))?;
    let summary = documentation(&payload.attrs);
    let summary = summary.split_once("`: ").map_or(summary.as_str(), |(_, rest)| rest).to_owned();
    Ok(EventSource {
        type_name: type_name.to_owned(),
        producer: producer.to_owned(),
        kind: kind.to_owned(),
        aggregate: aggregate.to_owned(),
        aggregate_field: aggregate_field.rsplit('.').next().unwrap_or(aggregate_field).trim().to_owned(),
        summary,
        fields: fields(payload, "", items)?,
    })
}

/// The fields of `payload` with `prefix` before their names; those of a structure within it follow their field.
fn fields(payload: &ItemStruct, prefix: &str, items: &[Item]) -> Result<Vec<FieldSource>> {
    let Fields::Named(fields) = &payload.fields else { anyhow::bail!("{} has no named fields", payload.ident) };
    let mut read = Vec::new();
    for field in &fields.named {
        let ident = field.ident.as_ref().context("a field without a name")?.to_string();
        let serde = Serde::of(&field.attrs)?;
        let nested = named_structure(&field.ty, items);
        if serde.is_flat {
            let nested = nested.with_context(|| format!("{ident} is flattened and no structure of this file"))?;
            read.extend(self::fields(nested, prefix, items)?);
            continue;
        }
        let name = format!("{prefix}{}", serde.name.unwrap_or(ident));
        let inner = nested.map(|nested| self::fields(nested, &format!("{name}[]."), items)).transpose()?;
        let (json_type, summary) = (json_type(&field.ty)?, documentation(&field.attrs));
        read.push(FieldSource { name, json_type, summary });
        read.extend(inner.into_iter().flatten());
    }
    Ok(read)
}

/// The structure among `items` that `ty` is, or is a list of.
fn named_structure<'a>(ty: &Type, items: &'a [Item]) -> Option<&'a ItemStruct> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(syn::GenericArgument::Type(inner)) = arguments.args.first()
    {
        return named_structure(inner, items);
    }
    items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == last.ident => Some(item),
        _ => None,
    })
}

/// What `#[serde(…)]` says of a field.
#[derive(Default)]
struct Serde {
    name: Option<String>,
    is_flat: bool,
}

impl Serde {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") {
                    found.name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
                } else if meta.path.is_ident("flatten") {
                    found.is_flat = true;
                } else if meta.input.peek(syn::Token![=]) {
                    meta.value()?.parse::<Expr>()?;
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}

fn json_type(ty: &Type) -> Result<String> {
    let Type::Path(path) = ty else { anyhow::bail!("a field of an unexpected type") };
    let last = path.path.segments.last().context("a type without a name")?;
    let inner = || match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(syn::GenericArgument::Type(inner)) => json_type(inner),
            _ => anyhow::bail!("{} of nothing", last.ident),
        },
        _ => anyhow::bail!("{} of nothing", last.ident),
    };
    Ok(match last.ident.to_string().as_str() {
        "Uuid" => "UUID".to_owned(),
        "String" => "string".to_owned(),
        "bool" => "boolean".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "i16" | "i32" | "i64" => "integer".to_owned(),
        "Option" => format!("{} or null", inner()?),
        "Vec" => format!("list of {}", inner()?),
        other if other.chars().next().is_some_and(char::is_uppercase) => "object".to_owned(),
        other => anyhow::bail!("{other} is no type that this page knows"),
    })
}

/// The doc comment as one line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}
