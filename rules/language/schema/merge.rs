//! One table out of all files: amendments applied, names of types looked up.

use std::collections::BTreeMap;

use super::SchemaError;
use super::text::{At, Declaration, Draft, DraftField, Of, Shape};

/// All declarations, by name.
#[derive(Debug, Default)]
pub(super) struct Merged<'a> {
    pub(super) views: BTreeMap<String, View<'a>>,
    pub(super) types: BTreeMap<String, Draft<'a>>,
}

/// A view.
#[derive(Debug)]
pub(super) struct View<'a> {
    at: At<'a>,
    pub(super) parent: Option<String>,
    pub(super) body: ViewBody<'a>,
}

/// Where a view's fields are.
#[derive(Debug)]
pub(super) enum ViewBody<'a> {
    Own(Draft<'a>),
    /// Those of a type.
    Named(&'a str),
}

/// Types that are only another name for a type.
type Aliases<'a> = BTreeMap<String, Shape<'a>>;

pub(super) fn merge(declarations: Vec<Declaration<'_>>) -> Result<Merged<'_>, SchemaError> {
    let mut out = Merged::default();
    let mut aliases = Aliases::new();
    let (amendments, declared): (Vec<_>, Vec<_>) = declarations.into_iter().partition(|declaration| declaration.amends);
    for declaration in declared {
        let Declaration { at, of, name, parent, alias, body, .. } = declaration;
        let known = match of {
            Of::Type => out.types.contains_key(&name) || aliases.contains_key(&name),
            _ => out.views.contains_key(&name),
        };
        if known {
            return Err(at.error(format!("`{name}` is declared twice")));
        }
        match (of, alias) {
            (Of::Type, Some(alias)) => {
                aliases.insert(name, alias);
            }
            (Of::Type, None) => {
                out.types.insert(name, body);
            }
            (_, Some(Shape::Named(target))) => {
                out.views.insert(name, View { at, parent, body: ViewBody::Named(target) });
            }
            (_, _) => {
                out.views.insert(name, View { at, parent, body: ViewBody::Own(body) });
            }
        }
    }
    for amendment in amendments {
        let body = match amendment.of {
            Of::Type => out.types.get_mut(&amendment.name),
            _ => match out.views.get_mut(&amendment.name) {
                Some(View { body: ViewBody::Own(body), .. }) => Some(body),
                _ => None,
            },
        };
        let Some(body) = body else {
            return Err(amendment.at.error(format!("there is no `{}` to amend", amendment.name)));
        };
        amend(body, amendment.body)?;
    }
    let names: Vec<String> = out.types.keys().cloned().collect();
    let bodies = out.types.values_mut().chain(out.views.values_mut().filter_map(|view| match &mut view.body {
        ViewBody::Own(body) => Some(body),
        ViewBody::Named(_) => None,
    }));
    for body in bodies {
        look_up(body, &names, &aliases)?;
    }
    for (name, view) in &out.views {
        if let ViewBody::Named(target) = view.body
            && !out.types.contains_key(target)
        {
            return Err(view.at.error(format!("there is no type `@{target}`, which `{name}` is said to be")));
        }
    }
    Ok(out)
}

/// The text's reader bounds the depth.
fn amend<'a>(body: &mut Draft<'a>, more: Draft<'a>) -> Result<(), SchemaError> {
    body.dynamic |= more.dynamic;
    for field in more.fields {
        let Some(known) = body.fields.iter_mut().find(|known| known.name == field.name) else {
            check_typed(&field)?;
            body.fields.push(field);
            continue;
        };
        if field.shape.is_some() {
            known.shape = field.shape;
        }
        if field.default.is_some() {
            known.default = field.default;
        }
        if !field.earlier.is_empty() {
            known.earlier = field.earlier;
        }
        if field.keyed.is_some() {
            known.keyed = field.keyed;
        }
        known.renamed.extend(field.renamed);
        known.required |= field.required;
        if !field.body.fields.is_empty() && !known.shape.as_ref().is_some_and(Shape::has_fields) {
            return Err(field.at.error(format!("`{}` has a type without fields", field.name)));
        }
        amend(&mut known.body, field.body)?;
    }
    Ok(())
}

/// A field that an amendment adds has a type, and so has everything below it.
fn check_typed(field: &DraftField<'_>) -> Result<(), SchemaError> {
    if field.shape.is_none() {
        return Err(field.at.error(format!("there is no `{}` to amend, and a new field has a type", field.name)));
    }
    field.body.fields.iter().try_for_each(check_typed)
}

fn look_up<'a>(body: &mut Draft<'a>, types: &[String], aliases: &Aliases<'a>) -> Result<(), SchemaError> {
    for field in &mut body.fields {
        if let Some(shape) = &mut field.shape {
            resolve(shape, types, aliases, 0).map_err(|name| field.at.error(format!("there is no type `@{name}`")))?;
        }
        look_up(&mut field.body, types, aliases)?;
    }
    Ok(())
}

fn resolve<'a>(shape: &mut Shape<'a>, types: &[String], aliases: &Aliases<'a>, depth: usize) -> Result<(), String> {
    match shape {
        Shape::List(inner) | Shape::Map(inner) => resolve(inner, types, aliases, depth),
        Shape::Named(name) => match aliases.get(*name) {
            Some(alias) if depth < 8 => {
                *shape = alias.clone();
                resolve(shape, types, aliases, depth + 1)
            }
            None if types.binary_search_by(|known| known.as_str().cmp(name)).is_ok() => Ok(()),
            _ => Err((*name).to_owned()),
        },
        _ => Ok(()),
    }
}
