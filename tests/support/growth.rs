//! Sets of many rules that have something in common, so that the time to load and to compare them could grow faster than
//! their number.

/// A name, and a rule for each number.
pub type Kind = (&'static str, fn(usize) -> String);

/// Kinds of rules.
pub const KINDS: [Kind; 18] = [
    ("chains", |n| format!("swap e.com/a{n}/ -> e.com/a{}/", n + 1)),
    ("chains of tags", |n| {
        format!("swap e.com/a:{n} -> e.com/a:{}", n + 1)
    }),
    ("chains of registries", |n| {
        format!("swap e{n}.com/*/ -> e{}.com/{{1}}/", n + 1)
    }),
    ("chains with pull secrets", |n| {
        format!("swap e.com/a{n}/ -> e.com/a{}/ pull-secret s{n}", n + 1)
    }),
    ("chains with warnings", |n| {
        format!(
            "warn e.com/a{n}/ because \"w{n}\"\nswap e.com/a{n}/ -> e.com/a{}/",
            n + 1
        )
    }),
    ("swaps in both directions", |n| {
        let (there, back) = (format!("when namespace n{n}"), format!("when namespace m{n}"));
        format!(
            "swap a.io/ -> b.io/ {there} allow shared-target\nswap b.io/ -> a.io/ {back} allow shared-target"
        )
    }),
    ("segments behind a wildcard", |n| {
        format!("swap docker.io/*/p{n}/** -> docker.io/{{1}}/q{n}/{{2}}")
    }),
    ("last segments", |n| {
        format!("swap a.io/**/p{n} -> a.io/q/{{1}}/r{n}")
    }),
    ("parts of segments", |n| {
        format!("swap docker.io/*x{n}* -> docker.io/y{n}")
    }),
    ("several wildcards", |n| {
        format!("deny a.example.com/**/*a*/*b{n}*")
    }),
    ("names and tags", |n| format!("deny quay.io/a{n}*/*x:v1*")),
    ("tags", |n| format!("deny **:v{n}.*-rc*")),
    ("digests", |n| format!("deny docker.io/a*/**@sha256:{n:06x}*")),
    ("original images", |n| format!("keep written *x{n}*")),
    ("namespaces", |n| format!("warn docker.io/ when namespace n{n}")),
    ("lists of namespaces", |n| {
        let list: Vec<String> = (0..20).map(|number| format!("n{n}-{number}")).collect();
        format!("deny docker.io/a{n}/ when namespace {}", list.join(", "))
    }),
    ("labels", |n| format!("deny ** when label k{n}")),
    ("several conditions", |n| {
        format!(
            "warn docker.io/x{}* when label app=a{n} and not owner C{n}",
            n % 7
        )
    }),
];

/// Returns the text of rules of a kind, from a number on.
pub fn rules((_, line): Kind, first: usize, count: usize) -> String {
    let lines = (first..first + count).map(|number| line(number) + "\n");
    format!("rules v1\n{}", lines.collect::<String>())
}
