//! Containers and resources.

use serde::{Deserialize, Deserializer};

use super::Metadata;

/// A container beside the charm's, on Kubernetes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Container {
    /// The image, as a resource of type `oci-image`.
    pub resource: Option<String>,
    /// Storage it sees.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Who runs its processes; root unless said.
    pub uid: Option<u32>,
    /// Their group; root's unless said.
    pub gid: Option<u32>,
}

/// A storage in a container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mount {
    /// A declared storage.
    pub storage: String,
    /// Where the container sees it.
    pub location: String,
}

/// Something attached to the application.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Resource {
    /// A file or an image.
    #[serde(rename = "type", deserialize_with = "resource_type")]
    pub kind: ResourceType,
    /// The file's name on the unit.
    pub filename: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: String,
}

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceType {
    /// A file.
    File,
    /// An image for a container.
    OciImage,
}

fn resource_type<'de, D: Deserializer<'de>>(from: D) -> Result<ResourceType, D::Error> {
    match String::deserialize(from)?.as_str() {
        "file" => Ok(ResourceType::File),
        "oci-image" => Ok(ResourceType::OciImage),
        other => Err(serde::de::Error::unknown_variant(
            other,
            &["file", "oci-image"],
        )),
    }
}

impl Container {
    pub(super) fn problems(&self, name: &str, of: &Metadata, problems: &mut Vec<String>) {
        if let Some(resource) = &self.resource {
            match of.resources.get(resource).map(|r| r.kind) {
                Some(ResourceType::OciImage) => {}
                Some(ResourceType::File) => problems.push(format!(
                    "container {name:?} names resource {resource:?}, not an image"
                )),
                None => problems.push(format!(
                    "container {name:?} names resource {resource:?}, which is not declared"
                )),
            }
        }
        for mount in &self.mounts {
            if !of.storage.contains_key(&mount.storage) {
                problems.push(format!(
                    "container {name:?} mounts storage {:?}, which is not declared",
                    mount.storage
                ));
            }
        }
        for (word, id) in [("uid", self.uid), ("gid", self.gid)] {
            // Between lie the ids of people.
            if let Some(id @ 1000..10000) = id {
                problems.push(format!(
                    "container {name:?} has {word} {id}, outside 0-999 and 10000 or more"
                ));
            }
        }
    }
}
