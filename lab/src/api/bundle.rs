//! A model as a bundle: what `juju export-bundle` writes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The bundle, and the overlay with what Juju allows in overlays only. Field order is output order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportedBundle {
    pub bundle: BundleDocument,
    /// Absent if the model offers nothing.
    pub overlay: Option<BundleOverlay>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundleDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_base: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub saas: BTreeMap<String, BundleSaas>,
    pub applications: BTreeMap<String, BundleApplication>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub machines: BTreeMap<String, BundleMachine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<[String; 2]>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundleSaas {
    /// `lab:admin/other.pg`
    pub url: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BundleApplication {
    /// `local:postgresql-3`
    pub charm: String,
    /// Absent if it is the bundle's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Absent for subordinates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_units: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub constraints: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expose: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trust: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BundleMachine {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub constraints: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundleOverlay {
    pub applications: BTreeMap<String, BundleOffers>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BundleOffers {
    pub offers: BTreeMap<String, BundleOffer>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundleOffer {
    pub endpoints: Vec<String>,
    /// Who may do what with it.
    pub acl: BTreeMap<String, String>,
}
