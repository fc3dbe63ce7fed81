#![expect(clippy::disallowed_methods, reason = "the schemas beside this crate are the best sample")]

use std::fs;
use std::path::Path;

use super::*;

fn schemas(texts: &[(&str, &str)]) -> Schemas {
    match compile(texts) {
        Ok(blob) => Schemas::from_static(blob.leak()),
        Err(error) => panic!("{error}"),
    }
}

fn of(text: &str) -> Schemas {
    schemas(&[("a.schema", text)])
}

fn error(text: &str) -> String {
    compile(&[("a.schema", text)]).unwrap_err().to_string()
}

/// The schemas that lie in `rules/schemas`.
fn shipped() -> &'static Schemas {
    static SHIPPED: OnceLock<Schemas> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
        let mut texts = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "schema") {
                texts.push((path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
        texts.sort();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        schemas(&texts)
    })
}

/// The field at a path, through blocks, objects, lists and named types.
fn field(schemas: &Schemas, path: &str) -> Field {
    let (view, rest) = path.split_once('/').unwrap();
    let mut body = schemas.get(view).cloned().unwrap_or_else(|| panic!("no view {view}"));
    let mut found = None;
    for name in rest.split('.') {
        if let Some(Field { ty, .. }) = &found {
            body = body_of(schemas, ty).unwrap_or_else(|| panic!("{name} in {path} has no owner"));
        }
        found = Some(body.get(name).unwrap_or_else(|| panic!("no {name} in {path}")).clone());
    }
    found.unwrap()
}

fn body_of(schemas: &Schemas, ty: &Type) -> Option<Arc<Body>> {
    match ty {
        Type::Object(body) | Type::Block { body, .. } => Some(body.clone()),
        Type::List(inner) | Type::Map(inner) => body_of(schemas, inner),
        Type::Named(name) => schemas.named_type(name).cloned(),
        _ => None,
    }
}

/// The type as the text has it.
fn shown(ty: &Type) -> String {
    match ty {
        Type::List(inner) => format!("[{}]", shown(inner)),
        Type::Map(inner) => format!("map({})", shown(inner)),
        Type::Object(_) => "object".to_owned(),
        Type::Block { repeated, .. } => format!("block{}", if *repeated { "*" } else { "" }),
        Type::Named(name) => format!("@{name}"),
        leaf => format!("{leaf:?}").to_lowercase(),
    }
}

#[test]
fn every_type() {
    let words =
        "string number bool any ports addresses image duration quantity [string] map([number]) map(map(bool)) @t [@t] map(@t)";
    let fields: String = words.split(' ').enumerate().map(|(at, word)| format!("  f{at:02} {word}\n")).collect();
    let schemas = of(&format!("view v\n{fields}type t\n  x string\n"));
    let found: Vec<String> = schemas.get("v").unwrap().fields().iter().map(|field| shown(&field.ty)).collect();
    assert_eq!(found.join(" "), words);
}

#[test]
fn structure() {
    let text = "
        # a comment
        view v
          b, a string                  # two names
          one block
            deep block*
              x number
          many block*
            x bool
          objects list(object)
            x string
          sets set(object)
            x string
          table map(object)
            x string
          free object dynamic
          free_with block* dynamic
            known string
    "
    .replace("\n        ", "\n");
    let schemas = of(text.trim_end());
    let all = [
        "a",
        "b",
        "one",
        "one.deep",
        "one.deep.x",
        "many",
        "many.x",
        "objects",
        "objects.x",
        "sets",
        "table",
        "table.x",
        "free_with.known",
    ];
    let found: Vec<String> = all.iter().map(|path| shown(&field(&schemas, &format!("v/{path}")).ty)).collect();
    let expected = [
        "string",
        "string",
        "block",
        "block*",
        "number",
        "block*",
        "bool",
        "[object]",
        "string",
        "[object]",
        "map(object)",
        "string",
        "string",
    ];
    assert_eq!(found, expected);
    assert!(body_of(&schemas, &field(&schemas, "v/free").ty).unwrap().dynamic);
    assert!(!body_of(&schemas, &field(&schemas, "v/one").ty).unwrap().dynamic);
}

