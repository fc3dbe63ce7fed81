//! What belongs together across files: a variable and what sets it, a value and its source, a Service and its pods, an image and the
//! file that it is built from; and the names in comments that allow findings.

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_syntax::value::How;
use plimsoll_syntax::{Item, Place, Span};
use plimsoll_world::{Kind, NodeId, World};

use super::values::{Visit, cover, smaller};
use crate::Engine;
use crate::db::{Db, SourceFile};
use crate::kind::FileKind;
use crate::live::{Cancelled, Snapshot};
use crate::queries;
use crate::report::Range;
use crate::world::images::dockerfile_of;
use crate::world::{regions, scene, seen};

/// A place in a file.
type Spot = (Utf8PathBuf, Range);

impl Snapshot {
    /// Where what stands at a byte of a file comes from.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn definitions(&self, path: &Utf8Path, offset: usize) -> Result<Vec<Spot>, Cancelled> {
        self.ask(|engine| engine.linked(path, |file| engine.definitions(file, offset)))
    }

    /// Where what stands at a byte of a file is used.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn references(&self, path: &Utf8Path, offset: usize) -> Result<Vec<Spot>, Cancelled> {
        self.ask(|engine| engine.linked(path, |file| engine.references(file, offset)))
    }

    /// The names of rules in comments that allow findings.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn allowed_rules(&self, path: &Utf8Path) -> Result<Vec<(String, Range)>, Cancelled> {
        self.ask(|engine| engine.allowed_rules(path).unwrap_or_default())
    }
}

impl Engine {
    fn linked(&self, path: &Utf8Path, places: impl FnOnce(SourceFile) -> Vec<Place>) -> Vec<Spot> {
        let Some(file) = self.db.file(path).filter(|file| file.content(&self.db).kind.is_some()) else { return Vec::new() };
        let mut places = places(file);
        places.retain(|place| place.is_some());
        let mut known: Vec<Place> = Vec::new();
        for place in places {
            if !known.contains(&place) {
                known.push(place);
            }
        }
        known.into_iter().filter_map(|place| self.spot_of(place)).collect()
    }

    fn definitions(&self, file: SourceFile, offset: usize) -> Vec<Place> {
        let mut all = Vec::new();
        self.along(file, offset, &mut |visit, at| {
            let chain = visit.chain();
            let step = |at: usize| chain.get(at).copied();
            // An attribute is its expression; what a step sets is the step.
            let at = match step(at) {
                Some((None, _)) if at == 0 => 1,
                Some((None, _)) => at - 1,
                _ => at,
            };
            match step(at) {
                Some((Some(How::Variable(name)), place)) => {
                    all.extend(self.declaration(file, name, place));
                    all.extend(step(at + 1).map(|(_, place)| place));
                }
                Some((Some(How::Setting | How::Argument(_)), _)) => {
                    let reader = chain.iter().take(at).rev().find_map(|(how, place)| match how {
                        Some(How::Variable(name)) => Some((name, *place)),
                        _ => None,
                    });
                    all.extend(reader.and_then(|(name, place)| self.declaration(file, name, place)));
                }
                Some((Some(_), _)) => all.extend(step(at + 1).map(|(_, place)| place)),
                _ => {}
            }
        });
        all.extend(self.built_from(file, offset));
        if all.is_empty() {
            all.extend(self.behind(file, offset));
        }
        let holds = |place: &Place| place.file == file.id(&self.db) && touches(place.span, offset);
        all.retain(|place| !holds(place));
        all
    }

    fn references(&self, file: SourceFile, offset: usize) -> Vec<Place> {
        let id = file.id(&self.db);
        let mut all = Vec::new();
        self.along(file, offset, &mut |visit, at| all.extend(visit.chain().into_iter().take(at).map(|(_, place)| place)));
        // A declaration is used where its name is read, and set where it is given a value.
        let mut declared = Vec::new();
        self.with_items(file, &mut |items| {
            let own =
                items.iter().filter(|item| is_variable(item) && item.header.file == id && touches(item.header.span, offset));
            declared.extend(own.filter_map(|item| item.name.rsplit('.').next().map(str::to_owned)));
        });
        if !declared.is_empty() {
            let folder = self.folder(Place::new(id, Span::default()));
            self.visit(file, &mut |visit| {
                let chain = visit.chain();
                for (at, (how, place)) in chain.iter().enumerate() {
                    if let Some(How::Variable(name)) = how
                        && declared.iter().any(|declared| declared == name)
                        && self.folder(*place) == folder
                    {
                        all.push(*place);
                        let next = chain.get(at + 1);
                        all.extend(next.filter(|(how, _)| how.is_some()).map(|(_, place)| *place));
                    }
                }
            });
        }
        all.extend(self.in_front(file, offset));
        all.retain(|place| !(place.file == id && touches(place.span, offset)));
        all
    }

