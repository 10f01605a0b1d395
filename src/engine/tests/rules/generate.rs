//! Sets of rules, images and contexts, from a row of choices: bytes, of which shorter and smaller ones make simpler
//! things. The words are few, so that rules meet one another.

use std::borrow::Cow;

use imageswap_engine::rules::{Context, Operation, Owner, Place};

const REGISTRIES: [&str; 12] = [
    "quay.io",
    "docker.io",
    "h.io",
    "gcr.io",
    "eu.gcr.io",
    "a.h.io",
    "h.io:5000",
    "localhost",
    "localhost:5000",
    "[::1]:5000",
    "Index.Docker.io:443",
    "Quay.IO:443",
];
/// What a target may name.
const TARGET_REGISTRIES: [&str; 8] = [
    "h.io",
    "quay.io",
    "a.h.io",
    "h.io:5000",
    "docker.io",
    "localhost",
    "H.io:443",
    "[::1]:5000",
];
const OPEN_REGISTRIES: [&str; 9] = [
    "**",
    "*",
    "*.gcr.io",
    "*.io",
    "h.*",
    "quay.io:*",
    "*:5000",
    "*.h.io",
    "*.*",
];
const SEGMENTS: [&str; 8] = ["a", "b", "library", "nginx", "acme", "a-b", "m", "x.y"];
const OPEN_SEGMENTS: [&str; 6] = ["*", "**", "a*", "*b", "*-*", "n*x*"];
const TAGS: [&str; 6] = ["1", "latest", "v1", "v1.2-p1", "V2", "a"];
const OPEN_TAGS: [&str; 5] = ["*", "v*", "*.*", "lat*", "*1"];
const SHA: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OTHER_SHA: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const GLOBS: [&str; 16] = [
    "*",
    "nginx",
    "nginx:*",
    "*nginx*",
    "a/*",
    "*/*",
    "[a-n]*",
    "[!a-h]*/*:*",
    "docker.io/*",
    "*[*]*",
    "h.io/?/*",
    "*:5000/*",
    "*@*",
    "quay.io/[]a]/*",
    "*.io/a*",
    "??*",
];
const PLACEHOLDERS: [&str; 11] = [
    "{path}",
    "{name}",
    "{1}",
    "{2}",
    "{domain}",
    "{host}",
    "{port}",
    "{tag}",
    "{digest}",
    "{written}",
    "{3}",
];
const CONDITIONS: [&str; 26] = [
    "namespace prod-*",
    "namespace prod-eu",
    "namespace dev-a, prod-eu",
    "namespace *-a",
    "label team",
    "label team=pay*, core",
    "label team=",
    "label team=core",
    "annotation example.com/swap=off",
    "annotation example.com/swap",
    "owner Cluster",
    "owner Cluster.postgresql.*",
    "owner *.apps, Job",
    "owner *.*",
    "container istio-*",
    "container main",
    "place main, init",
    "place volume",
    "place s*",
    "kind Pod",
    "kind *Job",
    "operation create",
    "operation update",
    "user system:*",
    "hook canary",
    "unqualified",
];
/// Put before the first rule, and used in the place of their values.
const CONSTANTS: [(&str, &str); 5] = [
    ("hub", "h.io"),
    ("deep", "a/b"),
    ("star", "*"),
    ("ns", "prod-*"),
    ("slash", "acme/"),
];

/// A row of choices. Where it ends, the first of each is chosen.
pub(crate) struct Choices<'b>(std::slice::Iter<'b, u8>);