#[test]
fn facts() {
    let schemas = of(
        "view v\n  a string = \"x # y\" # why\n  b bool = false\n  c number = 0.5\n  d [string] = [\"p\", \"q\"] renamed(e, f)\n  \
         g block* keyed(name)\n    name string\n  h any = null\n",
    );
    let default = |name: &str| field(&schemas, &format!("v/{name}")).default.map(|constant| Literal::clone(&constant));
    assert_eq!(default("a"), Some(Literal::String("x # y".into())));
    assert_eq!(default("b"), Some(Literal::Bool(false)));
    assert_eq!(default("c"), Some(Literal::Number(0.5)));
    assert_eq!(default("d"), Some(Literal::List(vec![Literal::String("p".into()), Literal::String("q".into())])));
    assert_eq!(default("h"), Some(Literal::Null));
    assert_eq!(default("g"), None);
    assert_eq!(field(&schemas, "v/d").renamed, ["e", "f"]);
    assert_eq!(field(&schemas, "v/g").keyed.as_deref(), Some("name"));
}

#[test]
fn defaults_of_versions() {
    let text = "resource p_r\n  a bool = false | true before 4.0 | null before 2.5\n  b block\n    c number | 1 before 3.0\n  d bool = true\n\
                data p_d\n  a string = \"new\"\nprovider p\n  a string = \"x | y\" | \"z\" before 1.10.2\n\
                amend data p_d\n  a | \"old\" before 2\n";
    let schemas = of(text);
    let rows = [
        ("p_r/a", "4.0", Some(Literal::Bool(false))),
        ("p_r/a", "3.9", Some(Literal::Bool(true))),
        ("p_r/a", "2.4", None),
        ("p_r/b.c", "3.0", None),
        ("p_r/b.c", "2.9", Some(Literal::Number(1.0))),
        ("p_r/d", "0.1", Some(Literal::Bool(true))),
        ("data.p_d/a", "2.0", Some(Literal::String("new".into()))),
        ("data.p_d/a", "1.9", Some(Literal::String("old".into()))),
        ("provider.p/a", "1.11", Some(Literal::String("x | y".into()))),
        ("provider.p/a", "1.9", Some(Literal::String("z".into()))),
    ];
    let numbers = |version: &str| version.split('.').map(|number| number.parse().unwrap()).collect::<Vec<u32>>();
    for (path, version, expected) in rows {
        let older = |provider: &str, other: &str| {
            assert_eq!(provider, "p");
            numbers(version) < numbers(other)
        };
        let found = field(&schemas, path).default_where(older).map(|constant| Literal::clone(constant));
        assert_eq!(found, expected, "{path} in {version}");
    }
}

#[test]
fn declarations() {
    let schemas = schemas(&[
        ("a.schema", "resource r\n  own string\ndata d\nprovider p\nview a\n  x string\nview a.b : a\n  y string\nkind K = @t\n"),
        (
            "b.schema",
            "type t\n  self @t\n  size @q\ntype q = quantity\nview resource\n  address, own number\nview data\n  address string\n",
        ),
    ]);
    assert_eq!(schemas.names().collect::<Vec<_>>(), ["K", "a", "a.b", "data", "data.d", "provider.p", "r", "resource"]);
    assert_eq!(shown(&field(&schemas, "r/own").ty), "string");
    assert_eq!(shown(&field(&schemas, "r/address").ty), "number");
    assert_eq!(shown(&field(&schemas, "data.d/address").ty), "string");
    assert_eq!(shown(&field(&schemas, "a.b/x").ty), "string");
    assert_eq!(shown(&field(&schemas, "K/self.self.size").ty), "quantity");
    assert!(schemas.get("nothing").is_none() && schemas.named_type("q").is_none());
}

