//! Inputs of a migration: a map file, Kubernetes YAML, or a prefix.

use std::path::Path;

use imageswap_engine::diagnostic::{SourceId, SourceMap};
use imageswap_engine::syntax::rules::is_rules_file;
use imageswap_files::is_kubernetes;

use crate::config_map::OldConfigMap;
use crate::migration::Old;
use crate::variables::Variables;

/// The old configuration, as it was found in a text or given.
#[derive(Debug)]
enum Found {
    /// A map file.
    Map(SourceMap, SourceId),
    /// The value of `IMAGE_PREFIX`.
    Prefix(String),
}

/// An old configuration, with its origin.
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
        let prefix = prefix.trim();
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
                "{name} already has rules; to check them, run `imageswap check {name}`"
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
                    "{name}: {of} takes {reference}; give that object, or the prefix with --image-prefix"
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
            // `kubectl create configmap --from-file` stores files that are not UTF-8 in `binaryData`.
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
        // If the YAML has all ConfigMaps of a namespace, other files have the ending `.conf` too.
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
                    return Err(format!("{name}: {place} already has rules"));
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
                    what: format!("{name} has a map, {place}"),
                    place: format!("{place} in {name}"),
                    origin: place,
                    config_map: Some(map.beside),
                })
            }
            (Some(one), Some(other)) => Err(format!(
                "{name} has several maps, {} and {}; give one of them on its own",
                one.place(),
                other.place()
            )),
            (None, _) => Err(variables.without_map(name)),
        }
    }
}

/// A map in a ConfigMap.
struct FoundMap {
    /// Name of the ConfigMap.
    of: String,
    beside: OldConfigMap,
    key: String,
    /// Text, or the reason why it is not readable.
    text: Result<String, String>,
    /// Entry of the YAML, if the text is in `data`.
    entry: Option<imageswap_files::Entry>,
}

impl FoundMap {
    fn place(&self) -> String {
        format!("the key {} of {}", self.key, self.of)
    }
}

/// Key in the manifests of imageswap-webhook v1.5.3.
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
    fn map_and_prefix_are_found_in_yaml() {
        assert_eq!(
            read(MAPS).as_deref(),
            Ok("x.yaml has a map, the key maps of ConfigMap ns/imageswap-maps: a::b\n")
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
        assert!(read(&both).unwrap().starts_with("x.yaml has a map"));
    }

    #[test]
    fn missing_configuration_is_an_error_with_a_fix() {
        for (text, expected) in [
            ("kind: Service\n", "x.yaml has no old configuration"),
            (
                &ENV.replace("LEGACY", "MAPS"),
                "ConfigMap imageswap-env sets the mode MAPS, but has no map",
            ),
            (
                &ENV.replace("IMAGESWAP_MODE: LEGACY, ", ""),
                "has a prefix, but not IMAGESWAP_MODE=LEGACY",
            ),
            (&format!("{MAPS}---\n{MAPS}"), "has several maps"),
            (&MAPS.replace("a::b", "rules v1"), "already has rules"),
            (
                &DEPLOYMENT.replace("value: p-", "valueFrom: {configMapKeyRef: {name: x}}"),
                "takes IMAGE_PREFIX from ConfigMap x",
            ),
            ("kind: [", "invalid YAML"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let error = Input::parse("a", "rules v1\n".to_owned()).err().unwrap();
        assert!(error.contains("`imageswap check a`"), "{error}");
    }
}
