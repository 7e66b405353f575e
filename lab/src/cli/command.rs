//! The list of commands.

use clap::{Parser, Subcommand};

use super::failure::CliError;
use super::session::{Globals, Session};
use super::{
    config, controller, debug_log, deploy, machines, model, offers, relate, secrets, show_unit,
    ssh, status, storage, tasks, units, wait_for,
};

/// Juju's command line, for a lab on this host.
#[derive(Debug, Parser)]
#[command(
    name = "juju",
    bin_name = "juju",
    disable_version_flag = true,
    infer_long_args = false
)]
pub(crate) struct Juju {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Actions(tasks::Actions),
    AddMachine(machines::AddMachine),
    AddModel(model::AddModel),
    AddSecret(secrets::AddSecret),
    AddStorage(storage::AddStorage),
    AddUnit(units::AddUnit),
    AttachResource(deploy::AttachResource),
    Bootstrap(controller::Bootstrap),
    CancelTask(tasks::CancelTask),
    Clouds(controller::Clouds),
    Config(config::Config),
    Consume(offers::Consume),
    Controllers(controller::Controllers),
    DebugLog(debug_log::DebugLog),
    Deploy(Box<deploy::Deploy>),
    DestroyModel(model::DestroyModel),
    DetachStorage(storage::DetachStorage),
    Exec(Box<tasks::Exec>),
    ExportBundle(deploy::ExportBundle),
    Expose(units::Expose),
    #[command(alias = "find-endpoints")]
    FindOffers(offers::FindOffers),
    /// Grants access to a secret
    GrantSecret(secrets::Access),
    #[command(visible_aliases = ["relate", "add-relation"])]
    Integrate(relate::Integrate),
    #[command(alias = "list-machines")]
    Machines(machines::Machines),
    ModelConfig(model::ModelConfig),
    #[command(alias = "model-default")]
    ModelDefaults(model::ModelDefaults),
    ModelConstraints(model::ModelConstraints),
    #[command(alias = "list-models")]
    Models(model::Models),
    Offer(offers::Offer),
    #[command(alias = "list-offers")]
    Offers(offers::Offers),
    #[command(alias = "list-operations")]
    Operations(tasks::Operations),
    Refresh(Box<deploy::Refresh>),
    RemoveApplication(units::RemoveApplication),
    RemoveMachine(machines::RemoveMachine),
    RemoveOffer(offers::RemoveOffer),
    RemoveRelation(relate::RemoveRelation),
    #[command(alias = "remove-consumed-application")]
    RemoveSaas(offers::RemoveSaas),
    RemoveSecret(secrets::RemoveSecret),
    RemoveStorage(storage::RemoveStorage),
    RemoveUnit(units::RemoveUnit),
    #[command(alias = "list-resources")]
    Resources(deploy::Resources),
    #[command(alias = "resolve")]
    Resolved(units::Resolved),
    ResumeRelation(relate::ResumeRelation),
    /// Revokes access to a secret
    RevokeSecret(secrets::Access),
    Run(tasks::Run),
    Scp(ssh::Scp),
    #[command(alias = "list-secrets")]
    Secrets(secrets::Secrets),
    SetModelConstraints(model::SetModelConstraints),
    ShowApplication(show_unit::ShowApplication),
    ShowController(controller::ShowController),
    ShowMachine(machines::ShowMachine),
    ShowModel(model::ShowModel),
    #[command(alias = "show-endpoints")]
    ShowOffer(offers::ShowOffer),
    ShowOperation(tasks::ShowOperation),
    ShowSecret(secrets::ShowSecret),
    ShowStatusLog(machines::ShowStatusLog),
    ShowTask(tasks::ShowTask),
    ShowUnit(show_unit::ShowUnit),
    Ssh(ssh::Ssh),
    #[command(alias = "show-status")]
    Status(status::Status),
    #[command(alias = "list-storage")]
    Storage(storage::ListStorage),
    SuspendRelation(relate::SuspendRelation),
    Switch(model::Switch),
    Trust(units::Trust),
    /// Removes public availability over the network for an application
    Unexpose(units::Expose),
    UpdateSecret(secrets::UpdateSecret),
    Version(controller::Version),
    WaitFor(wait_for::WaitFor),
    Whoami(controller::Whoami),
}

