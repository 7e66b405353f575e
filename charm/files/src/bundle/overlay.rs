//! How an overlay changes a bundle.

use serde_yaml::{Mapping, Value};

/// Applies an overlay.
///
/// Applications are merged key by key, and one with no value is taken away with its relations.
/// Machines are replaced as a whole, relations are added, other keys are replaced.
pub(super) fn apply(bundle: &mut Value, overlay: Value) {
    let (Some(bundle), Value::Mapping(overlay)) = (bundle.as_mapping_mut(), overlay) else {
        return;
    };
    for (key, value) in overlay {
        match key.as_str() {
            Some("applications" | "services") => apply_applications(bundle, value),
            Some("relations") => add_relations(bundle, value),
            _ => {
                bundle.insert(key, value);
            }
        }
    }
}

/// What the first document has although it can only appear in overlays.
pub(super) fn misplaced(bundle: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for applications in ["applications", "services"] {
        let all = bundle.get(applications).and_then(Value::as_mapping);
        for (name, application) in all.into_iter().flatten() {
            for key in ["offers", "exposed-endpoints"] {
                if application.get(key).is_some() {
                    let name = name.as_str().unwrap_or_default();
                    found.push(format!("{key} of {name:?} can only appear in an overlay"));
                }
            }
        }
    }
    found
}

fn apply_applications(bundle: &mut Mapping, overlay: Value) {
    let Value::Mapping(overlay) = overlay else {
        return;
    };
    let key = if bundle.contains_key("services") {
        "services"
    } else {
        "applications"
    };
    for (name, changes) in overlay {
        if changes.is_null() {
            take_away(bundle, key, &name);
            continue;
        }
        let all = bundle
            .entry(key.into())
            .or_insert_with(|| Mapping::new().into());
        let Some(all) = all.as_mapping_mut() else {
            return;
        };
        merge(all.entry(name).or_insert(Value::Null), changes);
    }
}

fn take_away(bundle: &mut Mapping, key: &str, name: &Value) {
    if let Some(all) = bundle.get_mut(key).and_then(Value::as_mapping_mut) {
        all.remove(name);
    }
    let Some(name) = name.as_str() else { return };
    if let Some(relations) = bundle.get_mut("relations").and_then(Value::as_sequence_mut) {
        let is_its = |end: &Value| end.as_str().and_then(|end| end.split(':').next()) == Some(name);
        relations.retain(|pair| {
            !pair
                .as_sequence()
                .is_some_and(|ends| ends.iter().any(is_its))
        });
    }
}

fn add_relations(bundle: &mut Mapping, overlay: Value) {
    let Value::Sequence(overlay) = overlay else {
        return;
    };
    let all = bundle
        .entry("relations".into())
        .or_insert_with(|| Value::Sequence(Vec::new()));
    let Some(all) = all.as_sequence_mut() else {
        return;
    };
    for pair in overlay {
        if !all.contains(&pair) {
            all.push(pair);
        }
    }
}

/// Maps are merged, everything else is replaced.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Mapping(old), Value::Mapping(new)) => {
            for (key, value) in new {
                merge(old.entry(key).or_insert(Value::Null), value);
            }
        }
        (old, new) => *old = new,
    }
}