#[test]
fn amendments() {
    let base = "resource r\n  a string\n  b block\n    c, d string\n";
    let more = "amend resource r\n  a = \"x\"\n  b\n    c renamed(old)\n    d number\n  e bool\n";
    let schemas = schemas(&[("0.schema", more), ("1.schema", base)]);
    assert_eq!(field(&schemas, "r/a").default.map(|constant| Literal::clone(&constant)), Some(Literal::String("x".into())));
    assert_eq!(field(&schemas, "r/b.c").renamed, ["old"]);
    assert_eq!(shown(&field(&schemas, "r/b.d").ty), "number");
    assert_eq!(shown(&field(&schemas, "r/e").ty), "bool");
}

#[test]
fn errors_name_file_and_line() {
    let cases = [
        ("view v\n  a strin", "a.schema:2: there is no type `strin`"),
        ("view v\n  a", "a.schema:2: `a` has no type"),
        ("view v\n   a string", "a.schema:2: indent with two spaces per level"),
        ("view v\n    a string", "a.schema:2: this is indented deeper than what it belongs to"),
        ("  a string", "a.schema:1: this is indented deeper than what it belongs to"),
        ("view v\n  a string\n    b string", "a.schema:3: `a` has a type without fields"),
        ("view v\n  a, b block\n    c string", "a.schema:3: these fields belong to one name, and the line above has several"),
        ("view v\n  a string\n\n  a bool", "a.schema:4: `a` is there twice"),
        ("view v\nresource v", "a.schema:2: `v` is declared twice"),
        ("view v\n  a @b", "a.schema:2: there is no type `@b`"),
        ("kind K = @b", "a.schema:1: there is no type `@b`, which `K` is said to be"),
        ("kind K", "a.schema:1: write `kind K = @TYPE`"),
        ("type a = @b\ntype b = @a\nview v\n  x @a", "a.schema:4: there is no type `@a`"),
        ("amend view v", "a.schema:1: there is no `v` to amend"),
        ("view v\namend view v\n  a = 1", "a.schema:3: there is no `a` to amend, and a new field has a type"),
        ("view v\n  a string = x", "a.schema:2: a default is written as JSON: expected value at line 1 column 1"),
        ("view v\n  a string = {}", "a.schema:2: a default is null, a bool, a number, a string, or a list of such"),
        ("view v\n  a string keyed(b, c)", "a.schema:2: `keyed` takes one name"),
        ("view v\n  a string dynamic", "a.schema:2: only a block or an object is dynamic"),
        ("view v\n  a list(string", "a.schema:2: `)` is missing before ``"),
        ("resource r\n  a bool = true | false", "a.schema:2: what a default was is written `| JSON before VERSION`"),
        ("resource r\n  a bool | false before x", "a.schema:2: `x` is no version: write `4.0`"),
        ("resource r\n  a bool | false before 3.9 | true before 3.10", "a.schema:2: the latest version comes first"),
        ("view v\n  a bool | false before 3", "a.schema:2: only what a provider has changes with its version"),
        ("view v\n  a string b", "a.schema:2: `b` is one too many"),
        (
            "thing v",
            "a.schema:1: a declaration begins with one of view, resource, data, provider, type, kind, amend, not with `thing`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text}");
    }
    let deep: String = (1..20).map(|level| format!("{}a block\n", "  ".repeat(level))).collect();
    assert_eq!(error(&format!("view v\n{deep}")), "a.schema:18: blocks lie at most 16 deep");
    assert!(error(&format!("view v\n  a {}", "[".repeat(4000))).ends_with("this type is nested too deep"));
}