    /// The values of whose way a byte of the file is the smallest part, with its number.
    fn along(&self, file: SourceFile, offset: usize, found: &mut dyn FnMut(&Visit<'_>, usize)) {
        let id = file.id(&self.db);
        let mut smallest = None;
        self.visit(file, &mut |visit| smallest = smaller(smallest, cover(visit, id, offset).map(|(_, span)| span)));
        self.visit(file, &mut |visit| {
            if let Some((at, _)) = cover(visit, id, offset).filter(|(_, span)| Some(*span) == smallest) {
                found(visit, at);
            }
        });
    }

    /// The declaration of a variable that is read in a place.
    fn declaration(&self, file: SourceFile, name: &str, read: Place) -> Option<Place> {
        let folder = self.folder(read)?;
        let mut found = None;
        self.with_items(file, &mut |items| {
            let own = |item: &&Item| {
                is_variable(item)
                    && item.name.rsplit('.').next() == Some(name)
                    && self.folder(item.header).as_ref() == Some(&folder)
            };
            found = found.or_else(|| items.iter().find(own).map(|item| item.header));
        });
        found
    }

    fn folder(&self, place: Place) -> Option<Utf8PathBuf> {
        let file = self.db.by_id(place.file)?;
        file.path(&self.db).parent().map(Utf8Path::to_owned)
    }

    /// The file and stage that a service's image is built from, when the byte is in its `build` or `image`; a manifest's image is looked
    /// for among the services.
    fn built_from(&self, file: SourceFile, offset: usize) -> Vec<Place> {
        let mut images: Vec<String> = Vec::new();
        let mut all = Vec::new();
        let own = file.content(&self.db).kind == Some(FileKind::Compose);
        self.along(file, offset, &mut |visit, _| {
            let path = visit.path();
            if own && (path == "build" || path.starts_with("build.")) {
                all.extend(self.built(file, visit.item));
            } else if path == "image" || path.ends_with(".image") {
                images.extend(visit.value.as_str().map(str::to_owned));
            }
        });
        if !images.is_empty() {
            let files = self.workspace.files(&self.db).iter();
            for &file in files.filter(|file| file.content(&self.db).kind == Some(FileKind::Compose)) {
                for item in crate::compose::compose_items(&self.db, self.workspace, file).iter() {
                    let named = item.value.str_at(&["image"]).is_some_and(|image| images.iter().any(|own| own == image));
                    if named && item.value.get("build").is_some() {
                        all.extend(self.built(file, item));
                    }
                }
            }
        }
        all
    }

    fn built(&self, file: SourceFile, service: &Item) -> Option<Place> {
        let build = service.value.get("build")?;
        let dockerfile = self.db.file(&dockerfile_of(file.path(&self.db), build)?)?;
        let items = crate::file::file_items(&self.db, dockerfile);
        let stages = || items.iter().filter(|item| item.views.iter().any(|view| view == "stage"));
        let target = build.str_at(&["target"]);
        let stage = stages().find(|stage| target.is_some_and(|target| stage.name == target)).or_else(|| stages().next_back());
        stage.map(|stage| stage.header)
    }

    /// What stands behind a Service, an ingress or a load balancer whose header or selector the byte is in.
    fn behind(&self, file: SourceFile, offset: usize) -> Vec<Place> {
        let mut selects = false;
        self.along(file, offset, &mut |visit, _| selects |= visit.path().contains("selector"));
        self.ways(file, |world, id| {
            let node = world.node(id)?;
            let at = touches(node.place.span, offset) || selects && touches(node.range.span, offset);
            (node.kind == Kind::Proxy && at)
                .then(|| world.ways.iter().filter(move |way| way.from == id).map(|way| way.to).collect())
        })
    }

    /// What stands in front of the node at whose header the byte is.
    fn in_front(&self, file: SourceFile, offset: usize) -> Vec<Place> {
        self.ways(file, |world, id| {
            let node = world.node(id)?;
            let proxy = |from: NodeId| world.node(from).is_some_and(|node| node.kind == Kind::Proxy);
            let ways = world.ways.iter().filter(|way| way.to == id && proxy(way.from)).map(|way| way.from);
            touches(node.place.span, offset).then(|| ways.collect())
        })
    }

    fn ways(&self, file: SourceFile, ends: impl Fn(&World, NodeId) -> Option<Vec<NodeId>>) -> Vec<Place> {
        let scene = scene(&self.db, self.workspace, &self.outside);
        let id = file.id(&self.db);
        let of_region = |region| -> Vec<Place> {
            let (world, _) = seen(&self.db, self.workspace, scene, region);
            let own = world.all().filter(|(_, node)| node.place.file == id && node.place.is_some());
            let ends = own.filter_map(|(id, _)| ends(&world, id)).flatten();
            let ends = ends.filter_map(|id| world.node(id)).filter(|node| !node.kind.is_boundary());
            ends.map(|node| node.place).collect()
        };
        regions(&self.db, self.workspace, scene).iter().flat_map(of_region).collect()
    }

    fn allowed_rules(&self, path: &Utf8Path) -> Option<Vec<(String, Range)>> {
        let file = self.db.file(path)?;
        let text = file.content(&self.db).text.clone();
        let mut all = Vec::new();
        for comment in queries::suppressions(&self.db, file).iter().filter(|comment| comment.ours) {
            let mut from = comment.span.start as usize;
            for name in &comment.names {
                let rest = text.get(from..comment.span.end as usize).unwrap_or("");
                let Some(at) = rest.find(name.as_str()) else { continue };
                let span = Span::of(from + at, from + at + name.len());
                from += at + name.len();
                let place = Place::new(file.id(&self.db), span);
                all.extend(self.spot_of(place).map(|(_, range)| (name.clone(), range)));
            }
        }
        Some(all)
    }
}

fn is_variable(item: &Item) -> bool {
    item.views.iter().any(|view| view == "variable")
}

fn touches(span: Span, offset: usize) -> bool {
    span.start as usize <= offset && offset <= span.end as usize
}
