//! What a bundle asks for and a lab cannot give: accepted, and said.

use juju_charm_files::bundle::{Bundle, BundleApplication};

/// One line for each kind of thing that is left out.
pub(super) fn notes(bundle: &Bundle) -> Vec<String> {
    let all = |wanted: &dyn Fn(&BundleApplication) -> bool| {
        let named = bundle.applications.iter().filter(|(_, it)| wanted(it));
        named.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    let constrained = all(&|it| it.constraints.is_some());
    let bound = all(&|it| !it.bindings.is_empty());
    let contained = all(&|it| it.to.iter().any(|place| place.contains(':')));
    let pinned = all(&|it| it.is_local() && (it.channel.is_some() || it.revision.is_some()));
    let mut machines = bundle.machines.values().flatten();
    let mut notes = Vec::new();
    let mut note = |names: &[&str], text: &str| {
        if !names.is_empty() {
            notes.push(format!("note: {text}: {}", names.join(", ")));
        }
    };
    note(
        &constrained,
        "constraints are recorded and do not matter here",
    );
    if machines.any(|machine| machine.constraints.is_some()) {
        note(&["all"], "constraints of machines do not matter here");
    }
    note(&bound, "this lab has one network, bindings do not matter");
    note(
        &contained,
        "this lab has no containers, such units get machines of their own",
    );
    note(&pinned, "local charms have neither channel nor revision");
    notes
}

/// Applications that would get access to the cloud.
pub(super) fn trusting(bundle: &Bundle) -> Vec<&str> {
    let trusting = bundle.applications.iter().filter(|(_, it)| it.trust);
    trusting.map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_said_with_whom_it_concerns() {
        let text = "\
applications:
  pg: {charm: ./pg, num_units: 1, constraints: mem=2G, to: ['lxd:0'], bindings: {'': alpha}}
  client: {charm: ./client, constraints: cores=2, channel: edge, trust: true}
machines: {'0': {constraints: mem=4G}}
";
        let bundle = Bundle::parse(text, &[]).unwrap();
        assert_eq!(
            notes(&bundle),
            [
                "note: constraints are recorded and do not matter here: client, pg",
                "note: constraints of machines do not matter here: all",
                "note: this lab has one network, bindings do not matter: pg",
                "note: this lab has no containers, such units get machines of their own: pg",
                "note: local charms have neither channel nor revision: client",
            ]
        );
        assert_eq!(trusting(&bundle), ["client"]);
        let plain = Bundle::parse("applications: {pg: {charm: ./pg}}", &[]).unwrap();
        assert!(notes(&plain).is_empty());
    }
}
