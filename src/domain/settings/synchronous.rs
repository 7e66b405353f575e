//! How many replicas confirm a commit before the client hears of it.

/// How many replicas are synchronous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynchronousNodes {
    /// Every replica.
    All,
    /// So many that they and the primary are more than half of the cluster.
    Majority,
    /// This many, as far as there are as many.
    Count(u32),
}

/// What Patroni is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synchronous {
    /// How many replicas Patroni keeps synchronous. Patroni takes no less than 1; without replicas it means nothing.
    pub count: u32,
    /// Whether writes wait when no synchronous replica is left.
    pub strict: bool,
}

impl SynchronousNodes {
    /// The text of the option, which was found to have the shape.
    pub(super) fn from_text(text: &str) -> Self {
        match text {
            "majority" => Self::Majority,
            text => text.parse().map_or(Self::All, Self::Count),
        }
    }

    /// In a cluster of `members`. A cluster of one is never strict: it would accept no writes.
    pub(super) fn among(self, members: u32, strict: bool) -> Synchronous {
        let replicas = members.saturating_sub(1);
        let count = match self {
            Self::All => replicas,
            Self::Majority => members / 2,
            Self::Count(count) => count.min(replicas),
        };
        Synchronous {
            count: count.max(1),
            strict: strict && replicas > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_synchronous_replicas_follows_the_size_of_the_cluster() {
        let counts = |nodes: SynchronousNodes| [1, 2, 3, 5].map(|n| nodes.among(n, true).count);
        assert_eq!(counts(SynchronousNodes::All), [1, 1, 2, 4]);
        assert_eq!(counts(SynchronousNodes::Majority), [1, 1, 1, 2]);
        assert_eq!(counts(SynchronousNodes::Count(2)), [1, 1, 2, 2]);
    }

    #[test]
    fn a_cluster_of_one_is_not_strict_or_it_would_accept_no_writes() {
        assert!(!SynchronousNodes::All.among(1, true).strict);
        assert!(SynchronousNodes::All.among(2, true).strict);
        assert!(!SynchronousNodes::All.among(2, false).strict);
    }
}
