//! The `[Install]` section.

use super::unit::extend;
use super::values;
use super::{Assigned, Reader};

impl Reader<'_> {
    pub(super) fn assign_install(&mut self, key: &str, value: &str) -> Assigned {
        let install = &mut self.definition.install;
        let list = match key {
            "WantedBy" => &mut install.wanted_by,
            "RequiredBy" => &mut install.required_by,
            "Alias" => &mut install.alias,
            "Also" => &mut install.also,
            _ => return Assigned::Unknown,
        };
        extend(list, values::units(value, self.specifiers))
    }
}
