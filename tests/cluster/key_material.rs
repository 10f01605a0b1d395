//! Private keys that the webhook has had, to show that no log has them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::webhook::ControlPlane;

use super::objects::secret;

/// Texts by which a private key would show: each line of its PEM form, and the forms that the Secret and Rust have.
#[derive(Default)]
pub(crate) struct KeyMaterial(BTreeSet<String>);

impl KeyMaterial {
    /// Adds the keys that the Secret has now.
    pub(crate) fn add(&mut self, plane: &ControlPlane) {
        for (name, value) in secret(plane) {
            if !name.ends_with("key.pem") {
                continue;
            }
            let lines: Vec<&str> = value.lines().filter(|line| !line.starts_with("-----")).collect();
            let der = STANDARD.decode(lines.concat()).expect("a key in PEM");
            self.0.extend(lines.iter().map(ToString::to_string));
            // The base64 of the PEM form has no line ends. Parts of it are found too.
            let encoded = STANDARD.encode(&value);
            let parts = encoded.as_bytes().chunks(40).filter(|part| part.len() == 40);
            // The first parts encode the header, which is not secret.
            self.0.extend(
                parts
                    .skip(1)
                    .map(|part| String::from_utf8_lossy(part).into_owned()),
            );
            // The private number, as `Debug` and hexadecimal digits would show it.
            let number = &der[36..68];
            let debug = format!("{number:?}");
            self.0.insert(debug.trim_matches(['[', ']']).to_owned());
            self.0
                .insert(number.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }

    /// Asserts that no log has any of the texts.
    #[track_caller]
    pub(crate) fn is_in_none_of(&self, logs: &BTreeMap<String, String>) {
        assert!(
            self.0.len() > 20 && logs.len() > 1,
            "{} texts, {} logs",
            self.0.len(),
            logs.len()
        );
        for (pod, log) in logs {
            assert!(log.contains("\"level\":\"TRACE\""), "{pod}");
            let found = self.0.iter().filter(|text| log.contains(text.as_str())).count();
            assert!(
                !log.contains("PRIVATE KEY") && found == 0,
                "{pod} logs key material"
            );
        }
    }
}