/// Files with their texts, and the texts that images can be made of: patterns and targets.
pub(crate) struct Generated {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) forms: Vec<String>,
}

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes.iter())
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.0.len() == 0
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % count
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// Files of rules, some of which may be wrong.
    pub(crate) fn files(&mut self) -> Generated {
        let mut generated = Generated {
            files: Vec::new(),
            forms: Vec::new(),
        };
        let count = 1 + usize::from(self.one_in(4)) + usize::from(self.one_in(8));
        for (number, name) in ["a.rules", "b.rules", "c.rules"]
            .into_iter()
            .take(count)
            .enumerate()
        {
            let text = self.file(number == 0, &mut generated.forms);
            generated.files.push((name.to_owned(), text));
        }
        generated
    }

    fn file(&mut self, first: bool, forms: &mut Vec<String>) -> String {
        let end = if self.one_in(6) { "\r\n" } else { "\n" };
        let mut text = String::new();
        if self.one_in(8) {
            text.push('\u{feff}');
        }
        text += "rules v1";
        let is_confined = self.one_in(8);
        if is_confined {
            text += &format!(" when {}", self.condition());
        }
        text += end;
        if first {
            text += &constants(end);
        }
        for number in 0..1 + self.below(7) {
            let statement = match self.below(12) {
                0..=5 => self.swap(forms),
                6 | 7 => self.rule("keep", forms),
                8 => self.rule("deny", forms),
                9 => self.rule("warn", forms),
                10 if !is_confined => format!("home {}", self.home()),
                10 => format!("off r{}", self.below(4)),
                _ => self.test(),
            };
            let name = if self.one_in(4) && !statement.starts_with(['h', 'o', 't']) {
                format!(" as r{number}{}", if first { "" } else { "x" })
            } else {
                String::new()
            };
            text += &statement;
            text += &name;
            if self.one_in(8) && !statement.starts_with(['h', 'o', 't']) {
                text += &format!("{end}# between{end}  because \"say \\\"{{hub}}\\\" \\{{ # \\\\\"");
            }
            text += if self.one_in(8) { "   # a comment" } else { "" };
            text += end;
        }
        text
    }

    /// A swap, and what images can be made of.
    pub(crate) fn swap(&mut self, forms: &mut Vec<String>) -> String {
        let pattern = self.pattern();
        let target = self.target(&pattern);
        forms.push(pattern.clone());
        forms.push(target.clone());
        format!(
            "swap {} -> {}{}",
            self.disguised(&pattern),
            self.disguised(&target),
            self.modifiers(true)
        )
    }

    fn rule(&mut self, action: &str, forms: &mut Vec<String>) -> String {
        let pattern = self.pattern();
        forms.push(pattern.clone());
        format!(
            "{action} {}{}",
            self.disguised(&pattern),
            self.modifiers(action == "keep")
        )
    }

    fn modifiers(&mut self, lets_through: bool) -> String {
        let mut text = String::new();
        if self.one_in(3) {
            text += &format!(" when {}", self.condition());
            while self.one_in(4) {
                text += &format!(" and {}", self.condition());
            }
        }
        if lets_through && self.one_in(6) {
            text += &format!(" pull-secret {}", self.of(&["s", "t"]));
        }
        text
    }

    fn condition(&mut self) -> String {
        let not = if self.one_in(3) { "not " } else { "" };
        let condition = self.of(&CONDITIONS);
        format!("{not}{condition}")
    }

    /// Puts constants into a word.
    fn disguised(&mut self, word: &str) -> String {
        let mut word = word.to_owned();
        for (name, value) in CONSTANTS.iter().take(3) {
            if !word.starts_with("written") && self.one_in(6) {
                word = word.replacen(value, &format!("{{{name}}}"), 1);
            }
        }
        word
    }

    /// Mostly one of those that swaps lead to.
    fn registry(&mut self) -> &'static str {
        match self.one_in(2) {
            true => REGISTRIES[self.below(3)],
            false => REGISTRIES[self.below(REGISTRIES.len())],
        }
    }

    pub(crate) fn pattern(&mut self) -> String {
        if self.one_in(8) {
            return format!("written {}", self.of(&GLOBS));
        }
        let mut segments = Vec::new();
        match self.below(4) {
            0 => segments.push(self.of(&OPEN_REGISTRIES)),
            1 => {}
            _ => segments.push(self.registry()),
        }
        for _ in 0..self.below(4) {
            segments.push(if self.one_in(3) {
                self.of(&OPEN_SEGMENTS)
            } else {
                self.of(&SEGMENTS)
            });
        }
        let mut text = segments.join("/");
        if text.is_empty() {
            text.push_str(self.of(&SEGMENTS));
        }
        let is_registry_alone = segments.len() == 1 && text.contains(['.', ':', '*']) || text == "localhost";
        if self.below(3) < 2 || is_registry_alone && text != "**" {
            return text + "/";
        }
        if self.one_in(3) {
            let tag = if self.one_in(2) {
                self.of(&OPEN_TAGS)
            } else {
                self.of(&TAGS)
            };
            text += &format!(":{tag}");
        }
        if self.one_in(6) {
            text += &format!("@{}", self.of(&["*", SHA, "sha256:*"]));
        }
        text
    }

    fn target(&mut self, pattern: &str) -> String {
        let below = pattern.ends_with('/') && !pattern.starts_with("written");
        let stars = pattern.replace("**", "*").matches('*').count();
        let mut text = match self.one_in(2) {
            true => TARGET_REGISTRIES[self.below(2)].to_owned(),
            false => self.of(&TARGET_REGISTRIES).to_owned(),
        };
        if pattern.starts_with("*.") && self.one_in(3) {
            text = self
                .of(&["{1}.h.io", "x-{1}.quay.io", "{1}.gcr.io:5000"])
                .to_owned();
        }
        for _ in 0..self.below(3) {
            text.push('/');
            text += &match self.below(5) {
                0 => self.of(&PLACEHOLDERS).to_owned(),
                1 => format!("a{}", self.of(&PLACEHOLDERS)),
                2 => format!("{}-{}", self.of(&PLACEHOLDERS), self.of(&PLACEHOLDERS)),
                _ => self.of(&SEGMENTS).to_owned(),
            };
        }
        if below && self.below(4) < 3 {
            text.push('/');
        } else {
            let last = if self.one_in(3) {
                self.of(&SEGMENTS)
            } else {
                self.of(&PLACEHOLDERS)
            };
            text += &format!("/{last}");
            text += self.of(&[
                "",
                "",
                "",
                ":v2",
                ":{tag}",
                ":{tag}@{digest}",
                ":v{1}",
                "@{digest}",
                ":{2}",
                ":a{port}",
            ]);
        }
        // What the pattern does not take can't be named.
        for number in stars + 1..4 {
            text = text.replace(&format!("{{{number}}}"), "{name}");
        }
        text
    }

    fn home(&mut self) -> String {
        let first = self.of(&[
            "h.io/",
            "h.io/m/",
            "a.h.io/",
            "docker.io/",
            "localhost:5000/",
            "acme/",
            "{hub}/{deep}/",
        ]);
        match self.one_in(3) {
            true => format!("{first}, {}", self.of(&["quay.io/", "H.io:443/m/"])),
            false => first.to_owned(),
        }
    }

    fn test(&mut self) -> String {
        let image = self.image(&[]);
        let outcome = self.of(&["keep", "deny", "warn", "-> h.io/a", "-> h.io/library/nginx"]);
        format!("test {image} {outcome}")
    }

    /// An image: of these forms, or any; sometimes with a small difference, sometimes none at all.
    pub(crate) fn image(&mut self, forms: &[String]) -> String {
        let mut text = if forms.is_empty() || self.one_in(4) {
            self.plain_image()
        } else {
            let form = &forms[self.below(forms.len())];
            self.of_form(form.strip_prefix("written ").unwrap_or(form))
        };
        if self.one_in(10) {
            let at = self.below(text.len().max(1));
            if text.is_char_boundary(at) {
                match self.below(4) {
                    0 => text.insert_str(at, self.of(&["/", "a", "-x", ".", ":", "@", "A", "_"])),
                    1 => text.truncate(at),
                    2 => text = text[at..].to_owned(),
                    _ => text.make_ascii_uppercase(),
                }
            }
        }
        text
    }

    /// Makes a small difference to a text.
    pub(crate) fn edit(&mut self, text: &mut String, at: usize) {
        let signs = [
            "/",
            "a",
            "-x",
            ".",
            ":",
            "@",
            "A",
            "_",
            "*",
            "**",
            "{",
            "}",
            "\"",
            "\\",
            " ",
            "\n",
            "\t",
            "#",
            ",",
            "->",
            "[",
            "]",
            "=",
            "\u{e9}",
            "\u{a0}",
            "\r",
            "\u{0}",
            "{1}",
            "{path}",
            "rules v1\n",
            " when ",
            "not ",
        ];
        match self.below(4) {
            0 => {
                let sign = self.of(&signs);
                text.insert_str(at, sign);
            }
            1 => text.truncate(at),
            2 => *text = text[at..].to_owned(),
            _ => {
                let end = at + self.below(8);
                if text.is_char_boundary(end.min(text.len())) {
                    text.replace_range(at..end.min(text.len()), "");
                }
            }
        }
    }

    fn plain_image(&mut self) -> String {
        let mut segments = Vec::new();
        if self.below(3) > 0 {
            segments.push(self.of(&REGISTRIES));
        }
        for _ in 0..=self.below(4) {
            segments.push(self.of(&SEGMENTS));
        }
        segments.join("/") + &self.tag_and_digest()
    }

    fn tag_and_digest(&mut self) -> String {
        let mut text = String::new();
        if self.one_in(2) {
            text += &format!(":{}", self.of(&TAGS));
        }
        if self.one_in(4) {
            text += &format!("@{}", self.of(&[SHA, OTHER_SHA]));
        }
        text
    }

    /// Puts something in the place of wildcards and placeholders.
    fn of_form(&mut self, form: &str) -> String {
        let mut text = String::new();
        let mut rest = form;
        while let Some(character) = rest.chars().next() {
            let mut length = character.len_utf8();
            match character {
                '*' if rest.starts_with("**") => {
                    length = 2;
                    let count = self.below(3);
                    let segments: Vec<&str> = (0..=count).map(|_| self.of(&SEGMENTS)).collect();
                    text += &segments.join("/");
                }
                '*' if text.is_empty() => text += self.of(&REGISTRIES),
                '*' | '?' => text += self.of(&["a", "b", "nginx", "", "x", "1", "5000", "h"]),
                '[' if !rest.starts_with("[:") => {
                    length = rest.find(']').map_or(1, |at| at + 1);
                    text.push('a');
                }
                '{' => {
                    length = rest.find('}').map_or(1, |at| at + 1);
                    text += self.of(&["a", "b", "nginx", "a/b", "1", "latest", "quay.io", "h.io_5000"]);
                }
                _ => text.push(character),
            }
            rest = &rest[length..];
        }
        if text.ends_with('/') {
            text += &self.below_a_prefix();
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        match last.contains([':', '@']) {
            true => text,
            false => text + &self.tag_and_digest(),
        }
    }

    fn below_a_prefix(&mut self) -> String {
        let form = self.of(&["nginx", "a", "*", "**", "library/x.y", "b/{name}"]);
        self.of_form(form)
    }

    /// What an image belongs to.
    pub(crate) fn setting(&mut self) -> Setting {
        Setting {
            namespace: [
                Some("default"),
                Some("prod-eu"),
                Some("dev-a"),
                Some("prod-a"),
                None,
            ][self.below(5)],
            labels: self.pair("team", &["core", "payments", "", "x"]),
            annotations: self.pair("example.com/swap", &["off", "on"]),
            owner: [
                None,
                Some(("Cluster", "postgresql.cnpg.io")),
                Some(("ReplicaSet", "apps")),
                Some(("Job", "batch")),
                Some(("ReplicationController", "")),
                Some(("Cluster", "x.io")),
            ][self.below(6)],
            container: [Some("main"), Some("istio-proxy"), None][self.below(3)],
            place: [
                Place::Main,
                Place::Init,
                Place::Sidecar,
                Place::Ephemeral,
                Place::Volume,
            ][self.below(5)],
            kind: [Some("Pod"), Some("CronJob"), None][self.below(3)],
            operation: [Some(Operation::Create), Some(Operation::Update), None][self.below(3)],
            user: [None, Some("system:admin"), Some("jane")][self.below(3)],
            hook: [None, Some("canary"), Some("other")][self.below(3)],
        }
    }

    fn pair(
        &mut self,
        key: &'static str,
        values: &[&'static str],
    ) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
        match self.one_in(2) {
            true => vec![(key.into(), self.of(values).into())],
            false => Vec::new(),
        }
    }
}

/// The statements that define what swaps may use.
pub(crate) fn constants(end: &str) -> String {
    let lines = CONSTANTS
        .iter()
        .map(|(name, value)| format!("let {name} = {value}{end}"));
    lines.collect()
}

/// What an image belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    namespace: Option<&'static str>,
    labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    annotations: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    owner: Option<(&'static str, &'static str)>,
    container: Option<&'static str>,
    place: Place,
    kind: Option<&'static str>,
    operation: Option<Operation>,
    user: Option<&'static str>,
    hook: Option<&'static str>,
}

impl Setting {
    /// What a test supposes that names nothing.
    pub(crate) fn of_a_test() -> Self {
        Self {
            namespace: Some("default"),
            labels: Vec::new(),
            annotations: Vec::new(),
            owner: None,
            container: Some("main"),
            place: Place::Main,
            kind: Some("Pod"),
            operation: Some(Operation::Create),
            user: None,
            hook: None,
        }
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            namespace: self.namespace,
            labels: &self.labels,
            annotations: &self.annotations,
            owner: self.owner.map(|(kind, group)| Owner { kind, group }),
            container: self.container,
            place: self.place,
            kind: self.kind,
            operation: self.operation,
            user: self.user,
            hook: self.hook,
        }
    }
}
