//! Who leads etcd.

use crate::adapters::etcd::{EtcdError, MemberId};
use crate::adapters::host::clock::Deadline;
use crate::unit::{QUESTION, Unit, address_in};

/// All is well without it, too: a failover only takes longer. So it is tried once a dispatch, and no status shows it.
pub(super) fn hand_over(unit: &mut Unit<'_>, to: u64) {
    unit.etcd_lead_tried = true;
    if let Err(error) = handed_over(unit, MemberId(to)) {
        tracing::warn!("etcd goes on being led from the primary's machine: {error}");
    }
}

/// etcd takes no writes from the moment its leader begins to hand over until the other one leads: only one that answers and
/// follows is offered the lead.
fn handed_over(unit: &Unit<'_>, to: MemberId) -> Result<(), EtcdError> {
    let deadline = || Deadline::after(QUESTION);
    let Some(own) = unit.address().map(|address| unit.etcd_at(address)) else {
        return Ok(());
    };
    let mine = own.health(deadline())?;
    let members = own.member_list(deadline())?;
    let heir = members.iter().find(|it| it.id == to && !it.is_learner);
    let address = heir.and_then(|heir| address_in(heir.peer_urls.first()?));
    let Some(heir) = address.map(|address| unit.etcd_at(address)) else {
        return Ok(());
    };
    let leads = mine.leader == Some(mine.member);
    if leads && heir.health(deadline())?.leader == Some(mine.member) {
        own.move_leader(to, deadline())?;
    }
    Ok(())
}
