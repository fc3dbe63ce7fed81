use plimsoll_syntax::{FileId, Item, Value};

use super::items;

const TEXT: &str = r##"Vagrant.configure("2") do |config|
  # config.vm.network "public_network"
  config.vm.network "forwarded_port", guest: 80, host: 8080, host_ip: "127.0.0.1"
  config.vm.network :forwarded_port, :guest => 22, :host => PORT
  config.vm.network("public_network", bridge: "en0")
  config.vm.network "private_network", ip: "192.168.56.4" if ENV["PRIVATE"]
  config.vm.provision "shell", inline: <<-SHELL
    curl -k https://a.example/x
  SHELL
  config.vm.provision "docker" do |d|
    d.run "web", image: "nginx",
      args: "--privileged -p 80:80"
  end
end
"##;

fn all(view: &str) -> Vec<Item> {
    items(TEXT, FileId(0)).into_iter().filter(|item| item.views.iter().any(|known| known == view)).collect()
}

#[test]
fn networks_are_read() {
    let networks = all("vagrant.network");
    let kinds: Vec<&str> = networks.iter().filter_map(|item| item.value.str_at(&["kind"])).collect();
    assert_eq!(kinds, ["forwarded_port", "forwarded_port", "public_network", "private_network"]);
    assert_eq!(networks[0].value.get("host").and_then(Value::as_int), Some(8080));
    assert_eq!(networks[0].value.str_at(&["host_ip"]), Some("127.0.0.1"));
    assert!(networks[1].value.get("host").unwrap().as_unknown().is_some());
    assert_eq!(networks[2].header.span.text(TEXT), "network(\"public_network\", bridge: \"en0\"");
    let open: Vec<bool> = networks.iter().map(|item| item.value.as_map().unwrap().tail.is_some()).collect();
    assert_eq!(open, [false, false, false, true]);
}

#[test]
fn what_machines_run_is_read() {
    let container = &all("docker.container")[0];
    assert_eq!(container.value.get("privileged").and_then(Value::as_bool), Some(true));
    assert_eq!(container.value.str_at(&["image"]), Some("nginx"));
    let curl = &all("command")[0];
    assert_eq!(curl.value.str_at(&["program"]), Some("curl"));
    assert!(curl.header.span.text(TEXT).contains("curl"), "{:?}", curl.header);
}

#[test]
fn broken_texts_do_no_harm() {
    for end in 0..TEXT.len() {
        let _ = items(&TEXT[..end], FileId(0));
    }
}

#[test]
fn machines_have_the_extent_of_their_blocks() {
    let text = "Vagrant.configure(\"2\") do |config|\n  config.vm.define \"web\" do |web|\n    web.vm.network \"public_network\"\n  end\n  \
                config.vm.define :db\n  (1..2).each do |i|\n    config.vm.define \"node#{i}\" do |node|\n      node.vm.box = \"b\"\n    end\n  end\nend\n";
    let items = items(text, FileId(0));
    let machines: Vec<(&str, usize)> = items
        .iter()
        .filter(|item| item.views[0] == "vagrant.machine")
        .map(|item| (item.name.as_str(), item.range.text(text).lines().count()))
        .collect();
    assert_eq!(machines, [("web", 3), ("db", 1), ("node#{i}", 3)]);
    assert!(items.iter().any(|item| item.views[0] == "vagrant.network" && item.name == "Vagrantfile"));
}
