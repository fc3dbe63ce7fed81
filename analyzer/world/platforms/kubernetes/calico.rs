//! Policies of Calico.
//!
//! Closed-world rules, from Calico's reference ("Network policy", "Global network policy", "Tier") and "Tiered policy":
//! - Tiers are asked in their order, the policies of a tier in theirs (without an order last, then by name), rules one after another; the
//!   first that fits decides. `Log` decides nothing, `Pass` leaves the tier.
//! - What no rule of a tier with a policy for the pods fits is denied, unless the tier's `defaultAction` is `Pass`; where no tier has a policy
//!   for them everything is let in (profiles of Kubernetes namespaces allow).
//! - Policies of Kubernetes are in the default tier, with order 1000.
//! - A rule of a namespaced policy that selects peers means those of its namespace, unless it selects namespaces.
//! - Policies of hosts (`preDNAT`, `doNotTrack`) say nothing of pods. What meets a selector and a block at once, source ports, and
//!   `services` are not read: undecided.

use compact_str::{CompactString, format_compact};
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::expression;
use super::objects::{Objects, name_of, namespace_of, port, shown};
use super::peer::{self, Groups, Peers};
use super::policy::{DIRECTIONS, Policies, Policy, Rank, names};
use super::rule::{Direction, Named, Rule};
use super::select::{Expr, Key};
use crate::address::Range;
use crate::filter::{Entry, Sources};
use crate::platforms::entries::{self, Protocols, number};
use crate::resources::field;
use crate::said::{Missing, Step};

const GROUPS: &[&str] = &["crd.projectcalico.org", "projectcalico.org"];
/// The kinds with their groups.
pub(super) const KINDS: &[(&str, &[&str])] = &[("NetworkPolicy", GROUPS), ("GlobalNetworkPolicy", GROUPS)];

/// Adds them.
pub(super) fn read(objects: &mut Objects<'_>, peers: &mut Peers, policies: &mut Policies) {
    for (kind, groups) in KINDS {
        for item in objects.of_group(kind, groups).collect::<Vec<_>>() {
            let home = (*kind == "NetworkPolicy").then(|| namespace_of(item));
            add(item, home.as_deref(), objects, peers, policies);
        }
    }
}

/// A key of a selector of pods.
fn of_pod(written: &str) -> Key {
    match written {
        "projectcalico.org/namespace" => Key::Namespace,
        "projectcalico.org/serviceaccount" => Key::Account,
        _ => match written.strip_prefix("pcns.") {
            Some(label) => of_namespace(label),
            None => Key::Label(written.into()),
        },
    }
}

/// A key of a selector of namespaces.
fn of_namespace(written: &str) -> Key {
    if written == "projectcalico.org/name" { Key::Namespace } else { Key::OfNamespace(written.into()) }
}

/// The condition of a field; nothing where it is not written.
fn selector(value: &Value, key: &str, read: &dyn Fn(&str) -> Key) -> Option<Expr> {
    let written = field(value, key)?;
    Some(match written.as_str() {
        Some(text) => expression::read(text, read),
        None => Expr::Unknown(shown(written).unwrap_or_default()),
    })
}

/// The accounts of `serviceAccounts`; by their labels they are not known.
fn accounts(value: &Value) -> Option<Expr> {
    let accounts = field(value, "serviceAccounts")?;
    let named = field(accounts, "names").map(|names| {
        let all: Option<Vec<CompactString>> = names.items().iter().map(|name| name.as_str().map(Into::into)).collect();
        all.map_or_else(|| Expr::Unknown("serviceAccounts".into()), |all| Expr::In(Key::Account, all))
    });
    let selected = field(accounts, "selector").map(|_| Expr::Unknown("serviceAccounts".into()));
    Some(Expr::All(named.into_iter().chain(selected).collect()))
}

