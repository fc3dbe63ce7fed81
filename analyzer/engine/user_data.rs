//! Texts inside of Terraform resources that machines run: user data, start-up scripts, provisioners.

use std::sync::{Arc, LazyLock};

use plimsoll_docker::embedded;
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::{FileId, Item, Kind, Place, Value};
use rustc_hash::FxHashMap;

/// Resource types and the path to the text. A map's key with a dash is one step.
const TEXTS: &[(&str, &[&str])] = &[
    ("aws_instance", &["user_data"]),
    ("aws_instance", &["user_data_base64"]),
    ("aws_spot_instance_request", &["user_data"]),
    ("aws_launch_configuration", &["user_data"]),
    ("aws_launch_configuration", &["user_data_base64"]),
    ("aws_launch_template", &["user_data"]),
    ("azurerm_linux_virtual_machine", &["custom_data"]),
    ("azurerm_linux_virtual_machine", &["user_data"]),
    ("azurerm_linux_virtual_machine_scale_set", &["custom_data"]),
    ("azurerm_virtual_machine", &["os_profile", "custom_data"]),
    ("google_compute_instance", &["metadata_startup_script"]),
    ("google_compute_instance", &["metadata", "startup-script"]),
    ("google_compute_instance", &["metadata", "user-data"]),
    ("google_compute_instance_template", &["metadata_startup_script"]),
    ("google_compute_instance_template", &["metadata", "startup-script"]),
    ("google_compute_instance_template", &["metadata", "user-data"]),
    ("libvirt_cloudinit_disk", &["user_data"]),
    ("hcloud_server", &["user_data"]),
    ("digitalocean_droplet", &["user_data"]),
    ("openstack_compute_instance_v2", &["user_data"]),
    ("virtualbox_vm", &["user_data"]),
    ("vsphere_virtual_machine", &["extra_config", "guestinfo.userdata"]),
    ("proxmox_virtual_environment_file", &["source_raw", "data"]),
    ("provisioner", &["command"]),
    ("provisioner", &["inline"]),
    ("cloudinit_config", &["part", "content"]),
    ("data.cloudinit_config", &["part", "content"]),
    ("data.template_cloudinit_config", &["part", "content"]),
];

/// The paths by view: every resource is asked for.
static BY_VIEW: LazyLock<FxHashMap<&str, Vec<&[&str]>>> = LazyLock::new(|| {
    let mut by_view: FxHashMap<&str, Vec<&[&str]>> = FxHashMap::default();
    TEXTS.iter().for_each(|(view, path)| by_view.entry(view).or_default().push(path));
    by_view
});

/// The commands and daemons in these resources.
pub(crate) fn items(resources: &[Item], source: &dyn Fn(FileId) -> Option<Arc<str>>) -> Vec<Item> {
    let mut items = Vec::new();
    for resource in resources {
        for path in resource.views.iter().filter_map(|view| BY_VIEW.get(view.as_str())).flatten() {
            let own = || Owner { name: resource.name.clone(), range: Place::new(resource.header.file, resource.range) };
            let owner = resource.owner.clone().unwrap_or_else(own);
            texts(&resource.value, path, &mut |value| {
                // What a call has packed is known as it was before.
                let plain = value.encoded().filter(|inner| matches!(inner.kind, Kind::String(_) | Kind::Template(_)));
                items.extend(embedded::items(plain.unwrap_or(value), &owner, source));
            });
        }
    }
    items
}

fn texts(value: &Value, path: &[&str], found: &mut dyn FnMut(&Value)) {
    if value.as_list().is_some() {
        return value.items().iter().for_each(|item| texts(item, path, found));
    }
    match path.split_first() {
        None if value.is_null() => {}
        None => found(value),
        Some((first, rest)) => {
            if let Some(inner) = value.get(first) {
                texts(inner, rest, found);
            }
        }
    }
}
