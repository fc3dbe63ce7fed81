//! Volumes, and their mounts in containers.

use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Value};

use crate::container::{header, name_value};
use crate::object::Object;
use crate::values::{copy, derived, entry, field, follow, is_open, set_at};
use crate::workload::{Template, name_of};

/// Adds each volume of the pod: what is written, `source` (the key of what it is made from) and `workload`.
pub(crate) fn items(object: &Object, template: &Template, workload: &Value, items: &mut Vec<Item>) {
    for volume in field(&template.pod, "volumes").items() {
        if volume.as_map().is_none() {
            continue;
        }
        let header = header(volume);
        let mut map = Map { range: volume.place.span, ..copy(&with_source(volume), 1) };
        set_at(&mut map, "workload", workload.clone(), header);
        items.push(object.part("volume", name_of(volume), header, volume.place, Value::map(map, volume.place)));
    }
}

/// The volume with the name of its source; without one it is an `emptyDir`, as the API server has it.
fn with_source(volume: &Value) -> Value {
    let Some(written) = volume.as_map() else { return volume.clone() };
    let mut map = Map::clone(written);
    let source = written.entries.iter().find(|entry| entry.key != "name" && !entry.value.is_null());
    match (source, &written.tail) {
        (Some(entry), _) => set_at(&mut map, "source", Value::string(entry.key.clone(), entry.place), entry.place),
        (None, Some(tail)) => map.set("source", Value::new(Kind::Unknown(tail.clone()), volume.place)),
        (None, None) => map.set("source", Value::string("emptyDir", header(volume))),
    }
    Value::map(map, volume.place)
}

/// Adds each mount of a container: what is written, `volume` (of that name), `container` (its name) and `workload`.
pub(crate) fn mounts(object: &Object, template: &Template, container: &Item, workload: &Value, items: &mut Vec<Item>) {
    let volumes = field(&template.pod, "volumes");
    let claims = follow(&object.value, &["spec", "volumeClaimTemplates"]);
    for mount in field(&container.value, "volumeMounts").items() {
        if mount.as_map().is_none() {
            continue;
        }
        let header = header(mount);
        let mut map = Map { range: mount.place.span, ..copy(mount, 3) };
        let volume = match joined(mount, &volumes, &claims) {
            // A container without an image is a patch for one that another file has, with the volume perhaps.
            absent if absent.is_null() && field(&container.value, "image").is_null() => {
                Value::unknown(Unknown::new(Reason::Undeclared, "the patched workload"), mount.place)
            }
            volume => volume,
        };
        if !volume.is_null() {
            // What makes the volume dangerous is written at the volume; what lacks is lacking in the mount.
            let place =
                if volume.as_map().is_some() { entry(mount, &["name"]).map_or(header, |entry| entry.place) } else { header };
            set_at(&mut map, "volume", volume, place);
        }
        set_at(&mut map, "container", name_value(&container.value), container.header);
        set_at(&mut map, "workload", workload.clone(), header);
        items.push(object.part("mount", name_of(mount), header, mount.place, Value::map(map, mount.place)));
    }
}

/// The volume of a mount; null: there is none of that name.
fn joined(mount: &Value, volumes: &Value, claims: &Value) -> Value {
    let name = field(mount, "name");
    let wanted = crate::values::shown(&name);
    let same = |other: &Value| wanted.is_some() && crate::values::shown(other) == wanted;
    if let Some(volume) = volumes.items().iter().find(|volume| same(&field(volume, "name"))) {
        return with_source(volume);
    }
    if let Some(claim) = claims.items().iter().find(|claim| same(&follow(claim, &["metadata", "name"]))) {
        let claimed = derived([("claimName", name)], claim.place);
        let source = ("source", Value::string("persistentVolumeClaim", claim.place));
        return derived([("persistentVolumeClaim", claimed), source], claim.place);
    }
    let tails = [volumes, claims].map(|value| match &value.kind {
        Kind::List(list) => list.tail.clone(),
        Kind::Unknown(unknown) => Some(unknown.clone()),
        _ => None,
    });
    let named_open = |list: &Value| list.items().iter().any(|volume| is_open(&field(volume, "name")));
    match (tails.into_iter().flatten().next(), &name.kind) {
        (Some(tail), _) => Value::new(Kind::Unknown(tail), mount.place),
        (None, Kind::Unknown(unknown)) => Value::unknown(Unknown::clone(unknown), mount.place),
        (None, _) if is_open(&name) || named_open(volumes) => {
            let shown = wanted.unwrap_or_default();
            Value::unknown(Unknown::new(Reason::Rendered, shown), mount.place)
        }
        _ => Value::default(),
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{fields, read};

    #[test]
    fn patches_leave_volumes_to_what_they_patch() {
        let rows = [("image: i, ", "a volume=-"), ("", "a volume=<the patched workload>")];
        for (image, expected) in rows {
            let source = format!(
                "apiVersion: v1\nkind: Pod\nspec: {{containers: [{{name: c, {image}volumeMounts: [{{name: a, mountPath: /a}}]}}]}}\n"
            );
            assert_eq!(fields(&read(&source), "mount", &["volume"]), [expected], "{image}");
        }
    }
}
