//! Whose memory it is that requests and responses take.

use hookglass_limits::address::Address;
use hookglass_store::WorkspaceId;

/// Whose bytes they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Workspace(WorkspaceId),
    /// A client without a workspace; `None` for all that are not told apart.
    Client(Option<Address>),
}

impl From<WorkspaceId> for Holder {
    fn from(workspace: WorkspaceId) -> Self {
        Self::Workspace(workspace)
    }
}
