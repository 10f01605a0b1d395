//! What an old configuration lies in: a map file, or YAML of Kubernetes, or nothing but a prefix.

use std::path::Path;

use imageswap_engine::diagnostic::{SourceId, SourceMap};
use imageswap_engine::syntax::rules::is_rules_file;
use imageswap_files::is_kubernetes;

use crate::config_map::OldConfigMap;
use crate::migration::Old;
use crate::variables::Variables;

/// What was found in a text, or given by itself.
#[derive(Debug)]
enum Found {
    /// A map file.
    Map(SourceMap, SourceId),
    /// The value of `IMAGE_PREFIX`.
    Prefix(String),
}

/// An old configuration, and where it was.
#[derive(Debug)]
pub struct Input {
    found: Found,
    /// Description for people: `maps.conf is a map`, `the prefix ... of LEGACY mode, from ...`.
    pub what: String,
    /// Description in the heading of the rules file: `the map maps.conf`.
    pub origin: String,
    /// Place in messages about the whole of it.
    pub place: String,
    /// The ConfigMap of a map, without the map; `None` if the map was in no ConfigMap.
    pub config_map: Option<OldConfigMap>,
}

impl Input {
    /// Returns the configuration.
    #[must_use]
    pub fn old(&self) -> Old<'_> {
        match &self.found {
            Found::Map(sources, source) => Old::Map(sources, *source),
            Found::Prefix(prefix) => Old::Prefix(prefix),
        }
    }

    /// Returns the name that lines of the map have; a prefix has no lines, so it is where the prefix was found.
    #[must_use]
    pub fn source(&self) -> &str {
        match &self.found {
            Found::Map(sources, source) => sources.get(*source).map_or("", |source| source.name()),
            Found::Prefix(_) => &self.place,
        }
    }

    /// Returns the configuration of a prefix of LEGACY mode. `from` names the option, variable or object that has it.
    #[must_use]
    pub fn from_prefix(prefix: &str, from: &str) -> Self {
        let called = match prefix {
            "" => "an empty prefix of LEGACY mode, which swaps nothing".to_owned(),
            _ => format!("the prefix `{prefix}` of LEGACY mode"),
        };
        Self {
            found: Found::Prefix(prefix.to_owned()),
            what: format!("{called}, from {from}"),
            origin: called,
            place: from.to_owned(),
            config_map: None,
        }
    }

    /// Parses a map, or Kubernetes YAML with a map or with the variables of LEGACY mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is rules already, or YAML without one of them.
    pub fn parse(name: &str, text: String) -> Result<Self, String> {
        if is_kubernetes(Path::new(name), &text) {
            return Self::parse_yaml(name, text);
        }
        if is_rules_file(&text).is_some() {
            return Err(format!(
                "{name} holds rules already; `imageswap check {name}` says whether they load"
            ));
        }
        let mut sources = SourceMap::default();
        let source = sources.add(name, text);
        Ok(Self {
            found: Found::Map(sources, source),
            what: format!("{name} is a map"),
            origin: format!("the map {name}"),
            place: name.to_owned(),
            config_map: None,
        })
    }

    fn parse_yaml(name: &str, text: String) -> Result<Self, String> {
        let fail = |error: imageswap_files::YamlError| {
            let help = error
                .help
                .map(|help| format!("; help: {help}"))
                .unwrap_or_default();
            format!("cannot read {name}: {error}{help}")
        };
        let mut variables = Variables::default();
        let objects = imageswap_files::objects(&text).map_err(fail)?;
        for object in &objects {
            variables.add(object);
        }
        let is_legacy = variables
            .mode
            .as_deref()
            .is_some_and(|mode| mode.eq_ignore_ascii_case("LEGACY"));
        if is_legacy {
            let of = variables.object.unwrap_or_default();
            if let Some(reference) = variables.reference.filter(|_| variables.prefix.is_none()) {
                return Err(format!(
                    "{name}: {of} takes {reference}; give that one, or the prefix by --image-prefix"
                ));
            }
            let prefix = variables.prefix.unwrap_or_default();
            return Ok(Self::from_prefix(&prefix, &format!("{of} in {name}")));
        }
        let mut maps = Vec::new();
        for map in imageswap_files::config_maps(&text).map_err(fail)? {
            let beside = OldConfigMap::new(&map);
            let of = config_map_name(map.namespace.as_deref(), map.name.as_deref());
            for entry in map.data.into_iter().filter(|entry| is_map(&entry.key)) {
                maps.push(FoundMap {
                    of: of.clone(),
                    beside: beside.without(&entry.key),
                    key: entry.key.clone(),
                    text: Ok(entry.text.clone()),
                    entry: Some(entry),
                });
            }
            // kubectl puts a file there that is not UTF-8, and other tools whatever they like.
            for binary in map.binary.into_iter().filter(|binary| is_map(&binary.key)) {
                maps.push(FoundMap {
                    of: of.clone(),
                    beside: beside.without(&binary.key),
                    key: binary.key,
                    text: imageswap_files::to_text(binary.bytes).map_err(|why| why.to_string()),
                    entry: None,
                });
            }
        }
        // Other things have a `.conf` as well, where all ConfigMaps are given.
        if maps.iter().any(|map| map.key == MAPS) {
            maps.retain(|map| map.key == MAPS);
        }
        let mut maps = maps.into_iter();
        match (maps.next(), maps.next()) {
            (Some(map), None) => {
                let place = map.place();
                let text = map
                    .text
                    .map_err(|why| format!("cannot read {name}: {place}, in binaryData: {why}"))?;
                if is_rules_file(&text).is_some() {
                    return Err(format!("{name}: {place} holds rules already"));
                }
                let mut sources = SourceMap::default();
                let source = match &map.entry {
                    Some(entry) => {
                        let yaml = sources.add(name, text);
                        entry.add_to(&mut sources, yaml)
                    }
                    None => sources.add(map.key.as_str(), text),
                };
                Ok(Self {
                    found: Found::Map(sources, source),
                    what: format!("{name} holds a map, {place}"),
                    place: format!("{place} in {name}"),
                    origin: place,
                    config_map: Some(map.beside),
                })
            }
            (Some(one), Some(other)) => Err(format!(
                "{name} holds several maps, {} and {}; give one of them by itself",
                one.place(),
                other.place()
            )),
            (None, _) => Err(variables.without_map(name)),
        }
    }
}

