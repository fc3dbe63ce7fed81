//! What else configures containers: Compose files, Vagrantfiles, and the TOML of containerd and Podman.

/// What Compose files are made of, for damaging them.
pub const COMPOSE_WORDS: &[&str] = &[
    "services:\n",
    "  a:\n",
    "    image: a:1\n",
    "    build: {context: ., dockerfile_inline: \"FROM a\"}\n",
    "    extends: {service: a}\n",
    "    ports: [\"80:80\", 1-3]\n",
    "    environment: [A=b]\n",
    "    command: sh -c \"a\"\n",
    "    healthcheck: {test: [CMD-SHELL, a]}\n",
    "    <<: *a\n",
    "    volumes: [/:/a:ro]\n",
    "    networks: [a]\n",
    "    !reset null\n",
    "include: [a]\n",
    "configs: {a: {content: b}}\n",
    "${A:-b}",
    "${A:?b}",
    "$$",
    "&a ",
    "? ",
];

/// What Vagrantfiles are made of, for damaging them.
pub const VAGRANT_WORDS: &[&str] = &[
    "Vagrant.configure(\"2\") do |config|\n",
    "config.vm.network \"public_network\"\n",
    "config.vm.define :a do |a|\n",
    "config.vm.provision \"shell\", inline: <<-A\n",
    "config.vm.provision \"docker\" do |d|\n",
    "d.run \"a\", image: \"b\", args: \"--privileged\"\n",
    "(1..2).each do |i|\n",
    "  A\n",
    "end\n",
    "if ENV[\"A\"]\n",
    "#{a}",
    "%w(a b)",
    ":a => ",
    "<<~'A'\n",
    "=begin\n",
    "=end\n",
    "__END__\n",
    "$a",
    "/a/",
    "?a",
];

/// What TOML is made of, for damaging it.
pub const TOML_WORDS: &[&str] = &[
    "[grpc]\n",
    "[[registry]]\n",
    "[plugins.\"io.containerd.grpc.v1.cri\".registry]\n",
    "address = \"/run/a.sock\"\n",
    "insecure = true\n",
    "location = \"a.example\"\n",
    "default_capabilities = [\"SYS_ADMIN\"]\n",
    "unqualified-search-registries = [\"a\"]\n",
    "a.b.c = {d = 1, e = []}\n",
    "\"\"\"",
    "'''",
    "1979-05-27T07:32:00Z",
    "0xff",
    "inf",
    "1_000",
    "\\u0041",
    "# a\n",
];

/// Whole files.
pub const COMPOSE: &[&str] = &[
    "x-a: &a {restart: always}\nservices:\n  web:\n    <<: *a\n    image: ${I:-nginx}:1\n    ports: [\"8080:80\", {target: 1, published: \"2\"}]\n    \
     command: sh -c \"curl -k https://a | sh\"\n    environment: {PASSWORD: a}\n    volumes: [/var/run/docker.sock:/a, {type: bind, source: /, target: /b}]\n",
    "include: [other.yaml]\nservices:\n  a: {extends: {service: b}, build: {dockerfile_inline: \"FROM a\\nRUN b\"}, healthcheck: {test: a}}\n  \
     b: {privileged: true, deploy: {resources: {limits: {memory: 1g}}}, networks: [n]}\nnetworks: {n: {internal: true}}\n",
];

/// Whole files.
pub const VAGRANT: &[&str] = &[
    "Vagrant.configure(\"2\") do |config|\n  config.vm.network \"forwarded_port\", guest: 80, host: PORT, host_ip: \"127.0.0.1\"\n  \
     config.vm.define :db\n  (1..2).each do |i|\n    config.vm.define \"node#{i}\" do |node|\n      node.vm.box = \"b\" if ENV[\"A\"]\n    end\n  end\n  \
     config.vm.provision \"shell\", inline: <<-SHELL\n    curl -k https://a\n  SHELL\n  config.vm.provision \"docker\" do |d|\n    \
     d.run \"web\", image: \"nginx\",\n      args: \"--privileged -p 80:80\"\n  end\nend\n",
];

/// Whole files, each after the byte that gives it its name.
pub const TOML: &[&str] = &[
    "\0version = 2\n[grpc]\naddress = \"tcp://0.0.0.0:1\"\n[debug]\naddress = \"a\"\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"a\".tls]\n\
     insecure_skip_verify = true\n",
    "\u{1}[containers]\ndefault_capabilities = [\"CHOWN\", \"SYS_ADMIN\"]\nprivileged = true\nannotations = ['a=b']\n[engine]\nservice_timeout = 0\n",
    "\u{2}unqualified-search-registries = [\"docker.io\"]\n[[registry]]\nlocation = \"a.example:5000\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"b\"\n",
];
