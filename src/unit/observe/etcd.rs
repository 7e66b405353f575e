//! etcd, as one of its members sees it.

use crate::adapters::etcd::{Etcd, EtcdError};
use crate::adapters::host::clock::Deadline;
use crate::domain::observed::{EtcdMember, EtcdView, LostQuorum, Seen};
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, address_in};

/// etcd as one of its members sees it: this unit's own, as a rule. Only when that one knows no leader are all asked.
pub(super) fn look(unit: &Unit<'_>) -> (Seen<EtcdView>, Option<LostQuorum>) {
    let addresses = unit.etcd_addresses();
    let Some((first, others)) = addresses.split_first() else {
        return (Seen::NotAsked, None);
    };
    let mut answers = vec![ask_etcd(&unit.etcd_as(*first, None))];
    if !matches!(answers[..], [Ok(Some(_))]) {
        // Together: each that is switched off takes its time not to answer.
        let asked: Vec<_> = others
            .iter()
            .map(|address| {
                let etcd = unit.etcd_as(*address, None);
                std::thread::spawn(move || ask_etcd(&etcd))
            })
            .collect();
        let nobody = || Ok(None);
        let said = asked
            .into_iter()
            .map(|it| it.join().unwrap_or_else(|_| nobody()));
        answers.extend(said);
    }
    let mut lost = LostQuorum::default();
    let mut why = "no member of it knows a leader".to_owned();
    for (address, answer) in addresses.iter().zip(answers) {
        let silent = match answer {
            Ok(Some(view)) => return (Seen::Known(view), None),
            Ok(None) => false,
            Err(error) => {
                StepError::because(&error).problem().clone_into(&mut why);
                true
            }
        };
        let voters = unit.view.peers.iter().flat_map(|peers| &peers.voters);
        let name = voters.filter(|(_, its)| *its == address);
        let group = if silent {
            &mut lost.silent
        } else {
            &mut lost.waiting
        };
        group.extend(name.map(|(name, _)| name.clone()));
    }
    (Seen::Unreachable(why), Some(lost))
}

/// What a member says; none while it knows no leader.
fn ask_etcd(etcd: &Etcd) -> Result<Option<EtcdView>, EtcdError> {
    let Some(leader) = etcd.health(Deadline::after(QUESTION))?.leader else {
        return Ok(None);
    };
    Ok(Some(EtcdView {
        leader: leader.0,
        authenticated: etcd.authentication_enabled(Deadline::after(QUESTION))?,
        members: etcd
            .member_list(Deadline::after(QUESTION))?
            .into_iter()
            .map(|member| EtcdMember {
                id: member.id.0,
                name: member.name.parse().ok(),
                address: member.peer_urls.first().and_then(|url| address_in(url)),
                peer_urls: member.peer_urls,
                learner: member.is_learner,
            })
            .collect(),
    }))
}
