//! Addresses of Terraform resources: `module.web["a.b"].aws_instance.this[0]`.

/// The parts between dots, brackets and quotes kept whole.
pub(crate) fn parts(address: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0_usize, false);
    for (at, byte) in address.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth = depth.saturating_sub(1),
            b'.' if !quoted && depth == 0 => {
                parts.push(&address[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&address[start..]);
    parts
}

/// The module that a resource lies in; empty for the root.
pub(crate) fn module(address: &str) -> &str {
    let mut end = 0;
    let mut at = 0;
    let all = parts(address);
    let mut rest = all.iter();
    while let Some(part) = rest.next() {
        at += part.len() + 1;
        if *part != "module" {
            break;
        }
        let Some(name) = rest.next() else { break };
        at += name.len() + 1;
        end = at - 1;
    }
    address.get(..end).unwrap_or("")
}

/// The view of a resource: `aws_instance`, `data.aws_ami`; empty where the address is none.
pub(crate) fn view(address: &str) -> String {
    let within = address.strip_prefix(module(address)).unwrap_or(address).trim_start_matches('.');
    match parts(within)[..] {
        ["data", kind, ..] => format!("data.{kind}"),
        [kind, _, ..] => kind.to_owned(),
        _ => String::new(),
    }
}

/// The address without the key of its last part, and the key.
pub(crate) fn split_key(address: &str) -> (&str, Option<&str>) {
    let last = parts(address).pop().unwrap_or(address);
    match last.find('[') {
        Some(bracket) => {
            let at = address.len() - last.len() + bracket;
            (&address[..at], Some(&address[at..]))
        }
        None => (address, None),
    }
}

/// Whether a reference to `reference` may lead to the instance `instance`: `aws_x.y` and `aws_x.y[*]` lead to every instance.
pub(crate) fn leads_to(reference: &str, instance: &str) -> bool {
    if reference == instance {
        return true;
    }
    let ((left, left_key), (right, right_key)) = (split_key(reference), split_key(instance));
    let literal = |key: Option<&str>| {
        key.is_some_and(|key| key.starts_with("[\"") || key[1..].starts_with(|first: char| first.is_ascii_digit()))
    };
    left == right && !(literal(left_key) && literal(right_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_parts() {
        let address = "module.web[\"a.b\"].module.db.data.aws_ami.this[0]";
        assert_eq!(module(address), "module.web[\"a.b\"].module.db");
        assert_eq!(view(address), "data.aws_ami");
        assert_eq!(view("aws_instance.web"), "aws_instance");
        assert_eq!(module("aws_instance.web"), "");
        assert_eq!(split_key(address), ("module.web[\"a.b\"].module.db.data.aws_ami.this", Some("[0]")));
    }

    #[test]
    fn references_lead_to_instances() {
        let rows = [
            ("a.b", "a.b", true),
            ("a.b", "a.b[0]", true),
            ("a.b[*]", "a.b[0]", true),
            ("a.b[0]", "a.b[1]", false),
            ("a.b[\"x\"]", "a.b[each.key]", true),
            ("module.m.a.b", "a.b", false),
        ];
        for (reference, instance, expected) in rows {
            assert_eq!(leads_to(reference, instance), expected, "{reference} -> {instance}");
        }
    }
}
