//! `actions.yaml`: what an operator can ask a unit to do.

mod schema;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::{FileError, is_action_name};

const FILE: &str = "actions.yaml";

/// The actions of a charm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Actions {
    actions: BTreeMap<String, Action>,
}

/// One action.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// For people.
    pub description: String,
    /// Whether it may run while hooks of other units on the machine do.
    pub parallel: bool,
    /// With the same name on a machine, one at a time.
    pub execution_group: Option<String>,
    /// The JSON schema (draft 4) of its parameters: an object.
    pub schema: Map<String, Value>,
}

/// Parameters that do not fit, in Juju's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("validation failed: {}", .problems.join("; "))]
pub struct InvalidParams {
    /// What does not fit, each with the value that was given.
    pub problems: Vec<String>,
}

impl Actions {
    /// Reads `actions.yaml`.
    ///
    /// # Errors
    /// When it is not YAML of the right shape, or Juju would refuse it.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let written: Option<BTreeMap<String, Option<Map<String, Value>>>> =
            serde_yaml::from_str(text).map_err(FileError::syntax(FILE))?;
        let mut problems = Vec::new();
        let mut actions = BTreeMap::new();
        for (name, definition) in written.unwrap_or_default() {
            if !is_action_name(&name) || name == "juju" || name.starts_with("juju-") {
                problems.push(format!("bad action name {name:?}"));
            }
            match Action::new(&name, definition.unwrap_or_default()) {
                Ok(action) => {
                    actions.insert(name, action);
                }
                Err(problem) => problems.push(problem),
            }
        }
        FileError::unless_empty(FILE, problems)?;
        Ok(Self { actions })
    }

    /// The action with this name.
    pub fn get(&self, name: &str) -> Option<&Action> {
        self.actions.get(name)
    }

    /// All actions, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actions
            .iter()
            .map(|(name, action)| (name.as_str(), action))
    }
}

impl Action {
    /// Makes the schema as Juju does: `params` are the properties, and every key that has no
    /// meaning for Juju belongs to the schema.
    fn new(name: &str, mut definition: Map<String, Value>) -> Result<Self, String> {
        let mut take = |key: &str| definition.remove(key).filter(|value| !value.is_null());
        let wrong = |key: &str, wanted: &str| format!("action {name:?}: {key} must be {wanted}");

        let description = match take("description") {
            Some(Value::String(text)) => text,
            Some(_) => return Err(wrong("description", "text")),
            None => "No description".to_owned(),
        };
        let parallel = match take("parallel") {
            Some(Value::Bool(parallel)) => parallel,
            Some(_) => return Err(wrong("parallel", "true or false")),
            None => false,
        };
        let execution_group = match take("execution-group") {
            Some(Value::String(group)) => Some(group),
            Some(_) => return Err(wrong("execution-group", "text")),
            None => None,
        };
        let params = match take("params") {
            Some(Value::Object(params)) => params,
            Some(_) => return Err(wrong("params", "a map")),
            None => Map::new(),
        };
        let mut schema = definition;
        schema.insert("type".to_owned(), json!("object"));
        schema.entry("title").or_insert_with(|| json!(name));
        schema.insert("description".to_owned(), json!(description));
        schema.insert("properties".to_owned(), Value::Object(params));
        schema::problems_of_schema(&Value::Object(schema.clone()))
            .map_err(|problem| format!("action {name:?}: {problem}"))?;
        Ok(Self {
            description,
            parallel,
            execution_group,
            schema,
        })
    }