impl Command {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        match self {
            Self::Actions(command) => command.run(session),
            Self::AddMachine(command) => command.run(session),
            Self::AddModel(command) => command.run(session),
            Self::AddSecret(command) => command.run(session),
            Self::AddStorage(command) => command.run(session),
            Self::AddUnit(command) => command.run(session),
            Self::AttachResource(command) => command.run(session),
            Self::Bootstrap(command) => command.run(session),
            Self::CancelTask(command) => command.run(session),
            Self::Clouds(command) => command.run(session),
            Self::Config(command) => command.run(session),
            Self::Consume(command) => command.run(session),
            Self::Controllers(command) => command.run(session),
            Self::DebugLog(command) => command.run(session),
            Self::Deploy(command) => command.run(session),
            Self::DestroyModel(command) => command.run(session),
            Self::DetachStorage(command) => command.run(session),
            Self::Exec(command) => command.run(session),
            Self::ExportBundle(command) => command.run(session),
            Self::Expose(command) => command.run(session, true),
            Self::FindOffers(command) => command.run(session),
            Self::GrantSecret(command) => command.grant(session),
            Self::Integrate(command) => command.run(session),
            Self::Machines(command) => command.run(session),
            Self::ModelConfig(command) => command.run(session),
            Self::ModelConstraints(command) => command.run(session),
            Self::ModelDefaults(command) => command.run(session),
            Self::Models(command) => command.run(session),
            Self::Offer(command) => command.run(session),
            Self::Offers(command) => command.run(session),
            Self::Operations(command) => command.run(session),
            Self::Refresh(command) => command.run(session),
            Self::RemoveApplication(command) => command.run(session),
            Self::RemoveMachine(command) => command.run(session),
            Self::RemoveOffer(command) => command.run(session),
            Self::RemoveRelation(command) => command.run(session),
            Self::RemoveSaas(command) => command.run(session),
            Self::RemoveSecret(command) => command.run(session),
            Self::RemoveStorage(command) => command.run(session),
            Self::RemoveUnit(command) => command.run(session),
            Self::Resources(command) => command.run(session),
            Self::Resolved(command) => command.run(session),
            Self::ResumeRelation(command) => command.run(session),
            Self::RevokeSecret(command) => command.revoke(session),
            Self::Run(command) => command.run(session),
            Self::Scp(command) => command.run(session),
            Self::Secrets(command) => command.run(session),
            Self::SetModelConstraints(command) => command.run(session),
            Self::ShowApplication(command) => command.run(session),
            Self::ShowController(command) => command.run(session),
            Self::ShowMachine(command) => command.run(session),
            Self::ShowModel(command) => command.run(session),
            Self::ShowOffer(command) => command.run(session),
            Self::ShowOperation(command) => command.run(session),
            Self::ShowSecret(command) => command.run(session),
            Self::ShowStatusLog(command) => command.run(session),
            Self::ShowTask(command) => command.run(session),
            Self::ShowUnit(command) => command.run(session),
            Self::Ssh(command) => command.run(session),
            Self::Status(command) => command.run(session),
            Self::Storage(command) => command.run(session),
            Self::SuspendRelation(command) => command.run(session),
            Self::Switch(command) => command.run(session),
            Self::Trust(command) => command.run(session),
            Self::Unexpose(command) => command.run(session, false),
            Self::UpdateSecret(command) => command.run(session),
            Self::Version(command) => command.run(session),
            Self::WaitFor(command) => command.run(session),
            Self::Whoami(command) => command.run(session),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Juju::command().debug_assert();
    }

    #[test]
    fn flags_are_understood_wherever_programs_put_them() {
        let lines = [
            "add-model --no-switch jubilant-0a1b2c3d --config a=b",
            "destroy-model x --no-prompt --destroy-storage --force --timeout 20s",
            "deploy --model m ./pg.charm pg --num-units 3 --config a=b --storage pgdata=1G --trust --to 0,1",
            "refresh --model m pg --path ./x.charm --trust",
            "add-unit --model m pg --num-units 2 --to 0,1",
            "remove-unit --model m --no-prompt pg/1 pg/2 --destroy-storage --force",
            "remove-application --model m --no-prompt pg --force",
            "integrate --model m a:x b:y",
            "remove-relation --model m a b --force",
            "config --model m --format json pg",
            "config --model m pg a=1 b=true --reset c,d",
            "run --model m --format json pg/0 create-backup --wait 0.5s --params p.yaml",
            "run pg/leader create-backup type=full --wait -1s -m dev",
            "exec --model m --format json --unit pg/0 --wait 5s -- echo -n a",
            "status --model m --format json",
            "show-unit --model m pg/0 --format json",
            "show-model --format json m",
            "secrets --model m --owner pg --format json",
            "show-secret --model m s --format json --reveal --revision 2",
            "add-secret --model m s --info text --file f.yaml",
            "update-secret --model m s --name n --auto-prune --file f.yaml",
            "grant-secret --model m s a,b",
            "remove-secret --model m s --revision 1",
            "debug-log --model m --limit 0",
            "ssh --model m --no-host-key-checks ubuntu@pg/0 ls -l --color",
            "scp --model m --no-host-key-checks -- -r pg/0:/x y",
            "trust --model m pg --remove --scope cluster",
            "model-config --model m --format json",
            "model-config --model m a=b --reset c",
            "offer m.pg:db,admin name --controller lab",
            "consume --model m admin/other.pg alias",
            "add-machine --model m -n 2",
            "attach-resource --model m pg blob=./x",
            "model-constraints --model m --format json",
            "set-model-constraints --model m mem=8G cores=4",
            "version --format json --all",
            "wait-for application pg --query status==\"active\" --timeout 5m",
            "status --watch 1s --relations --no-color",
            "--debug status -m dev",
        ];
        for line in lines {
            let words = std::iter::once("juju").chain(line.split_whitespace());
            assert!(Juju::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
