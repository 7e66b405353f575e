//! Which records of a debug log a reader wants.

use super::identity;
use crate::api::{LogFilter, LogRecord};

/// True if the record passes the filter's levels, entities and modules.
pub fn matches(filter: &LogFilter, record: &LogRecord) -> bool {
    let entity = |pattern: &String| entity_matches(pattern, &record.entity);
    let module = |prefix: &String| module_matches(prefix, &record.module);
    filter.level.is_none_or(|level| record.level >= level)
        && (filter.include.is_empty() || filter.include.iter().any(entity))
        && !filter.exclude.iter().any(entity)
        && (filter.include_module.is_empty() || filter.include_module.iter().any(module))
        && !filter.exclude_module.iter().any(module)
}

/// `postgresql/0`, `unit-postgresql-0`, `postgresql` (all its units), `machine-0`, or any of them ending in `*`.
fn entity_matches(pattern: &str, entity: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix('*') {
        return entity.starts_with(prefix)
            || entity
                .strip_prefix("unit-")
                .is_some_and(|rest| rest.starts_with(&prefix.replace('/', "-")));
    }
    if identity::unit_number(pattern).is_some() {
        return entity == identity::unit_tag(pattern);
    }
    entity == pattern
        || entity
            .strip_prefix("unit-")
            .and_then(|rest| rest.rsplit_once('-'))
            .is_some_and(|(application, _)| application == pattern)
}

fn module_matches(prefix: &str, module: &str) -> bool {
    module
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_name_selects_all_its_units_and_no_namesake() {
        assert!(entity_matches("pg", "unit-pg-10"));
        assert!(!entity_matches("pg", "unit-pg-extra-1"));
        assert!(entity_matches("pg/1", "unit-pg-1"));
        assert!(entity_matches("machine-0", "machine-0"));
        assert!(entity_matches("unit-pg*", "unit-pg-extra-1"));
    }

    #[test]
    fn a_module_prefix_ends_at_a_dot() {
        assert!(module_matches("juju.worker", "juju.worker.uniter"));
        assert!(!module_matches("juju.work", "juju.worker"));
    }
}