fn add(item: &Item, home: Option<&str>, objects: &mut Objects<'_>, peers: &mut Peers, policies: &mut Policies) {
    let name = objects.title(&item.name, item);
    let empty = Value::default();
    let spec = field(&item.value, "spec").unwrap_or(&empty);
    if ["preDNAT", "doNotTrack"].iter().any(|key| field(spec, key).and_then(Value::as_bool) == Some(true)) {
        return;
    }
    let mut own = selector(spec, "selector", &of_pod).unwrap_or(Expr::ALWAYS);
    if let Some(spaces) = selector(spec, "namespaceSelector", &of_namespace).filter(|_| home.is_none()) {
        own = own.and(spaces);
    }
    if field(spec, "serviceAccountSelector").and_then(Value::as_str).is_some_and(|text| !matches!(text.trim(), "" | "all()")) {
        own = own.and(Expr::Unknown("serviceAccountSelector".into()));
    }
    if let Some(home) = home {
        own = own.and(Expr::is(Key::Namespace, home));
    }
    let found = objects.fitting(&own);
    let rank = rank(item, spec, objects);
    for (direction, kind, section) in DIRECTIONS {
        let about = speaks_of(spec, direction, kind);
        if about == Some(false) {
            continue;
        }
        let doubtful = about.is_none() || rank.is_err();
        let why = match &rank {
            Err(missing) => (Step::at(item.header, format!("{name} may select it")), missing.clone()),
            Ok(_) => (Step::at(item.header, format!("{name} may select it")), Missing::new(format!("whether {name} selects it"))),
        };
        policies.doubt(direction, found.iter().filter(|(_, sure)| !*sure || doubtful).map(|(at, _)| *at), &why);
        let Ok((rank, closes)) = &rank else { continue };
        if doubtful {
            continue;
        }
        let sure: Vec<usize> = found.iter().filter(|(_, sure)| *sure).map(|(at, _)| *at).collect();
        let list = field(spec, section);
        let open = list.filter(|list| list.as_list().is_none_or(|list| list.tail.is_some())).and_then(Missing::of);
        let more = open.map(|missing| (Step::at(item.header, format!("{name} may have more rules")), missing));
        let mut rules = Vec::new();
        for value in list.map(Value::items).unwrap_or_default() {
            rules.extend(Reader { value, direction, name: &name, home }.rule(objects, peers));
        }
        let policy = Policy { name: name.clone(), place: item.header, rules, closes: *closes, rank: rank.clone() };
        policies.push(direction, policy, &sure, more.as_ref());
    }
}

/// Whether a policy is about a direction: without types by the rules that there are.
fn speaks_of(spec: &Value, direction: Direction, kind: &str) -> Option<bool> {
    if let Some(types) = field(spec, "types") {
        return names(types.as_list()?, kind);
    }
    let has = |key: &str| field(spec, key).is_some_and(|rules| !rules.items().is_empty() || rules.as_list().is_none());
    Some(match direction {
        Direction::Ingress => has("ingress") || !has("egress"),
        Direction::Egress => has("egress"),
    })
}

/// When it is asked, and whether its tier denies what no rule fits; what is missing where that is not known.
fn rank(item: &Item, spec: &Value, objects: &Objects<'_>) -> Result<(Rank, bool), Missing> {
    let tier = field(spec, "tier").map_or(Some("default"), Value::as_str).ok_or_else(|| Missing::new("a tier"))?;
    let found = objects.of_group("Tier", GROUPS).find(|item| name_of(item) == tier);
    let written = found.and_then(|tier| tier.value.at(&["spec", "order"])).filter(|value| !value.is_null());
    let unknown = || Missing::new(format!("the order of Tier/{tier}"));
    let order = match (written, tier) {
        (_, "default") => Rank::DEFAULT_TIER,
        (Some(value), _) => scaled(value).ok_or_else(unknown)?,
        (None, _) if found.is_some() => i128::MAX,
        _ => return Err(unknown()),
    };
    let passes = found.and_then(|tier| tier.value.str_at(&["spec", "defaultAction"])) == Some("Pass");
    let own = match field(spec, "order") {
        Some(value) => {
            scaled(value).ok_or_else(|| Missing::of(value).unwrap_or_else(|| Missing::new("the order of a policy")))?
        }
        None => i128::MAX,
    };
    Ok((Rank { tier: (order, tier.into()), order: own, name: name_of(item), refuses_first: false }, !passes))
}

/// An order, which may have a fraction.
fn scaled(value: &Value) -> Option<i128> {
    if let Some(whole) = number(value) {
        return whole.checked_mul(Rank::UNIT);
    }
    let text = shown(value)?;
    let (whole, fraction) = text.split_once('.')?;
    let fraction = format!("{fraction:0<3}");
    whole.parse::<i128>().ok()?.checked_mul(Rank::UNIT)?.checked_add(fraction.get(..3)?.parse().ok()?)
}

