//! The plan for a webhook configuration: the state that it must have, from everything that is known now.

use kube::core::DynamicObject;

use super::config_map::{EntriesSeen, EntriesState};
use super::configuration::{MANAGED, WebhookConfiguration};
use super::entries::{WebhookEntries, key};
use super::wanted::Wanted;
use crate::kubernetes::object::Object;
use crate::kubernetes::settings::Names;

/// The plan for a webhook configuration.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan {
    /// It is not changed; the reason.
    Untouched(String),
    /// It gets this state.
    Keep {
        wanted: Wanted,
        /// The problem that is left then.
        problem: Option<String>,
    },
}

/// Returns the plan for a configuration that exists, once the entries were read, or cannot be. `owner` is the uid of the Namespace.
pub(super) fn plan(
    kind: Object,
    object: &DynamicObject,
    entries: &EntriesSeen,
    bundle: &str,
    owner: Option<&str>,
    names: &Names,
) -> Plan {
    let configuration = WebhookConfiguration::new(object, names);
    if !configuration.is_managed() {
        return Plan::Untouched(format!(
            "the annotation {MANAGED} of {} is \"false\", so the webhook does not change it; remove the annotation to \
             restore the entries and caBundle",
            names.configuration
        ));
    }
    let object = match &entries.state {
        EntriesState::Unknown | EntriesState::Unused | EntriesState::Missing => None,
        EntriesState::Exists(object) => Some(&**object),
    };
    let (listed, mut problem) = match WebhookEntries::read(object, kind, names) {
        Ok(listed) => (listed, entries.problem.clone()),
        Err(error) => (WebhookEntries::Kept, Some(error.to_string())),
    };
    let owner = owner.filter(|_| configuration.may_have_owner());
    let wanted = Wanted::new(&listed, bundle, kind, owner);
    if problem.is_none() && !wanted.is_listed() && !configuration.is_armed() && !is_optional(kind, entries) {
        problem = Some(not_armed(kind, &entries.state, names));
    }
    if let Some(value) = configuration.meaningless_annotation() {
        problem.get_or_insert_with(|| {
            format!(
                "the value `{value}` of the annotation {MANAGED} means nothing, so the webhook restores the configuration; \
                 \"false\" stops that"
            )
        });
    }
    Plan::Keep { wanted, problem }
}

/// Returns true if an installation may lack the configuration, as that of v1.5.3 lacks the validating one.
pub(super) fn is_optional(kind: Object, entries: &EntriesSeen) -> bool {
    kind == Object::Validating && matches!(entries.state, EntriesState::Missing | EntriesState::Unused)
}

fn not_armed(kind: Object, entries: &EntriesState, names: &Names) -> String {
    let (service, config_map) = (&names.service, &names.entries);
    let cause = match entries {
        EntriesState::Unused => {
            "the webhook adds none, because --disable-auto-mwc is set; add them".to_owned()
        }
        EntriesState::Missing => {
            format!("there is no ConfigMap {config_map} with entries; apply the manifests")
        }
        _ => format!(
            "the ConfigMap {config_map} has no key `{}`; apply the manifests",
            key(kind)
        ),
    };
    format!("API servers do not call the webhook: no entry calls the Service {service}, and {cause}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::settings::of_tests;

    const BUNDLE: &str = "a certificate";

    fn object(value: &Value) -> DynamicObject {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn entry(name: &str) -> Value {
        let service = json!({"name": "imageswap", "namespace": "imageswap-system"});
        json!({"name": name, "clientConfig": {"service": service}})
    }

    fn seen(state: EntriesState) -> EntriesSeen {
        EntriesSeen { state, problem: None }
    }

    fn config_map(data: Value) -> EntriesSeen {
        seen(EntriesState::Exists(Box::new(object(
            &json!({"metadata": {}, "data": data}),
        ))))
    }

    /// Returns the names of the listed entries (`None` if those of the configuration are kept), and the problem.
    #[track_caller]
    fn planned(
        kind: Object,
        configuration: &Value,
        entries: &EntriesSeen,
    ) -> (Option<Vec<String>>, Option<String>) {
        let names = of_tests();
        let Plan::Keep { wanted, problem } =
            plan(kind, &object(configuration), entries, BUNDLE, None, &names)
        else {
            panic!("nothing planned");
        };
        let listed = wanted.names().into_iter().map(str::to_owned).collect();
        (wanted.is_listed().then_some(listed), problem)
    }

    #[test]
    fn entries_are_those_of_the_config_map() {
        let entries = config_map(json!({"mutating": json!([entry("a")]).to_string(), "validating": "[]"}));
        let empty = json!({"metadata": {}});
        assert_eq!(
            planned(Object::Mutating, &empty, &entries),
            (Some(vec!["a".to_owned()]), None)
        );
        assert_eq!(
            planned(Object::Validating, &empty, &entries),
            (Some(Vec::new()), None)
        );
    }

    #[test]
    fn invalid_config_map_keeps_the_entries_and_is_a_problem() {
        let armed = json!({"metadata": {}, "webhooks": [entry("a")]});
        let (listed, problem) = planned(Object::Mutating, &armed, &config_map(json!({"mutating": "a"})));
        assert_eq!(listed, None);
        assert!(problem.unwrap().contains("expected a list of entries"));
        let failed = EntriesSeen {
            state: EntriesState::Unknown,
            problem: Some("no right".to_owned()),
        };
        assert_eq!(
            planned(Object::Mutating, &armed, &failed),
            (None, Some("no right".to_owned()))
        );
    }

    #[test]
    fn missing_config_map_is_a_problem_only_if_nothing_is_armed() {
        let armed = json!({"metadata": {}, "webhooks": [entry("a")]});
        let empty = json!({"metadata": {}});
        for entries in [
            seen(EntriesState::Missing),
            seen(EntriesState::Unused),
            config_map(json!({})),
        ] {
            assert_eq!(planned(Object::Mutating, &armed, &entries), (None, None));
            let (listed, problem) = planned(Object::Mutating, &empty, &entries);
            assert_eq!(listed, None);
            assert!(
                problem
                    .unwrap()
                    .starts_with("API servers do not call the webhook")
            );
        }
        // v1.5.3 has no validating configuration.
        assert_eq!(
            planned(Object::Validating, &empty, &seen(EntriesState::Missing)),
            (None, None)
        );
    }

    #[test]
    fn configuration_with_the_annotation_is_not_changed() {
        let object = object(&json!({"metadata": {"annotations": {MANAGED: "false"}}}));
        let planned = plan(
            Object::Mutating,
            &object,
            &config_map(json!({"mutating": "[]"})),
            BUNDLE,
            None,
            &of_tests(),
        );
        assert!(matches!(planned, Plan::Untouched(reason) if reason.contains(MANAGED)));
    }
}