#[test]
fn foreign_bytes_have_no_entries() {
    for bytes in [&b""[..], b"PLS1", b"something else entirely", &[0xff; 64]] {
        assert!(Schemas::from_static(bytes.to_vec().leak()).get("v").is_none());
    }
    let whole = compile(&[("a.schema", "view v\n  a block\n    b string = \"c\"\nview w : v\n")]).unwrap();
    for length in 0..whole.len() {
        let schemas = Schemas::from_static(whole[..length].to_vec().leak());
        for name in schemas.names().map(str::to_owned).collect::<Vec<_>>() {
            let _ = schemas.get(&name);
        }
    }
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0xff;
        let schemas = Schemas::from_static(broken.leak());
        for name in ["v", "w"] {
            let _ = schemas.get(name);
        }
    }
}

#[test]
fn suggestions() {
    let schemas = of("view container\n  privileged bool\nview workload\n");
    assert_eq!(schemas.suggest("contaner").as_deref(), Some("container"));
    assert_eq!(schemas.suggest("something"), None);
    assert_eq!(schemas.get("container").unwrap().suggest("priviledged"), Some("privileged"));
}

#[test]
fn shipped_facts() {
    let cases = [
        ("aws_instance/metadata_options", "block"),
        ("aws_instance/metadata_options.http_tokens", "string"),
        ("aws_instance/ebs_block_device", "block*"),
        ("aws_instance/provisioner", "block*"),
        ("aws_instance/id", "string"),
        ("aws_security_group/ingress", "[object]"),
        ("aws_security_group/ingress.cidr_blocks", "[string]"),
        ("data.aws_iam_policy_document/statement.principals", "block*"),
        ("google_compute_instance/network_interface.access_config", "block*"),
        ("google_compute_instance/shielded_instance_config", "block"),
        ("azurerm_kubernetes_cluster/default_node_pool.host_encryption_enabled", "bool"),
        ("azurerm_network_security_group/security_rule.source_address_prefix", "string"),
        ("kubernetes_deployment/spec.template.spec.container", "block*"),
        ("docker_container/ports", "block*"),
        ("libvirt_domain/network_interface.macvtap", "string"),
        ("libvirt_domain/graphics", "block"),
        ("libvirt_network/mode", "string"),
        ("virtualbox_vm/network_adapter", "block*"),
        ("proxmox_vm_qemu/network.firewall", "bool"),
        ("proxmox_lxc/features.nesting", "bool"),
        ("provider.aws/default_tags.tags", "map(string)"),
        ("Deployment/spec.template.spec.containers", "[@core.v1.Container]"),
        ("Pod/spec.containers.resources.limits", "map(quantity)"),
        ("CustomResourceDefinition/spec.versions.schema.openAPIV3Schema.properties", "map(@apiextensions.v1.JSONSchemaProps)"),
        ("terraform/required_providers.version", "string"),
        ("module/source_kind", "string"),
    ];
    for (path, expected) in cases {
        assert_eq!(shown(&field(shipped(), path).ty), expected, "{path}");
    }
    let defaults = [
        ("aws_db_instance/publicly_accessible", Literal::Bool(false)),
        ("libvirt_network/mode", Literal::String("nat".into())),
        ("Service/spec.type", Literal::String("ClusterIP".into())),
        ("Pod/spec.hostNetwork", Literal::Bool(false)),
    ];
    for (path, expected) in defaults {
        assert_eq!(field(shipped(), path).default.map(|constant| Literal::clone(&constant)), Some(expected), "{path}");
    }
    assert_eq!(field(shipped(), "Pod/spec.containers").keyed.as_deref(), Some("name"));
    assert_eq!(field(shipped(), "aws_db_parameter_group/parameter").keyed.as_deref(), Some("name"));
    assert_eq!(field(shipped(), "azurerm_network_interface/ip_forwarding_enabled").renamed, ["enable_ip_forwarding"]);
    assert!(shipped().get("azurerm_sql_server").unwrap().dynamic);
}

#[test]
fn every_shipped_entry_decodes() {
    let mut fields = 0;
    for name in shipped().names() {
        fields += shipped().get(name).map_or(0, |body| body.fields().len());
    }
    assert!(fields > 50_000, "{fields}");
}
