//! Where each row of the ledger stands.

use llmwatch_aws::ledger::RowKey;
use llmwatch_core::duplicate::CaseId;
use llmwatch_core::episode::EpisodeId;
use llmwatch_core::pool::PoolLabel;

/// The pool's latest episode.
pub(crate) fn episode(pool: &PoolLabel) -> RowKey {
    RowKey { pk: format!("pool#{pool}"), sk: "episode".to_owned() }
}

/// The investigation case llmwatch opened last for the pool.
pub(crate) fn investigation_case(pool: &PoolLabel) -> RowKey {
    RowKey { pk: format!("pool#{pool}"), sk: "case#investigation".to_owned() }
}

/// What a case has been told.
pub(crate) fn case(id: &CaseId) -> RowKey {
    RowKey { pk: format!("case#{id}"), sk: "reported".to_owned() }
}

/// One effect of an episode, for example `request#L-CCA5DF70`.
pub(crate) fn effect(episode: &EpisodeId, name: &str) -> RowKey {
    RowKey { pk: format!("episode#{episode}"), sk: format!("effect#{name}") }
}