/// Whom a rule means, whom perhaps, and why that is not known at all.
type Whom = (Sources, Option<(Vec<CompactString>, Missing)>, Option<Missing>);

/// A rule of a policy.
struct Reader<'v> {
    value: &'v Value,
    direction: Direction,
    name: &'v str,
    home: Option<&'v str>,
}

impl Reader<'_> {
    fn rule(&self, objects: &mut Objects<'_>, peers: &mut Peers) -> Option<Rule> {
        let value = self.value;
        let action = field(value, "action").and_then(Value::as_str);
        let verb = match action {
            Some("Allow") => "allows it",
            Some("Deny") => "refuses it",
            Some("Pass") => "passes it on",
            Some("Log") => return None,
            _ => "decides it",
        };
        let empty = Value::default();
        let side = |key: &str| field(value, key).unwrap_or(&empty);
        let (near, far) = match self.direction {
            Direction::Ingress => (side("destination"), side("source")),
            Direction::Egress => (side("source"), side("destination")),
        };
        let mut doubt = action.is_none().then(|| field(value, "action").and_then(Missing::of)).flatten();
        // What else must be so; ports are those of the destination, whichever side that is.
        let odd = ["selector", "notSelector", "namespaceSelector", "nets", "notNets", "serviceAccounts", "services"]
            .iter()
            .find(|key| field(near, key).is_some());
        let sources_have_ports = ["ports", "notPorts"].iter().any(|key| field(side("source"), key).is_some());
        if odd.is_some() || sources_have_ports || field(far, "services").is_some() {
            doubt = Some(Missing::new(format!("whom a rule of {} speaks of", self.name)));
        }
        // Names of hosts outside are no pods; who looks at requests lets some in, and refuses none as a whole.
        if field(far, "domains").is_some() || field(value, "http").is_some() && action != Some("Allow") {
            return None;
        }
        let (ports, maybe_ports, names) = self.ports(side("destination"));
        let (sources, perhaps, whose) = self.whom(far, objects, peers);
        let private = sources.ranges.iter().any(|range| range.is_private());
        let entry = Entry {
            allows: action != Some("Deny"),
            ports,
            maybe_ports,
            sources,
            step: Step::at(value.place, format!("{} {verb}", self.name)),
            doubt: doubt.or(whose),
            passes_to: None,
        };
        Some(Rule { entry, names, perhaps, private, passes: action == Some("Pass") })
    }

    /// Whom the far side means, whom perhaps, and why that is not known at all.
    fn whom(&self, far: &Value, objects: &mut Objects<'_>, peers: &mut Peers) -> Whom {
        let missing = Missing::new(match self.direction {
            Direction::Ingress => format_compact!("whether the sender is among those that {} speaks of", self.name),
            Direction::Egress => format_compact!("whether it is among those that {} speaks of", self.name),
        });
        let spaces = selector(far, "namespaceSelector", &of_namespace);
        let not = selector(far, "notSelector", &of_pod);
        let picks = [selector(far, "selector", &of_pod), accounts(far)].into_iter().flatten();
        let picks: Vec<Expr> = picks.collect();
        let at_home = self.home.filter(|_| spaces.is_none() && (!picks.is_empty() || not.is_some()));
        let mut positive: Vec<Expr> = picks.clone();
        positive.extend(spaces.clone());
        positive.extend(at_home.map(|home| Expr::is(Key::Namespace, home)));
        let mut sources = Sources::default();
        let blocks = self.blocks(far, &mut sources);
        if positive.is_empty() {
            if !blocks {
                sources = Sources::everybody();
            }
            if let Some(not) = not {
                let (sure, perhaps) = peers.fitting(&not, objects);
                sources.except = sure;
                sources.maybe_except = Some((perhaps, missing));
            }
            return (sources, None, None);
        }
        positive.extend(not.map(|not| Expr::Not(Box::new(not))));
        let everywhere = self.home.is_none() && spaces.is_none();
        let expr = Expr::All(positive);
        let (sure, perhaps): Groups = peers.fitting(&expr, objects);
        if blocks {
            let whose = Missing::new(format!("whether the address is among those of {}", self.name));
            return (Sources { groups: sure, ..Sources::default() }, Some((perhaps, missing)), Some(whose));
        }
        sources.groups = sure;
        let global = spaces.as_ref().is_some_and(|expr| *expr == Expr::Not(Box::new(Expr::Has(Key::Namespace))));
        if everywhere || global {
            sets(&Expr::All(picks), objects, &mut sources);
        }
        let perhaps = if global { Vec::new() } else { perhaps };
        (sources, (!perhaps.is_empty()).then_some((perhaps, missing)), None)
    }

    /// Adds blocks without those that are not meant; whether there are any.
    fn blocks(&self, far: &Value, sources: &mut Sources) -> bool {
        let written = ["nets", "notNets"].iter().any(|key| field(far, key).is_some());
        if let Some(nets) = field(far, "nets") {
            entries::addresses(Some(nets), sources);
        } else if written {
            sources.ranges = vec![Range::V4, Range::V6];
        }
        let mut holes = Sources::default();
        entries::addresses(field(far, "notNets"), &mut holes);
        for hole in holes.ranges {
            sources.ranges =
                std::mem::take(&mut sources.ranges).into_iter().flat_map(|range| peer::without(range, hole)).collect();
        }
        sources.unknown = sources.unknown.take().or(holes.unknown);
        written
    }

    /// The ports of the destination, of the protocol that is named.
    fn ports(&self, destination: &Value) -> (Ports, Option<(Ports, Missing)>, Named) {
        let whole = |protocol| Ports::range(protocol, 1, u16::MAX);
        let of = |protocols: Protocols| match protocols {
            Protocols::All => Ok((Ports::all(), [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].to_vec())),
            Protocols::One(protocol) => Ok((whole(protocol), vec![protocol])),
            Protocols::WithoutPorts => Ok((Ports::default(), Vec::new())),
            Protocols::Unknown(missing) => Err(missing),
        };
        let unknown = |missing| (Ports::default(), Some((Ports::all(), missing)), Named::new());
        let (mut all, protocols) = match of(entries::protocols(field(self.value, "protocol"))) {
            Ok(found) => found,
            Err(missing) => return unknown(missing),
        };
        if field(self.value, "notProtocol").is_some() {
            match of(entries::protocols(field(self.value, "notProtocol"))) {
                Ok((others, _)) => all = all.minus(&others),
                Err(missing) => return unknown(missing),
            }
        }
        let (mut maybe, mut names) = (None, Named::new());
        if let Some(list) = field(destination, "ports").filter(|list| !list.items().is_empty() || list.as_list().is_none()) {
            let mut sure = Ports::default();
            for each in list.items() {
                for &protocol in &protocols {
                    match (interval(each), each.as_str()) {
                        (Some((first, last)), _) => sure = sure.union(&Ports::range(protocol, first, last)),
                        (None, Some(name)) if self.direction == Direction::Ingress => names.push((protocol, name.into())),
                        (None, _) => maybe = Some((all.clone(), Missing::of(each).unwrap_or_else(|| Missing::new("a port")))),
                    }
                }
            }
            if list.as_list().is_none_or(|list| list.tail.is_some()) {
                maybe = Some((all.clone(), Missing::of(list).unwrap_or_else(|| Missing::new("the ports"))));
            }
            all = sure;
        }
        for each in field(destination, "notPorts").map(Value::items).unwrap_or_default() {
            for &protocol in &protocols {
                match interval(each) {
                    Some((first, last)) => all = all.minus(&Ports::range(protocol, first, last)),
                    None => {
                        let missing = Missing::of(each).unwrap_or_else(|| Missing::new("the number of a port"));
                        return (Ports::default(), Some((all, missing)), Named::new());
                    }
                }
            }
        }
        (all, maybe, names)
    }
}

/// A port, or `80:90`.
fn interval(value: &Value) -> Option<(u16, u16)> {
    if let Some(one) = port(value) {
        return Some((one, one));
    }
    let (first, last) = value.as_str()?.split_once(':')?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

/// Adds the blocks of the sets of networks that a condition on labels holds for.
fn sets(expr: &Expr, objects: &Objects<'_>, sources: &mut Sources) {
    for item in objects.of_group("GlobalNetworkSet", GROUPS) {
        let empty = Value::default();
        let labels = item.value.at(&["metadata", "labels"]).unwrap_or(&empty);
        match expr.holds_for_labels(labels) {
            Some(true) => entries::addresses(item.value.at(&["spec", "nets"]), sources),
            Some(false) => {}
            None => sources.unknown = Some(Missing::new(format!("whether {} is meant", item.name))),
        }
    }
}