    /// The parameters by name, each with its schema.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Value)> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.as_str(), schema))
    }

    /// Names of the parameters that must be given.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether parameters are taken that are not declared; `None` when the file does not say, and
    /// then Juju 3 takes them and Juju 4 does not.
    pub fn additional_properties(&self) -> Option<bool> {
        self.schema
            .get("additionalProperties")
            .and_then(Value::as_bool)
    }

    /// Checks parameters as Juju 3 does, and adds the defaults of those not given.
    ///
    /// # Errors
    /// When they do not fit the schema; every problem is in the message.
    pub fn validate(
        &self,
        params: Map<String, Value>,
    ) -> Result<Map<String, Value>, InvalidParams> {
        let params = Value::Object(params);
        let problems = schema::check(&self.schema, &params);
        if !problems.is_empty() {
            return Err(InvalidParams { problems });
        }
        Ok(match schema::with_defaults(&self.schema, params) {
            Value::Object(params) => params,
            _ => Map::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions() -> Actions {
        Actions::parse(
            "create-backup:
  description: Take a backup.
  parallel: true
  execution-group: backup
  params:
    type: {type: string, enum: [full, incremental], default: full}
    keep: {type: integer, minimum: 1, maximum: 9}
    target:
      type: object
      properties:
        path: {type: string, default: /}
  required: [keep]
  additionalProperties: false
list-backups:
",
        )
        .unwrap()
    }

    fn validate(params: Value) -> Result<Value, String> {
        let Value::Object(params) = params else {
            panic!("not a map")
        };
        let actions = actions();
        let action = actions.get("create-backup").unwrap();
        action
            .validate(params)
            .map(Value::Object)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_action_is_its_traits_and_a_schema() {
        let actions = actions();
        let backup = actions.get("create-backup").unwrap();
        assert!(backup.parallel);
        assert_eq!(backup.execution_group.as_deref(), Some("backup"));
        assert_eq!(
            backup.params().map(|(n, _)| n).collect::<Vec<_>>(),
            ["keep", "target", "type"]
        );
        assert_eq!(backup.required().collect::<Vec<_>>(), ["keep"]);
        assert_eq!(backup.additional_properties(), Some(false));
        let list = actions.get("list-backups").unwrap();
        assert_eq!(list.description, "No description");
        assert_eq!(list.additional_properties(), None);
        assert!(list.validate(Map::new()).unwrap().is_empty());
    }

    #[test]
    fn defaults_are_added_also_inside_of_what_was_given() {
        assert_eq!(
            validate(json!({"keep": 2})),
            Ok(json!({"keep": 2, "type": "full"}))
        );
        assert_eq!(
            validate(json!({"keep": 2, "type": "incremental", "target": {}})),
            Ok(json!({"keep": 2, "type": "incremental", "target": {"path": "/"}}))
        );
    }

    #[test]
    fn what_does_not_fit_is_told_in_jujus_words() {
        for (params, message) in [
            (
                json!({}),
                "(root) : \"keep\" property is missing and required, given {}",
            ),
            (
                json!({"keep": "2"}),
                "(root).keep : must be of type integer, given \"2\"",
            ),
            (
                json!({"keep": 0}),
                "(root).keep : must be greater than or equal to 1, given 0",
            ),
            (
                json!({"keep": 10}),
                "(root).keep : must be lower than or equal to 9, given 10",
            ),
            (
                json!({"keep": 1, "type": "half"}),
                "(root).type : must match one of the enum values [\"full\",\"incremental\"], given \"half\"",
            ),
            (
                json!({"keep": 1, "kep": 2}),
                "(root) : additional property \"kep\" is not allowed, given {\"keep\":1,\"kep\":2}",
            ),
            (
                json!({"keep": 1, "target": {"path": 3}}),
                "(root).target.path : must be of type string, given 3",
            ),
        ] {
            assert_eq!(
                validate(params),
                Err(format!("validation failed: {message}"))
            );
        }
    }

    #[test]
    fn actions_juju_would_refuse_are_refused() {
        for (text, message) in [
            ("Backup: {}", "bad action name \"Backup\""),
            ("juju-x: {}", "bad action name \"juju-x\""),
            (
                "a: {parallel: 3}",
                "action \"a\": parallel must be true or false",
            ),
            (
                "a: {params: {b: {$ref: x}}}",
                "action \"a\": schema key \"$ref\" not compatible with this version of juju",
            ),
            (
                "a: {params: {b: {type: text}}}",
                "action \"a\": \"text\" is not a valid type",
            ),
        ] {
            let error = Actions::parse(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("cannot use actions.yaml: {message}")
            );
        }
    }
}
