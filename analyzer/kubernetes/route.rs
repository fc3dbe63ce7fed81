//! Where requests from outside go: the backends of Ingresses and of the Gateway API's routes.

use compact_str::format_compact;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Value};

use crate::container::header;
use crate::object::Object;
use crate::values::{field, follow, set_at};

/// The kinds of the Gateway API that lead to Services.
const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

/// Adds host × path × backend: `host`, `path`, `tls`, `service_name`, `service_namespace`, `port`, `default`, `namespace`.
pub(crate) fn backends(object: &Object, items: &mut Vec<Item>) {
    if object.kind == "Ingress" && crate::kinds::is_own(&object.group, &object.kind) {
        ingress(object, items);
    } else if object.group == "gateway.networking.k8s.io" && ROUTES.contains(&object.kind.as_str()) {
        route(object, items);
    }
}

/// What a backend is reached by.
struct Way<'v> {
    host: &'v Value,
    path: Value,
    tls: Value,
    default: bool,
}

fn ingress(object: &Object, items: &mut Vec<Item>) {
    let spec = field(&object.value, "spec");
    for key in ["defaultBackend", "backend"] {
        let backend = field(&spec, key);
        if backend.as_map().is_some() {
            let way = Way { host: &Value::default(), path: Value::default(), tls: encrypted(&spec, None, object), default: true };
            of_ingress(object, &backend, &way, items);
        }
    }
    for rule in field(&spec, "rules").items() {
        let host = field(rule, "host");
        for path in follow(rule, &["http", "paths"]).items() {
            let backend = field(path, "backend");
            if backend.as_map().is_some() {
                let way =
                    Way { host: &host, path: field(path, "path"), tls: encrypted(&spec, Some(&host), object), default: false };
                of_ingress(object, &backend, &way, items);
            }
        }
    }
}

/// Whether an entry of `tls` is about the host; one without hosts is about all.
fn encrypted(spec: &Value, host: Option<&Value>, object: &Object) -> Value {
    let tls = field(spec, "tls");
    let all = match &tls.kind {
        Kind::Unknown(_) => return tls,
        _ => tls.items(),
    };
    let covers = |entry: &Value| {
        let hosts = field(entry, "hosts");
        let host = host.filter(|host| !host.is_null());
        hosts.is_null() || host.is_none_or(|host| hosts.items().iter().any(|covered| of_host(covered, host)))
    };
    let open = matches!(&tls.kind, Kind::List(list) if list.tail.is_some());
    match all.iter().any(covers) {
        false if open => Value::unknown(Unknown::new(Reason::Rendered, "spec.tls"), tls.place),
        known => Value::bool(known, object.header),
    }
}

/// Whether a name of a certificate is that of the host: the same text, or `*.` over one label.
fn of_host(covered: &Value, host: &Value) -> bool {
    match (covered.as_str(), host.as_str()) {
        (Some(covered), Some(host)) => {
            let wild = || covered.strip_prefix('*').zip(host.find('.')).is_some_and(|(rest, dot)| &host[dot..] == rest);
            covered == host || wild()
        }
        // Two actions may well be the same.
        _ => true,
    }
}

fn of_ingress(object: &Object, backend: &Value, way: &Way<'_>, items: &mut Vec<Item>) {
    let service = field(backend, "service");
    let (name, port) = match service.is_null() {
        false => {
            let port = field(&service, "port");
            let number = field(&port, "number");
            (field(&service, "name"), if number.is_null() { field(&port, "name") } else { number })
        }
        true => (field(backend, "serviceName"), field(backend, "servicePort")),
    };
    one(object, backend, way, [name, object.namespace.clone(), port], items);
}

fn route(object: &Object, items: &mut Vec<Item>) {
    let spec = field(&object.value, "spec");
    let hosts = field(&spec, "hostnames");
    let none = [Value::default()];
    let hosts = if hosts.items().is_empty() { &none[..] } else { hosts.items() };
    for rule in field(&spec, "rules").items() {
        let matches = field(rule, "matches");
        let path = matches.items().first().map_or_else(Value::default, |first| follow(first, &["path", "value"]));
        for backend in field(rule, "backendRefs").items() {
            // A backend of another kind is no Service.
            if !matches!(backend.str_at(&["kind"]), None | Some("Service")) {
                continue;
            }
            let namespace = match field(backend, "namespace") {
                absent if absent.is_null() => object.namespace.clone(),
                written => written,
            };
            for host in hosts {
                let tls = Value::unknown(Unknown::new(Reason::Undeclared, "the gateway"), object.header);
                let way = Way { host, path: path.clone(), tls, default: false };
                one(object, backend, &way, [field(backend, "name"), namespace.clone(), field(backend, "port")], items);
            }
        }
    }
}

fn one(object: &Object, backend: &Value, way: &Way<'_>, [name, namespace, port]: [Value; 3], items: &mut Vec<Item>) {
    let at = header(backend);
    let mut map = Map { range: backend.place.span, ..Map::default() };
    let fields = [
        ("host", way.host.clone()),
        ("path", way.path.clone()),
        ("tls", way.tls.clone()),
        ("service_name", name),
        ("service_namespace", namespace),
        ("port", port),
        ("default", Value::bool(way.default, object.header)),
        ("namespace", object.namespace.clone()),
    ];
    for (key, value) in fields {
        if !value.is_null() {
            let place = if value.place.is_some() { value.place } else { at };
            set_at(&mut map, key, value, place);
        }
    }
    let shown = |value: &Value| crate::values::shown(value).unwrap_or_default();
    let label = format_compact!("{}{}", shown(way.host), shown(&way.path));
    let label = if label.is_empty() { object.label.clone() } else { label };
    items.push(object.part("ingress.backend", label, at, backend.place, Value::map(map, backend.place)));
}

#[cfg(test)]
mod tests {
    use crate::tests::{fields, read};

    #[test]
    fn routes_lead_to_services() {
        let rows: &[(&str, &[&str])] = &[
            (
                "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: ['*.example.org']}]
  defaultBackend: {service: {name: rest, port: {name: http}}}
  rules:
  - host: shop.example.org
    http: {paths: [{path: /pay, backend: {service: {name: pay, port: {number: 80}}}}]}
  - host: a.shop.example.org
    http: {paths: [{path: /, backend: {service: {name: a, port: {number: 81}}}}]}
",
                &[
                    "Ingress/shop host=- service_name=rest service_namespace=default port=http tls=true default=true",
                    "shop.example.org/pay host=shop.example.org service_name=pay service_namespace=default port=80 tls=true default=false",
                    "a.shop.example.org/ host=a.shop.example.org service_name=a service_namespace=default port=81 tls=false default=false",
                ],
            ),
            (
                "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\nspec: {rules: [{http: {paths: [{backend: {serviceName: web, servicePort: 8080}}]}}]}\n",
                &["Ingress/old host=- service_name=web service_namespace=default port=8080 tls=false default=false"],
            ),
            (
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: a}\nspec: {hostnames: [x.org], rules: [{backendRefs: [{name: web, port: 80}, {kind: Other, name: o}]}]}\n",
                &["x.org host=x.org service_name=web service_namespace=a port=80 tls=<the gateway> default=false"],
            ),
            ("apiVersion: networking.istio.io/v1\nkind: Ingress\nspec: {defaultBackend: {service: {name: a}}}\n", &[]),
        ];
        let paths = ["host", "service_name", "service_namespace", "port", "tls", "default"];
        for (source, expected) in rows {
            assert_eq!(fields(&read(source), "ingress.backend", &paths), *expected, "{source}");
        }
    }
}