/// A map in a ConfigMap.
struct FoundMap {
    /// What the ConfigMap is called.
    of: String,
    beside: OldConfigMap,
    key: String,
    /// What it says, or why that can't be read.
    text: Result<String, String>,
    /// Where it stands, if it stands there as it is.
    entry: Option<imageswap_files::Entry>,
}

impl FoundMap {
    fn place(&self) -> String {
        format!("the key {} of {}", self.key, self.of)
    }
}

/// The key that imageswap-webhook's own manifests have.
const MAPS: &str = "maps";

fn is_map(key: &str) -> bool {
    key == MAPS || key.ends_with(".conf")
}

fn config_map_name(namespace: Option<&str>, name: Option<&str>) -> String {
    match (namespace, name) {
        (Some(namespace), Some(name)) => format!("ConfigMap {namespace}/{name}"),
        (None, Some(name)) => format!("ConfigMap {name}"),
        _ => "a ConfigMap".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        Input::parse("x.yaml", text.to_owned()).map(|input| match input.found {
            Found::Map(sources, source) => {
                let text = sources.get(source).map_or("", |source| source.text());
                format!("{}: {text}", input.what)
            }
            Found::Prefix(_) => input.what,
        })
    }

    const ENV: &str = "kind: ConfigMap\nmetadata: {name: imageswap-env}\ndata: {IMAGESWAP_MODE: LEGACY, IMAGE_PREFIX: h.io}\n";
    const MAPS: &str =
        "kind: ConfigMap\nmetadata: {name: imageswap-maps, namespace: ns}\ndata:\n  maps: |\n    a::b\n";
    const DEPLOYMENT: &str = "kind: Deployment\nmetadata: {name: imageswap}\nspec: {template: {spec: {containers: [{image: x/imageswap, env: [{name: IMAGESWAP_MODE, value: legacy}, {name: IMAGE_PREFIX, value: p-}]}]}}}\n";

    #[test]
    fn a_map_and_a_prefix_are_found_where_they_lie() {
        assert_eq!(
            read(MAPS).as_deref(),
            Ok("x.yaml holds a map, the key maps of ConfigMap ns/imageswap-maps: a::b\n")
        );
        assert_eq!(
            read(ENV).as_deref(),
            Ok("the prefix `h.io` of LEGACY mode, from ConfigMap imageswap-env in x.yaml")
        );
        assert_eq!(
            read(DEPLOYMENT).as_deref(),
            Ok("the prefix `p-` of LEGACY mode, from Deployment imageswap in x.yaml")
        );
        let both = format!("{}---\n{MAPS}", ENV.replace("LEGACY", "MAPS"));
        assert!(read(&both).unwrap().starts_with("x.yaml holds a map"));
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_out() {
        for (text, said) in [
            ("kind: Service\n", "x.yaml holds no old configuration"),
            (
                &ENV.replace("LEGACY", "MAPS"),
                "ConfigMap imageswap-env says the mode MAPS, and no map is there",
            ),
            (
                &ENV.replace("IMAGESWAP_MODE: LEGACY, ", ""),
                "has a prefix, but not IMAGESWAP_MODE=LEGACY",
            ),
            (&format!("{MAPS}---\n{MAPS}"), "holds several maps"),
            (&MAPS.replace("a::b", "rules v1"), "holds rules already"),
            (
                &DEPLOYMENT.replace("value: p-", "valueFrom: {configMapKeyRef: {name: x}}"),
                "takes IMAGE_PREFIX from ConfigMap x",
            ),
            ("kind: [", "no YAML"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let error = Input::parse("a", "rules v1\n".to_owned()).err().unwrap();
        assert!(error.contains("`imageswap check a`"), "{error}");
    }
}
